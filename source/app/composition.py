"""What is plugged into what."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Literal

from source.adapters.llm.offline import OfflineModel
from source.adapters.storage.engine import is_there
from source.adapters.storage.folder_lock import FolderLock
from source.adapters.storage.sql_store import SqlStore
from source.adapters.storage.transcript_files import ConversationFileManagerService
from source.app.models import choose_model
from source.app.settings import ROOT, Settings
from source.domain.errors import SettingsError, StoreUnavailableError
from source.domain.eviction import MostBytes, MostConversations
from source.domain.thread import Platform
from source.domain.token_estimate import TokenEstimator
from source.domain.window import Window
from source.ports.clock import Clock, SystemClock
from source.ports.files import TranscriptFiles
from source.ports.llm import LanguageModel
from source.ports.store import ChannelStore, ConversationCatalog
from source.services.admission import Admission
from source.services.commands import CommandService
from source.services.commands.service import CommandParts
from source.services.context_service import ContextService, ContextSettings
from source.services.conversation_manager import InMemoryConversationManager
from source.services.corrections import Corrections
from source.services.limits import Limits, LimitSettings, PersonKey
from source.services.opening import Opening
from source.services.prices import Prices
from source.services.rebuild import Progress, Rebuild, RebuildReport
from source.services.speaker import Speaker
from source.services.summarizer import ConversationSummarizer, SummarySettings
from source.services.tools import SearchMessages, Toolbox
from source.services.transcript_catchup import TranscriptCatchUp
from source.services.turn import Answerer, TurnParts
from source.services.turn_service import TurnService
from source.services.upkeep import ContextUpkeep

_DRAIN = timedelta(seconds=10)
# What every transcript of Echo's begins with stands within so many bytes.
_HEAD_BYTES = 64
_SUMMARY_PROMPT = ROOT / "config" / "prompts" / "summary.md"


@dataclass(frozen=True, slots=True)
class Echo:
    """A running Echo: the services that channels and the command line talk to."""

    model: LanguageModel
    manager: InMemoryConversationManager
    turns: TurnService
    commands: CommandService
    opening: Opening
    catalog: ConversationCatalog
    transcripts: TranscriptFiles
    catch_up: TranscriptCatchUp
    corrections: Corrections
    channel_store: ChannelStore
    clock: Clock

    @property
    def model_name(self) -> str:
        return self.model.name

    @property
    def is_offline(self) -> bool:
        return isinstance(self.model, OfflineModel)


@asynccontextmanager
async def open_echo(
    settings: Settings, *, model: LanguageModel | None = None, clock: Clock | None = None, command: str = "echo"
) -> AsyncIterator[Echo]:
    """Take the data folder, start everything and, at the end, drain, write and close it.

    Raises: FolderInUseError, StoreError, SettingsError: nothing was started.
    """
    clock = clock or SystemClock()
    _refuse_to_begin_beside_transcripts(settings)
    async with AsyncExitStack() as stack:
        store = await _own_store(stack, settings, clock, command=command)
        if model is None:
            model = await choose_model(settings)
            stack.push_async_callback(model.close)
        limits = _limits(settings, clock)
        await limits.load(store)
        echo = _assembled(settings, store, model, clock, limits)
        await echo.manager.start()
        stack.push_async_callback(echo.manager.shutdown)
        stack.push_async_callback(echo.turns.drain, _DRAIN)
        yield echo


@asynccontextmanager
async def open_reader(settings: Settings) -> AsyncIterator[ConversationCatalog]:
    """Read the conversations beside whichever process owns the data folder.

    Raises: StoreError: there is nothing to read, or it cannot be read.
    """
    store = await SqlStore.open(settings.database, clock=SystemClock(), read_only=True)
    try:
        yield store
    finally:
        await store.close()


async def rebuild(settings: Settings, source: Literal["transcripts", "store"], progress: Progress) -> RebuildReport:
    """Restore the store from the transcripts, or the transcripts from the store, while nothing else runs.

    Raises: FolderInUseError, StoreError, TranscriptUnwritableError; run again, it goes on.
    """
    async with AsyncExitStack() as stack:
        store = await _own_store(stack, settings, SystemClock(), command=f"rebuild --from {source}")
        work = Rebuild(store, _transcripts(settings))
        return await (work.from_transcripts(progress) if source == "transcripts" else work.from_store(progress))


async def _own_store(stack: AsyncExitStack, settings: Settings, clock: Clock, *, command: str) -> SqlStore:
    folders = {settings.conversations_dir}
    if settings.sqlite_file is not None:  # two folders of transcripts must not share one database
        folders.add(settings.sqlite_file.absolute().parent)
    for folder in sorted(folders):
        stack.enter_context(FolderLock(folder, command=command))
    store = await SqlStore.open(settings.database, clock=clock, durability=settings.durability)
    stack.push_async_callback(store.close)
    return store


def _refuse_to_begin_beside_transcripts(settings: Settings) -> None:
    """A database that was lost must not be followed by an empty one: the transcripts have what was in it."""
    file = settings.sqlite_file
    if file is None or is_there(file):
        return
    named = settings.conversations_dir.glob("*_conversation-with-*-in-*.json")
    transcripts = sum(path.read_bytes()[:_HEAD_BYTES].find(b'"schema_version"') >= 0 for path in named)
    if transcripts:
        raise StoreUnavailableError(
            f"there is no database, but there are {transcripts} transcripts: `python bot.py rebuild "
            "--from transcripts` brings the conversations back; to begin anew, move the transcripts away"
        )


def _transcripts(settings: Settings) -> ConversationFileManagerService:
    return ConversationFileManagerService(settings.conversations_dir, durable=settings.durability == "full")


def _assembled(settings: Settings, store: SqlStore, model: LanguageModel, clock: Clock, limits: Limits) -> Echo:
    estimator = TokenEstimator()
    files = _transcripts(settings)
    manager = InMemoryConversationManager(
        files,
        store=store,
        clock=clock,
        ids=store.ids,
        strategies=(
            MostConversations(settings.max_conversations_in_memory),
            MostBytes(settings.max_memory_megabytes * 1_000_000),
        ),
        transcript_delay=settings.transcript_delay,
    )
    manager.IDLE_TIME = settings.idle_time_seconds
    summarizer = _summarizer(settings, model, clock, estimator)
    opening = Opening(
        manager,
        store,
        summarizer,
        clock,
        window=Window(settings.conversation_timeout),
        include_summary=settings.include_summary,
    )
    toolbox = Toolbox([SearchMessages(store)] if settings.model_tools else [])
    context = ContextService(
        ContextSettings(settings.max_context_messages, settings.context_budget_tokens, settings.max_output_tokens),
        estimator,
        model=model.name,
        persona=_text_of(settings.persona_file, "PERSONA"),
        tools=toolbox.specs,
    )
    parts = TurnParts(
        manager=manager,
        store=store,
        opening=opening,
        context=context,
        speaker=Speaker(
            model, toolbox, clock, estimator, max_rounds=settings.max_tool_rounds, prices=_prices(settings)
        ),
        upkeep=ContextUpkeep(context, summarizer, store),
        clock=clock,
    )
    admission = Admission(settings.max_message_bytes, limits)
    turns = TurnService(
        admission,
        store,
        Answerer(parts),
        clock,
        answer_max_age=settings.answer_max_age,
    )
    return Echo(
        model=model,
        manager=manager,
        turns=turns,
        commands=CommandService(
            CommandParts(
                manager=manager,
                store=store,
                catalog=store,
                said=store,
                statistics=store,
                opening=opening,
                summarizer=summarizer,
                turns=turns,
                clock=clock,
            )
        ),
        opening=opening,
        catalog=store,
        transcripts=files,
        catch_up=TranscriptCatchUp(store, files),
        corrections=Corrections(store, manager, turns, admission),
        channel_store=store,
        clock=clock,
    )


def _limits(settings: Settings, clock: Clock) -> Limits:
    """Return what one person may ask; who sits at this machine's terminal may ask anything."""
    admins = (rule.removeprefix("user:") for rule in settings.discord_admins if rule.startswith("user:"))
    chosen = LimitSettings(
        messages_per_minute=settings.messages_per_minute,
        daily_tokens=settings.daily_tokens,
        unlimited=frozenset(PersonKey(Platform.DISCORD, admin) for admin in admins),
        unlimited_platforms=frozenset({Platform.TERMINAL}),
    )
    return Limits(chosen, clock)


def _prices(settings: Settings) -> Prices:
    return Prices(settings.model_input_price, settings.model_cached_price, settings.model_output_price)


def _summarizer(
    settings: Settings, model: LanguageModel, clock: Clock, estimator: TokenEstimator
) -> ConversationSummarizer:
    summary = SummarySettings(
        max_messages=settings.max_summary_messages,
        budget_tokens=settings.summary_budget_tokens,
        summary_tokens=settings.summary_tokens,
        timeout=settings.summary_timeout,
        use_model=settings.summarize_old_conversations,
        include_client=settings.include_client_summary,
    )
    writer = None if isinstance(model, OfflineModel) else model
    prompt = _text_of(_SUMMARY_PROMPT, "config/prompts")
    return ConversationSummarizer(writer, clock, summary, prompt, estimator, prices=_prices(settings))


def _text_of(path: Path, setting: str) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SettingsError(f"{setting}: cannot read {path.name} in {path.parent}: {error.strerror}.") from error
