"""What people changed or took back afterwards."""

from dataclasses import dataclass

from source.adapters.whatsapp.early import EarlyCorrections
from source.adapters.whatsapp.file_words import FileWords
from source.adapters.whatsapp.items import Kept
from source.domain.thread import Platform
from source.ports.early import EarlyCorrection
from source.services.corrections import Corrections


@dataclass(frozen=True, slots=True)
class CorrectedHandler:
    """Implements `Handler`: follows an edit, or a deletion, which has no text; also of what has not arrived."""

    corrections: Corrections
    early: EarlyCorrections
    words: FileWords

    async def see_to(self, kept: Kept) -> None:
        key, text = str(kept.content["corrects"]), str(kept.content["text"])
        correction = EarlyCorrection(key, kept.contact_id, text or None, kept.sent_at)
        if await self.early.kept(correction) or self.early.is_outdated(correction):
            return
        if text:
            told = await self.words.told(kept)
            self.words.media.usage.note(kept.thread.key, told.usage)
            await self.corrections.edited(Platform.WHATSAPP, key, told.text, kept.sent_at)
        else:
            await self.corrections.deleted(Platform.WHATSAPP, [key])
        self.early.followed(correction)
