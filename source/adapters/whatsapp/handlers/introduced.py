"""What people call themselves on WhatsApp, as far as nothing better is known of them."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from source.adapters.whatsapp.items import Handler, Kept
from source.ports.store import Scope
from source.services.profiles import ProfileService

_MOST_REMEMBERED: Final = 10_000


@dataclass(frozen=True, slots=True)
class Introduced:
    """Implements `Handler`: has the profile know their name and username, then hands over."""

    profiles: ProfileService
    taken_by: Handler
    known: OrderedDict[int, Mapping[str, str]] = field(default_factory=OrderedDict)

    async def see_to(self, kept: Kept) -> None:
        names = {"name": kept.name, "username": kept.content.get("username")}
        told = {name: str(value) for name, value in names.items() if value}
        if told and self.known.get(kept.contact_id) != told:
            scope = Scope(kept.thread.platform, kept.person.external_id, None)
            await self.profiles.introduce(scope, kept.person, told)
            self._remember(kept.contact_id, told)
        await self.taken_by.see_to(kept)

    def _remember(self, contact_id: int, told: Mapping[str, str]) -> None:
        self.known[contact_id] = told
        if len(self.known) > _MOST_REMEMBERED:
            self.known.popitem(last=False)
