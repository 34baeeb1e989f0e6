"""People who say with one word that they want nothing unasked, or that again."""

from dataclasses import dataclass

from source.adapters.whatsapp.items import Handler, Kept
from source.adapters.whatsapp.reply import WhatsAppChannel
from source.domain.thread import Platform
from source.services.wishes import Wishes


@dataclass(frozen=True, slots=True)
class WishedHandler:
    """Implements `Handler` for what has a `text`: takes a wish, and leaves the rest to another."""

    wishes: Wishes
    channel: WhatsAppChannel
    otherwise: Handler

    async def see_to(self, kept: Kept) -> None:
        wish = self.wishes.wish_in(str(kept.content["text"]))
        if wish is None:
            await self.otherwise.see_to(kept)
            return
        sentence = await self.wishes.take(Platform.WHATSAPP, kept.person.external_id, wish)
        await self.channel.tell(kept.thread, sentence)
