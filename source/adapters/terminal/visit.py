"""One line's way to Echo and back, the same for people and pipes."""

from collections.abc import Awaitable, Callable
from uuid import uuid4

from source.adapters.terminal.live_reply import TerminalChannel
from source.adapters.terminal.partner import Partner, Place
from source.adapters.terminal.screen import Screen
from source.adapters.terminal.typed_line import Commanded, Left, Said, understood
from source.domain.errors import EchoError
from source.domain.turn import InboundMessage
from source.ports.clock import Clock


class Visit:
    """A person's stay in one thread."""

    def __init__(self, partner: Partner, place: Place, screen: Screen, clock: Clock) -> None:
        self.partner = partner
        self.place = place
        self._screen = screen
        self._clock = clock
        self._channel = TerminalChannel(screen, place.thread.key)

    async def take(self, line: str, *, while_answering: "Waiter | None" = None) -> bool:
        """Answer a line or run its command; False when the person leaves. What went wrong is told on the screen."""
        try:
            match understood(line, self.partner.words):
                case Left():
                    return False
                case Commanded(name, argument):
                    self._screen.answer(await self.partner.command(name, argument, self.place))
                case Said(text):
                    answering = self.partner.answer(self._inbound(text), self._channel)
                    await (while_answering(answering) if while_answering else answering)
        except EchoError as error:
            self._screen.problem(str(error))
        return True

    async def recover(self) -> None:
        """Have what an earlier process left answered on this screen."""
        await self.partner.recover(self._channel)

    def _inbound(self, text: str) -> InboundMessage:
        return InboundMessage(
            event_id=uuid4().hex,
            thread=self.place.thread,
            person=self.place.person,
            text=text,
            sent_at=self._clock.now(),
        )


Waiter = Callable[[Awaitable[None]], Awaitable[None]]
