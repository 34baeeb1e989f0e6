"""The core over a store, transcripts and a model in memory: every wait is a test's own."""

import asyncio
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from source.domain.message import Message
from source.domain.thread import PersonRef, Platform, ThreadRef
from source.domain.token_estimate import TokenEstimator
from source.domain.turn import InboundMessage
from source.domain.window import Window
from source.services.admission import Admission
from source.services.attendance import ALWAYS_OPEN, Gate
from source.services.context_service import ContextService, ContextSettings
from source.services.conversation_manager import InMemoryConversationManager
from source.services.corrections import Corrections
from source.services.introduction import NO_INTRODUCTIONS, Introductions
from source.services.limits import Limits
from source.services.opening import Opening
from source.services.speaker import Speaker
from source.services.summarizer import ConversationSummarizer, SummarySettings
from source.services.tools import Tool, Toolbox
from source.services.turn import Answerer, TurnParts
from source.services.turn_service import TurnService
from source.services.upkeep import ContextUpkeep
from source.services.withdrawal import Withdrawal
from tests.fakes.channel import FakeChannel, FakeReply
from tests.fakes.clock import FakeClock
from tests.fakes.language_model import ScriptedModel
from tests.fakes.store import InMemoryStore
from tests.fakes.transcripts import InMemoryTranscripts

ANA = PersonRef("1", "Ana")
THREAD = ThreadRef(Platform.DISCORD, "5", "7", "Club")
MOST_BYTES = 1_000
MAX_AGE = timedelta(hours=1)

_SUMMARY = SummarySettings(20, 4_000, 300, timedelta(seconds=30), use_model=False, include_client=True)
_numbers = itertools.count(1)


@dataclass
class SmallEcho:
    """The services, and somebody who talks with them; without other words it is Ana in one thread of a guild."""

    clock: FakeClock = field(default_factory=FakeClock)
    model: ScriptedModel = field(default_factory=ScriptedModel)
    channel: FakeChannel = field(default_factory=lambda: FakeChannel(Platform.DISCORD))
    transcripts: InMemoryTranscripts = field(default_factory=InMemoryTranscripts)
    tools: Sequence[Tool] = ()
    quiet: Mapping[Platform, timedelta] = field(default_factory=dict)
    gate: Gate = ALWAYS_OPEN
    introductions: Introductions = NO_INTRODUCTIONS
    store: InMemoryStore = field(init=False)
    manager: InMemoryConversationManager = field(init=False)
    opening: Opening = field(init=False)
    turns: TurnService = field(init=False)
    corrections: Corrections = field(init=False)

    def __post_init__(self) -> None:
        self.store = InMemoryStore(self.clock)
        self.start()

    def start(self, *, limits: Limits | None = None) -> None:
        """Begin with an empty memory on the same store, as after a crash."""
        clock, store, estimator = self.clock, self.store, TokenEstimator()
        self.manager = InMemoryConversationManager(self.transcripts, store=store, clock=clock, ids=store.ids)
        summarizer = ConversationSummarizer(None, clock, _SUMMARY, "Summarize.", estimator)
        toolbox = Toolbox(self.tools)
        settings = ContextSettings(50, 100_000, 1_000)
        context = ContextService(settings, estimator, model="scripted", persona="Echo", tools=toolbox.specs)
        window = Window(timedelta(hours=48))
        self.opening = Opening(self.manager, store, summarizer, clock, window=window, include_summary=True)
        parts = TurnParts(
            manager=self.manager,
            store=store,
            opening=self.opening,
            context=context,
            speaker=Speaker(self.model, toolbox, clock, estimator, max_rounds=4),
            upkeep=ContextUpkeep(context, summarizer, store),
            clock=clock,
            gate=self.gate,
            introductions=self.introductions,
        )
        admission = Admission(MOST_BYTES, limits)
        answerer = Answerer(parts)
        self.turns = TurnService(
            admission,
            store,
            answerer,
            clock,
            answer_max_age=MAX_AGE,
            quiet=self.quiet,
            gate=self.gate,
            withdrawal=Withdrawal(store, self.manager),
        )
        self.corrections = Corrections(store, self.manager, self.turns, admission)

    def inbound(self, text: str, event_id: str | None = None, **more: object) -> InboundMessage:
        said = InboundMessage(event_id or f"event-{next(_numbers)}", THREAD, ANA, text, self.clock.now())
        return replace(said, **more)  # type: ignore[arg-type]  # what a test gives is checked where it is used

    async def say(self, text: str, event_id: str | None = None, **more: object) -> FakeReply:
        """Say something and return the reply that was begun last."""
        await self.turns.handle(self.inbound(text, event_id, **more), self.channel)
        return self.channel.replies[-1]

    async def stored(self) -> tuple[Message, ...]:
        """Return the messages of the thread's active conversation as the store has them."""
        conversation = await self.store.active(THREAD.key)
        return conversation.messages if conversation else ()

    def remembered(self) -> tuple[Message, ...]:
        """Return the messages of the thread's conversation as the memory has them."""
        conversation = self.manager.get_conversation(THREAD.thread_id)
        return tuple(conversation.history) if conversation else ()

    async def end(self) -> None:
        await self.turns.drain(timedelta(seconds=10))
        await self.manager.shutdown()


async def rest() -> None:
    """Let everything else go on until it waits for something: nothing here takes more steps than these."""
    for _ in range(100):
        await asyncio.sleep(0)


async def passing(echo: SmallEcho, **duration: float) -> None:
    """Let time pass, once everybody waits for it, and whatever follows from that happen."""
    await rest()
    echo.clock.advance(**duration)
    await rest()
