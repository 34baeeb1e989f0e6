"""Plays dialogues through Echo's real turn path on a simulated clock."""

import asyncio
import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from benchmarks import measure
from benchmarks.dialogues import Dialogue, Exchange
from benchmarks.prompt_costs import Bill
from source.app.composition import open_echo
from source.app.echo import Echo
from source.app.settings import Settings
from source.domain.thread import PersonRef, Platform, ThreadRef
from source.domain.turn import InboundMessage
from tests.fakes.channel import FakeChannel
from tests.fakes.clock import FakeClock
from tests.fakes.openai_answers import deltas_of
from tests.fakes.openai_script import Says, Step
from tests.fakes.openai_server import FakeOpenAIServer
from tests.fakes.openai_tokens import Body

_TELL_EVERY = 200
_PATIENCE_SECONDS = 60.0


class DialogueServer(FakeOpenAIServer):
    """Answers every turn with `answer`, and requests for JSON as the schema wants it."""

    answer = ""

    def _default_step(self, body: object) -> Step:
        assert isinstance(body, dict)
        return super()._default_step(body) if is_summary(body) else Says(deltas=deltas_of(self.answer))


@dataclass(slots=True)
class Played:
    """What one dialogue made Echo send."""

    dialogue: Dialogue
    first: Body | None = None
    bill: Bill = field(default_factory=Bill)
    summary_calls: int = 0
    summary_tokens: int = 0

    def take(self, body: Body, at: datetime) -> None:
        self.bill.add(body, at)
        if is_summary(body):
            self.summary_calls += 1
            self.summary_tokens += self.bill.calls[-1].tokens
        elif self.first is None:
            self.first = body


def is_summary(body: Body) -> bool:
    return "response_format" in body


async def play(dialogues: Sequence[Dialogue], folder: Path, **overrides: object) -> list[Played]:
    """Play all dialogues, each in its own thread, in the order in which things were said."""
    played = {dialogue.name: Played(dialogue) for dialogue in dialogues}
    server = DialogueServer()
    async with server:
        settings = measure.settings_in(
            folder, openai_base_url=server.base_url, openai_api_key="key", openai_model="test-model", **overrides
        )
        clock = FakeClock(min(dialogue.exchanges[0].said_at for dialogue in dialogues))
        async with open_echo(settings, clock=clock, command="replay") as echo:
            stage = _Stage(echo, server, clock, settings)
            for number, (name, exchange) in enumerate(_in_order(dialogues)):
                if number % _TELL_EVERY == 0:
                    measure.progress(f"{number} replies, {exchange.said_at:%d %B %Y}")
                for body in await stage.exchange(played[name].dialogue, exchange, f"{name}-{number}"):
                    played[name].take(body, exchange.said_at)
    return list(played.values())


def _in_order(dialogues: Sequence[Dialogue]) -> Iterator[tuple[str, Exchange]]:
    threads = (
        [(exchange.said_at, dialogue.name, exchange) for exchange in dialogue.exchanges] for dialogue in dialogues
    )
    for _, name, exchange in heapq.merge(*threads, key=lambda event: event[:2]):
        yield name, exchange


class _Stage:
    """One running Echo, its model and its time."""

    def __init__(self, echo: Echo, server: DialogueServer, clock: FakeClock, settings: Settings) -> None:
        self._echo = echo
        self._server = server
        self._clock = clock
        self._idle_seconds = settings.idle_time_seconds
        self._channel = FakeChannel(Platform.TERMINAL)

    async def exchange(self, dialogue: Dialogue, exchange: Exchange, event_id: str) -> list[Body]:
        """Have one message answered; return the requests that it caused."""
        seen = len(self._server.requests)
        await self._pass_time(exchange.said_at)
        self._server.answer = exchange.answer
        thread = ThreadRef(Platform.TERMINAL, dialogue.name)
        person = PersonRef(dialogue.person, dialogue.person)
        await self._echo.turns.handle(
            InboundMessage(event_id, thread, person, exchange.said, self._clock.now()), self._channel
        )
        delivered = self._channel.replies.pop().delivered
        if delivered != exchange.answer:
            raise RuntimeError(f"{event_id} was answered with {delivered!r}")
        async with asyncio.timeout(_PATIENCE_SECONDS), self._echo.manager.turn(thread):
            pass  # behind the cut of the context, which follows the reply
        return self._server.requests[seen:]

    async def _pass_time(self, moment: datetime) -> None:
        """Let the time until `moment` pass; when it is long enough, all conversations leave memory."""
        if (moment - self._clock.now()).total_seconds() > 2 * self._idle_seconds:
            self._clock.advance(seconds=self._idle_seconds)
            async with asyncio.timeout(_PATIENCE_SECONDS):
                while (held := self._echo.manager.metrics()).conversations or held.waiting_to_be_written:
                    self._clock.advance(seconds=0.5)
                    await asyncio.sleep(0.001)
        self._clock.advance(seconds=max(0.0, (moment - self._clock.now()).total_seconds()))
