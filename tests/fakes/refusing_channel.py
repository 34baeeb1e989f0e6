"""A channel that refuses when told to, and knows what arrived in which order."""

import asyncio
from collections.abc import Sequence

from source.domain.errors import DeliveryError
from source.domain.thread import Platform, ThreadRef
from tests.fakes.channel import FakeChannel, FakeReply


class _Reply(FakeReply):
    async def deliver(self, text: str, *, interrupted: bool = False) -> None:
        assert isinstance(self.channel, RefusingChannel)
        self.channel.tried += 1
        await asyncio.sleep(0)
        if self.channel.refusals:
            self.channel.refusals -= 1
            raise self.channel.refusal
        await super().deliver(text, interrupted=interrupted)
        self.channel.arrived.append(text)


class RefusingChannel(FakeChannel):
    """Refuses the next `refusals` deliveries; `arrived` is in the order of arrival."""

    def __init__(self) -> None:
        super().__init__(Platform.DISCORD)
        self.refusals = 0
        self.refusal: Exception = DeliveryError("not now")
        self.tried = 0
        self.arrived: list[str] = []

    def open_reply(self, thread: ThreadRef, answering: Sequence[int] = ()) -> FakeReply:
        reply = _Reply(thread, self, answering=tuple(answering))
        self.replies.append(reply)
        return reply
