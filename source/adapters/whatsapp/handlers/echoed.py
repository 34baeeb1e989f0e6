"""What people of the business wrote on their phone: kept, and Echo is silent for a while."""

from dataclasses import dataclass

from source.adapters.whatsapp.items import Kept
from source.adapters.whatsapp.reply import WhatsAppChannel
from source.services.business_said import BusinessSaid, Said


@dataclass(frozen=True, slots=True)
class EchoedHandler:
    """Implements `Handler` for an echo, which has a `text`."""

    business: BusinessSaid
    channel: WhatsAppChannel

    async def see_to(self, kept: Kept) -> None:
        said = Said(kept.key, kept.thread, kept.person, str(kept.content["text"]), kept.sent_at)
        await self.business.said(said, self.channel)
