"""What was said before Echo was there, and what the business calls people."""

from dataclasses import dataclass
from datetime import UTC, datetime

from source.adapters.whatsapp.items import Kept
from source.ports.history import PastMessage
from source.ports.webhooks import ContactStore
from source.services.history_imports import HistoryImports


@dataclass(frozen=True, slots=True)
class PastHandler:
    """Implements `Handler`: it becomes conversations later, when nothing more of it comes."""

    history: HistoryImports

    async def see_to(self, kept: Kept) -> None:
        told = [
            PastMessage(key, datetime.fromtimestamp(seconds, UTC), text, is_own, is_file, place)
            for key, seconds, text, is_own, is_file, place in kept.content["messages"]
        ]
        await self.history.take(kept.contact_id, told)


@dataclass(frozen=True, slots=True)
class ListedHandler:
    """Implements `Handler`: what people call themselves stays."""

    contacts: ContactStore

    async def see_to(self, kept: Kept) -> None:
        await self.contacts.suggest_name(kept.contact_id, str(kept.content["name"]))
