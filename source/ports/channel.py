"""Where replies go."""

from collections.abc import Sequence
from typing import Protocol

from source.domain.thread import Platform, ThreadRef


class LiveReply(Protocol):
    """One reply on its way to a thread.

    Calls come in this order: `notice` any number of times, `show` while text streams, `notice` again for what is to
    stand below it, then exactly one of `deliver` and `fail`. `show` never waits for a network.
    """

    async def notice(self, line: str) -> None:
        """One visible line that is not part of the reply, such as the start of a new conversation."""
        ...

    def show(self, delta: str) -> None:
        """The next piece of the reply's text."""
        ...

    def thinking(self) -> None:
        """The model thinks or a tool runs: show that Echo is at work."""
        ...

    async def deliver(self, text: str, *, interrupted: bool = False) -> None:
        """The final text, which is stored; returning means that the channel has it.

        Raises: DeliveryError: it has not; the reply stays undelivered and is tried again later.
            DeliveryRefusedError: what is newer need not wait for it. UndeliverableError: it never will have it.
        """
        ...

    async def fail(self, sentence: str) -> None:
        """No reply this time; `sentence` tells the person what happens now, an empty one nothing at all."""
        ...


class Channel(Protocol):
    """A platform's adapter, as the core sees it."""

    @property
    def platform(self) -> Platform: ...

    def open_reply(self, thread: ThreadRef, answering: Sequence[int] = ()) -> LiveReply:
        """Begin a reply in this thread to the accepted events of these keys.

        The first key names the reply for good: the same reply is opened again under it after a crash or a failure.
        """
        ...
