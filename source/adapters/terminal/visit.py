"""One line's way to Echo and back, the same for people and pipes."""

from collections.abc import Awaitable, Callable
from uuid import uuid4

from source.adapters.terminal.live_reply import TerminalChannel
from source.adapters.terminal.partner import Partner, Place
from source.adapters.terminal.screen import Screen
from source.adapters.terminal.typed_line import Left, understood
from source.domain.errors import EchoError
from source.domain.turn import InboundMessage
from source.ports.clock import Clock
from source.services.commands.typed_words import Commanded, Said
from source.services.commands.vocabulary import CommandInvocation

Waiter = Callable[[Awaitable[None]], Awaitable[None]]


class Visit:
    """A person's stay in one thread."""

    def __init__(self, partner: Partner, place: Place, screen: Screen, clock: Clock) -> None:
        self.partner = partner
        self.place = place
        self._screen = screen
        self._clock = clock
        self._channel = TerminalChannel(screen, place.thread.key)

    async def take(self, line: str, *, while_answering: Waiter | None = None) -> bool:
        """Answer a line or run its command; False when the person leaves. What went wrong is told on the screen."""
        try:
            match understood(line, self.partner.words):
                case Left():
                    return False
                case Commanded() as commanded:
                    answering = self._run(commanded)
                case Said(text):
                    answering = self.partner.answer(self._inbound(text), self._channel)
            await (while_answering(answering) if while_answering else answering)
        except EchoError as error:
            self._screen.problem(str(error))
        return True

    async def recover(self) -> None:
        """Have what an earlier process left answered on this screen."""
        await self.partner.recover(self._channel)

    async def _run(self, commanded: Commanded) -> None:
        reply = await self.partner.command(
            CommandInvocation(
                commanded.name,
                self.place.thread,
                self.place.person,
                commanded.options,
                channel=self._channel,
                invocation_id=uuid4().hex,
            )
        )
        if reply.file is None:
            if reply.text:
                self._screen.answer(reply.text)
        elif self._screen.takes_files:
            self._screen.notice(reply.text)
            self._screen.file(reply.file.content)
        else:
            self._screen.answer(f"{reply.text} It is in {await self.partner.keep_file(reply.file)}")

    def _inbound(self, text: str) -> InboundMessage:
        return InboundMessage(
            event_id=uuid4().hex,
            thread=self.place.thread,
            person=self.place.person,
            text=text,
            sent_at=self._clock.now(),
        )
