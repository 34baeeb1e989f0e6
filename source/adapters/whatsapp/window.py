"""Until when people may be answered with anything but a template."""

from collections import OrderedDict
from datetime import datetime, timedelta
from typing import Final

from source.adapters.whatsapp.troubles import WindowClosedError
from source.domain.thread import Platform, ThreadRef
from source.ports.clock import Clock
from source.ports.parked import WritingTimes
from source.ports.webhooks import Wrote

# Meta: the customer service window is open for 24 hours from the person's last message.
_WINDOW: Final = timedelta(hours=24)
# For the way to Meta, and for clocks that differ a little.
_MARGIN: Final = timedelta(seconds=30)
_MOST_REMEMBERED: Final = 10_000


class Window:
    """Knows who wrote lately, and asks the store about everybody else."""

    def __init__(self, times: WritingTimes, clock: Clock) -> None:
        self._times = times
        self._clock = clock
        self._lately: OrderedDict[int, datetime] = OrderedDict()

    def wrote(self, wrote: Wrote) -> None:
        """Somebody wrote, which is durable."""
        known = self._lately.pop(wrote.contact_id, wrote.at)
        self._lately[wrote.contact_id] = max(known, wrote.at)
        if len(self._lately) > _MOST_REMEMBERED:
            self._lately.popitem(last=False)

    async def is_open(self, thread: ThreadRef) -> bool:
        """Whether somebody may be answered now; where that is not known, Meta has to say so.

        Raises: StoreError.
        """
        contact_id = int(thread.thread_id)
        if (lately := self._lately.get(contact_id)) is not None and self._is_within(lately):
            return True
        wrote_at = await self._times.wrote_at(Platform.WHATSAPP, contact_id)
        return wrote_at is None or self._is_within(wrote_at)

    async def check(self, thread: ThreadRef) -> None:
        """Return if somebody may be answered now.

        Raises: WindowClosedError. StoreError.
        """
        if not await self.is_open(thread):
            raise WindowClosedError("the person wrote more than 24 hours ago")

    def _is_within(self, wrote_at: datetime) -> bool:
        return self._clock.now() - wrote_at < _WINDOW - _MARGIN
