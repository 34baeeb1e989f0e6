"""Brings what has to arrive to its thread: several attempts, each going on where the last one stopped."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Final, TypeVar

from source.adapters.discord.replies.layout import with_cut
from source.adapters.discord.replies.look import Look
from source.adapters.discord.replies.pace import Bucket, Paces
from source.adapters.discord.replies.troubles import RefusedError, UnreachableError
from source.adapters.discord.replies.writer import ReplyWriter
from source.ports.clock import Clock

_T = TypeVar("_T")
_PAUSES: Final = (timedelta(seconds=1), timedelta(seconds=2), timedelta(seconds=4))
# Who asks for more patience than this gets it from whoever delivers again.
_MOST_PATIENCE: Final = timedelta(seconds=20)
# What was posted before, and now came back under its nonce, is edited.
_MOST_PUTS: Final = 2


class Finisher:
    """Raises RefusedError and UnreachableError when it gives up; what it did by then stays done."""

    def __init__(self, writer: ReplyWriter, paces: Paces, clock: Clock) -> None:
        self._writer = writer
        self._paces = paces
        self._clock = clock

    async def show(self, looks: Sequence[Look]) -> None:
        """Have the thread show exactly these messages of the reply, and none beside them."""
        with suppress(RefusedError):  # nobody may read the history here: then nothing can be found
            await self.persist(self._writer.find_lost)
        for number, look in enumerate(looks):
            await self.persist(partial(self._put, number, look))
        self._writer.reply.give_up(len(looks))
        self._writer.reply.give_up_failure()
        for message_id in tuple(self._writer.reply.leftovers):
            await self.remove(message_id)

    async def cut(self) -> None:
        """Have what is shown say that it does not go on."""
        parts = self._writer.reply.parts
        if not parts:
            return
        last = parts[-1]
        if last.look is None:
            await self.persist(partial(self._writer.strip, last))
            return
        for number, text in enumerate(with_cut([last.look.content]), len(parts) - 1):
            await self.persist(partial(self._put, number, Look(text)))

    async def remove(self, message_id: int) -> None:
        """Delete a message that was given up."""
        await self.persist(partial(self._writer.remove, message_id))

    async def persist(self, act: Callable[[], Awaitable[_T]]) -> _T:
        """Try until it is done or refused, a few times."""
        for pause in _PAUSES:
            try:
                return await act()
            except UnreachableError as error:
                if error.retry_after > _MOST_PATIENCE.total_seconds():
                    raise
                await self._clock.sleep(max(pause.total_seconds(), error.retry_after))
        return await act()

    async def free(self, bucket: Bucket) -> None:
        """Wait until a request of this kind can leave."""
        while (due := bucket.free_at(now := self._paces.now())) > now:
            await self._clock.sleep(due - now)

    async def _put(self, number: int, look: Look) -> None:
        for _ in range(_MOST_PUTS):
            if self._writer.shows(number, look):
                return
            await self.free(self._writer.bucket(number))
            await self._writer.put(number, look)
