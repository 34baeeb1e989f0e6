"""A chat with a person at a terminal."""

import asyncio
import math
import os
import signal
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import NoReturn

from source.adapters.terminal.history_view import READ_MESSAGES, show_history
from source.adapters.terminal.partner import Partner, Place
from source.adapters.terminal.prompt import LineClearedError, Prompt
from source.adapters.terminal.screen import StyledScreen
from source.adapters.terminal.typed_line import QUIT
from source.adapters.terminal.visit import Visit
from source.domain.conversation_head import ConversationState
from source.domain.errors import EchoError
from source.domain.message import Message
from source.ports.clock import Clock
from source.ports.store import ConversationListing

_ONCE_MORE = "Ctrl-C once more to leave"
_CLEARED = "The line was cleared."
_SAME_WISH_SECONDS = 2.0
_OFFLINE = (
    "Offline: no model key and no model server on this machine. Commands, search and what you write work; "
    "OPENAI_API_KEY in .env lets Echo talk."
)


class InteractiveChat:
    """Prompts, streams the answer, prompts again; Ctrl-C stops an answer, twice leaves."""

    def __init__(self, partner: Partner, place: Place, screen: StyledScreen, clock: Clock) -> None:
        self._partner = partner
        self._place = place
        self._screen = screen
        self._clock = clock
        self._visit = Visit(partner, place, screen, clock)
        self._conversations: Sequence[ConversationListing] = ()
        self._prompt = Prompt(
            place.person.display_name,
            [*partner.words, QUIT],
            conversations=lambda: self._conversations,
            status=self._status,
            typed=self._disarm,
            colours="NO_COLOR" not in os.environ,
        )
        self._answering: asyncio.Future[None] | None = None
        self._asked_to_stop = False
        self._missed_interrupt = False
        self._armed_until: float | None = None
        self._leaving = False

    async def run(self) -> bool:
        """Return when the person leaves: True when by Ctrl-C."""
        with _on_interrupt(self._interrupted):
            history = await self._greet()
            self._prompt.remember(message.message_content for message in history if message.is_from_person)
            await self._while_answering(self._visit.recover())
            while not self._leaving:
                await self._refresh()
                line = await self._typed_line()
                if line is None or not await self._taken(line):
                    break
        return self._leaving

    async def _taken(self, line: str) -> bool:
        return not line.strip() or await self._visit.take(line, while_answering=self._while_answering)

    async def _greet(self) -> Sequence[Message]:
        self._screen.notice(f"Echo · {self._model()} · /help lists the commands, Ctrl-D leaves")
        if self._partner.is_offline:
            self._screen.notice(_OFFLINE)
        history = await self._partner.history(self._place.thread, READ_MESSAGES)
        show_history(self._screen, history, self._place.person)
        return history

    async def _typed_line(self) -> str | None:
        """Return what was typed, None when the person leaves."""
        while True:
            try:
                line = await self._prompt.line() if not self._missed_interrupt else self._interrupted_before()
            except EOFError:
                return None
            except LineClearedError:
                self._screen.notice(_CLEARED)
            except KeyboardInterrupt:
                if self._is_armed():
                    self._leaving = True
                    return None
                self._armed_until = math.inf
                self._screen.notice(_ONCE_MORE)
            else:
                self._disarm()
                return line

    def _is_armed(self) -> bool:
        """Whether the next Ctrl-C leaves."""
        return self._armed_until is not None and self._clock.monotonic() <= self._armed_until

    def _disarm(self) -> None:
        self._armed_until = None

    def _interrupted_before(self) -> NoReturn:
        self._missed_interrupt = False
        raise KeyboardInterrupt

    async def _while_answering(self, answering: Awaitable[None]) -> None:
        """Wait for the answer; the first Ctrl-C stops it, the next one leaves without waiting for its end."""
        self._answering = task = asyncio.ensure_future(answering)
        self._asked_to_stop = False
        try:
            await task
        except asyncio.CancelledError:
            if not self._leaving:
                raise
        finally:
            self._answering = None
            self._screen.end()

    def _interrupted(self) -> None:
        """Ctrl-C, or the signal that it stands for."""
        if self._answering is None:
            # Before the prompt is ready to take the key, it comes as a signal.
            self._missed_interrupt = not self._prompt.interrupt()
        elif self._asked_to_stop:
            self._leaving = True
            self._answering.cancel()
        else:
            self._asked_to_stop = True
            self._armed_until = self._clock.monotonic() + _SAME_WISH_SECONDS
            if not self._partner.stop(self._place.thread.key):
                self._screen.notice(_ONCE_MORE)

    async def _refresh(self) -> None:
        try:
            self._conversations = await self._partner.listing(self._place)
        except EchoError:
            self._conversations = ()

    def _status(self) -> str:
        current = next((listing for listing in self._conversations if listing.state is ConversationState.ACTIVE), None)
        about = f"{current.title or 'untitled'}, {current.message_count} messages" if current else "new conversation"
        return f" {self._model()} · {self._place.thread.thread_id} · {about}"

    def _model(self) -> str:
        return "offline" if self._partner.is_offline else self._partner.model_name


@contextmanager
def _on_interrupt(act: Callable[[], None]) -> Iterator[None]:
    """Have Ctrl-C call `act`, where the system's event loop can."""
    loop = asyncio.get_running_loop()
    before = signal.getsignal(signal.SIGINT)
    try:
        loop.add_signal_handler(signal.SIGINT, act)
    except (NotImplementedError, RuntimeError, ValueError):  # Windows, or not the main thread
        yield
        return
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGINT)
        signal.signal(signal.SIGINT, before)
