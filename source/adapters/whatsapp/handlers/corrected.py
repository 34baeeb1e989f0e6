"""What people changed or took back afterwards."""

from dataclasses import dataclass

from source.adapters.whatsapp.items import Kept
from source.domain.thread import Platform
from source.services.corrections import Corrections


@dataclass(frozen=True, slots=True)
class CorrectedHandler:
    """Implements `Handler`: follows an edit, or a deletion, which has no text."""

    corrections: Corrections

    async def see_to(self, kept: Kept) -> None:
        key, text = str(kept.content["corrects"]), str(kept.content["text"])
        if text:
            await self.corrections.edited(Platform.WHATSAPP, key, text, kept.sent_at)
        else:
            await self.corrections.deleted(Platform.WHATSAPP, [key])
