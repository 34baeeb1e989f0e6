"""Edits and deletions that arrive before what they change."""

from collections import OrderedDict
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Protocol

import structlog

from source.adapters.whatsapp.items import Handler, Kept
from source.domain.thread import Platform
from source.ports.early import EarlyCorrection, EarlyCorrectionStore

log = structlog.get_logger(__name__)

_MOST_REMEMBERED: Final = 10_000


class AcceptedEvents(Protocol):
    """What is needed of a `ChannelStore`."""

    async def is_accepted(self, platform: Platform, event_id: str) -> bool:
        """As in `ChannelStore`."""
        ...


class EarlyCorrections:
    """Knows what became of messages that have not arrived, and which change of a message was the last."""

    def __init__(self, store: EarlyCorrectionStore, events: AcceptedEvents) -> None:
        self._store = store
        self._events = events
        self._early: dict[str, EarlyCorrection] = {}
        self._latest: OrderedDict[str, datetime] = OrderedDict()

    async def take_up(self) -> None:
        """Learn what an earlier process has kept.

        Raises: StoreError.
        """
        kept = {each.corrects: each for each in await self._store.early(Platform.WHATSAPP)}
        self._early = kept | self._early

    def of(self, key: str) -> EarlyCorrection | None:
        """Return what became of a message before it arrived."""
        return self._early.get(key)

    async def kept(self, correction: EarlyCorrection) -> bool:
        """Keep what changes a message that has not arrived; False: it has, or a later change of it is known.

        Raises: StoreError: it was not kept.
        """
        if await self._events.is_accepted(Platform.WHATSAPP, correction.corrects):
            return False
        known = self._early.get(correction.corrects)
        if known is None or not _outdates(known, correction):
            await self._store.put_early(Platform.WHATSAPP, correction)
            self._early[correction.corrects] = correction
        return True

    def is_outdated(self, correction: EarlyCorrection) -> bool:
        """Whether a later change of the same message has been followed."""
        latest = self._latest.get(correction.corrects)
        return correction.text is not None and latest is not None and latest > correction.at

    def followed(self, correction: EarlyCorrection) -> None:
        """Remember for a while how far a message was followed."""
        self._latest[correction.corrects] = max(correction.at, self._latest.get(correction.corrects, correction.at))
        if len(self._latest) > _MOST_REMEMBERED:
            self._latest.popitem(last=False)


@dataclass(frozen=True, slots=True)
class AsCorrectedEarly:
    """Implements `Handler`: what arrives is taken as it reads by now, and not at all once it was taken back."""

    early: EarlyCorrections
    taken_by: Handler

    async def see_to(self, kept: Kept) -> None:
        known = self.early.of(kept.key)
        if known is None:
            await self.taken_by.see_to(kept)
        elif known.text is not None:
            await self.taken_by.see_to(replace(kept, content={**kept.content, "text": known.text}))
        else:
            log.info("taken_back_before_it_came")


def _outdates(known: EarlyCorrection, correction: EarlyCorrection) -> bool:
    """Whether what is known came later: what was taken back stays so."""
    return known.text is None or (correction.text is not None and known.at > correction.at)
