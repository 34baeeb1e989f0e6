"""What is plugged into what: each part is made when another one first asks for it."""

from functools import cached_property
from pathlib import Path

from source.adapters.llm.offline import OfflineModel
from source.adapters.storage.metadata_table import MetadataTable
from source.adapters.storage.parked_table import ParkedTable
from source.adapters.storage.receipt_table import ReceiptTable
from source.adapters.storage.sql_store import SqlStore
from source.adapters.storage.transcript_progress import TranscriptProgress
from source.app.archives import ArchiveHomes, archive_settings
from source.app.attending import PeopleBeside, business_of
from source.app.embeddings import embedding_model
from source.app.facts import Facts
from source.app.personal_data import finder_for, scrubbed
from source.app.privacy import Privacy, personal_files
from source.app.profiles import Profiles
from source.app.recall_parts import recall_over
from source.app.rewriting import rewriting_of
from source.app.settings import ROOT, Settings
from source.domain.errors import SettingsError
from source.domain.eviction import MostBytes, MostConversations
from source.domain.thread import Platform
from source.domain.token_estimate import TokenEstimator
from source.domain.window import Window
from source.ports.clock import Clock
from source.ports.embeddings import EmbeddingModel
from source.ports.llm import LanguageModel
from source.ports.store import ChannelStore, ConversationCatalog
from source.services.admission import Admission
from source.services.archive import ArchiveParts, ArchiveService
from source.services.audit import AuditLog
from source.services.business_sending import BusinessSending, SendingParts
from source.services.carrying import CarriedPart, Carrying
from source.services.commands import CommandService
from source.services.commands.service import CommandParts
from source.services.context_service import ContextService, ContextSettings
from source.services.conversation_manager import InMemoryConversationManager
from source.services.corrections import Corrections
from source.services.deletion import Deletion
from source.services.health import WatchedModel
from source.services.limits import Limits, LimitSettings, PersonKey
from source.services.opening import Opening
from source.services.prices import Prices
from source.services.recall import RecallService
from source.services.recall_notes import RecallNotes
from source.services.recalling import OpeningRecall, RecallFirst
from source.services.rewriting import Rewriting
from source.services.scrubbing import Scrubbing
from source.services.speaker import Speaker
from source.services.summarizer import ConversationSummarizer, SummarySettings
from source.services.taking_over import TakingOver
from source.services.tools import SearchMessages, Toolbox
from source.services.topics import NO_SUGGESTIONS, TopicSuggestions
from source.services.transcript_catchup import TranscriptCatchUp
from source.services.transcript_home import TranscriptHome
from source.services.turn import Answerer, TurnParts
from source.services.turn_service import TurnService
from source.services.upkeep import ContextUpkeep
from source.services.wishes import REFUSED as NOT_WANTED
from source.services.withdrawal import Withdrawal

PROMPTS = ROOT / "config" / "prompts"


class Echo:
    """A running Echo over its store and its model: what channels, the API and the command line talk to."""

    def __init__(self, settings: Settings, store: SqlStore, model: LanguageModel, clock: Clock) -> None:
        self.settings = settings
        self.store = store
        self.model = model
        self.clock = clock

    @property
    def model_name(self) -> str:
        return self.model.name

    @property
    def is_offline(self) -> bool:
        return isinstance(self.model, OfflineModel)

    @property
    def catalog(self) -> ConversationCatalog:
        return self.store

    @property
    def channel_store(self) -> ChannelStore:
        return self.store

    @cached_property
    def watched_model(self) -> WatchedModel:
        """The model as it is asked: how its last call went can be told."""
        return WatchedModel(scrubbed(self.model, self.settings), self.clock)

    @cached_property
    def scrubbing(self) -> Scrubbing:
        """What is kept of personal data."""
        settings = self.settings
        said = [self.persona, settings.first_contact_notice, settings.out_of_hours_notice]
        published = said if settings.pii_scrub_stored else []
        finder = finder_for(settings.pii_country)
        return Scrubbing(finder, is_removed=settings.pii_scrub_stored, published=published)

    @cached_property
    def persona(self) -> str:
        """How Echo speaks, and for whom."""
        lines = (text_of(self.settings.persona_file, "PERSONA"), business_of(self.settings).line)
        return "\n\n".join(filter(None, lines))

    @cached_property
    def estimator(self) -> TokenEstimator:
        return TokenEstimator()

    @cached_property
    def prices(self) -> Prices:
        settings = self.settings
        return Prices(settings.model_input_price, settings.model_cached_price, settings.model_output_price)

    @cached_property
    def archives(self) -> ArchiveHomes:
        return ArchiveHomes(self.settings, self.store, self.clock)

    @cached_property
    def transcripts(self) -> TranscriptHome:
        return self.archives.home

    @cached_property
    def manager(self) -> InMemoryConversationManager:
        manager = InMemoryConversationManager(
            self.transcripts,
            store=self.store,
            clock=self.clock,
            ids=self.store.ids,
            strategies=(
                MostConversations(self.settings.max_conversations_in_memory),
                MostBytes(self.settings.max_memory_megabytes * 1_000_000),
            ),
            transcript_delay=self.settings.transcript_delay,
            keeping=self.scrubbing,
        )
        manager.IDLE_TIME = self.settings.idle_time_seconds
        return manager

    @cached_property
    def writing_model(self) -> LanguageModel | None:
        """The model that can be asked for summaries and the like; None: there is none."""
        return None if self.is_offline else self.watched_model

    @cached_property
    def summarizer(self) -> ConversationSummarizer:
        settings = self.settings
        summary = SummarySettings(
            max_messages=settings.max_summary_messages,
            budget_tokens=settings.summary_budget_tokens,
            summary_tokens=settings.summary_tokens,
            timeout=settings.summary_timeout,
            use_model=settings.summarize_old_conversations,
            include_client=settings.include_client_summary,
        )
        prompt = text_of(PROMPTS / "summary.md", "config/prompts")
        return ConversationSummarizer(
            self.writing_model, self.clock, summary, prompt, self.estimator, prices=self.prices
        )

    @cached_property
    def carrying(self) -> Carrying:
        """What a new conversation is given of the person who begins it, in this order."""
        settings = self.settings
        opening = OpeningRecall(self.recall, has_tools=settings.model_tools)
        parts = [
            self.profiles.carried,
            CarriedPart("facts", self.facts.service, settings.memory_budget_tokens),
            CarriedPart("recall", opening, settings.recall_opening_tokens),
        ]
        return Carrying(parts, self.estimator, model=self.model.name)

    @cached_property
    def facts(self) -> Facts:
        return Facts(self.store, self.clock)

    @cached_property
    def profiles(self) -> Profiles:
        return Profiles(self.settings, self.store, self.clock)

    @cached_property
    def opening(self) -> Opening:
        return Opening(
            self.manager,
            self.store,
            self.summarizer,
            self.clock,
            window=Window(self.settings.conversation_timeout),
            include_summary=self.settings.include_summary,
            archive=self.archives.returns,
            carrying=self.carrying,
            kept_text=self.scrubbing.text,
        )

    @cached_property
    def archive(self) -> ArchiveService:
        homes = self.archives
        parts = ArchiveParts(
            homes.table, homes.archived, homes.home, homes.returns, self.manager, self.opening, self.clock
        )
        return ArchiveService(parts, archive_settings(self.settings))

    @cached_property
    def deletion(self) -> Deletion:
        """Deletes conversations everywhere."""
        homes = self.archives
        return Deletion(homes.table, homes.archived, homes.home, self.manager)

    @cached_property
    def rewriting(self) -> Rewriting:
        copies = personal_files(self.settings)
        return rewriting_of(self.store, self.archives, self.manager, self.deletion, self.opening, copies=copies)

    @cached_property
    def recalls(self) -> RecallNotes:
        return RecallNotes(MetadataTable(self.store), self.clock)

    @cached_property
    def toolbox(self) -> Toolbox:
        search = SearchMessages(self.recall, self._recall_bytes)
        return Toolbox([search] if self.settings.model_tools else [])

    @cached_property
    def recall(self) -> RecallService:
        return recall_over(self.store, self.clock, embeddings=self.embeddings, recalled=self.recalls.note)

    @cached_property
    def embeddings(self) -> EmbeddingModel | None:
        """The model that makes vectors of what was said; None: there is none."""
        return embedding_model(self.settings)

    def _recall_bytes(self) -> int:
        """How much one search may find, as usage has taught it."""
        return self.estimator.bytes_for(self.model.name, self.settings.recall_budget_tokens)

    @cached_property
    def context(self) -> ContextService:
        settings = self.settings
        return ContextService(
            ContextSettings(settings.max_context_messages, settings.context_budget_tokens, settings.max_output_tokens),
            self.estimator,
            model=self.model.name,
            persona=self.persona,
            tools=self.toolbox.specs,
        )

    @cached_property
    def speaker(self) -> Speaker:
        return Speaker(
            self.watched_model,
            self.toolbox,
            self.clock,
            self.estimator,
            max_rounds=self.settings.max_tool_rounds,
            prices=self.prices,
        )

    @cached_property
    def limits(self) -> Limits:
        """What one person may ask; who sits at this machine's terminal may ask anything."""
        settings = self.settings
        admins = (rule.removeprefix("user:") for rule in settings.discord_admins if rule.startswith("user:"))
        chosen = LimitSettings(
            messages_per_minute=settings.messages_per_minute,
            daily_tokens=settings.daily_tokens,
            unlimited=frozenset(PersonKey(Platform.DISCORD, admin) for admin in admins),
            unlimited_platforms=frozenset({Platform.TERMINAL}),
        )
        return Limits(chosen, self.clock)

    @cached_property
    def admission(self) -> Admission:
        return Admission(self.settings.max_message_bytes, self.limits)

    @cached_property
    def turns(self) -> TurnService:
        parts = TurnParts(
            manager=self.manager,
            store=self.store,
            opening=self.opening,
            context=self.context,
            speaker=self.speaker,
            upkeep=ContextUpkeep(self.context, self.summarizer, self.store),
            clock=self.clock,
            keeping=self.scrubbing,
            notices=self.profiles.linking,
            topics=TopicSuggestions() if self.settings.topic_suggestions else NO_SUGGESTIONS,
            recall_first=RecallFirst(self.toolbox),
            gate=self.people.gate,
            introductions=self.people.introductions,
        )
        answerer = Answerer(parts)
        return TurnService(
            self.admission,
            self.store,
            answerer,
            self.clock,
            answer_max_age=self.settings.answer_max_age,
            keeping=self.scrubbing,
            quiet={Platform.WHATSAPP: self.settings.whatsapp_burst},
            gate=self.people.gate,
            withdrawal=Withdrawal(self.store, self.manager),
        )

    @cached_property
    def people(self) -> PeopleBeside:
        return PeopleBeside(self.settings, self.store, self.clock)

    @cached_property
    def taking_over(self) -> TakingOver:
        """Has people of the business answer, and Echo again."""
        return self.people.taking_over(self.turns)

    @cached_property
    def sending(self) -> BusinessSending:
        """Sends what operators write."""
        parts = SendingParts(
            turns=self.turns,
            manager=self.manager,
            opening=self.opening,
            store=self.store,
            wishes=self.people.wishes,
            refusal=NOT_WANTED,
            attending=self.people.attending,
            audit=AuditLog(ReceiptTable(self.store)),
            clock=self.clock,
            keeping=self.scrubbing,
        )
        return BusinessSending(parts, name=self.settings.business_name)

    @cached_property
    def parked(self) -> ParkedTable:
        return ParkedTable(self.store)

    @cached_property
    def commands(self) -> CommandService:
        parts = CommandParts(
            manager=self.manager,
            store=self.store,
            catalog=self.store,
            recall=self.recall,
            said=self.store,
            statistics=self.store,
            opening=self.opening,
            archive=self.archive,
            summarizer=self.summarizer,
            turns=self.turns,
            profile=self.profiles.command(self.rewriting),
            linking=self.profiles.linking,
            memory=self.facts.command(self.rewriting),
            privacy=self.privacy.commands,
            attending=self.people.commands(self.taking_over),
            clock=self.clock,
        )
        return CommandService(parts)

    @cached_property
    def privacy(self) -> Privacy:
        return Privacy(self)

    @cached_property
    def corrections(self) -> Corrections:
        return Corrections(
            self.store,
            self.manager,
            self.turns,
            self.admission,
            keeping=self.scrubbing,
            summaries=self.privacy.corrected_summaries,
        )

    @cached_property
    def catch_up(self) -> TranscriptCatchUp:
        return TranscriptCatchUp(self.store, self.transcripts, TranscriptProgress(self.store))


def text_of(path: Path, setting: str) -> str:
    """Return what the operator may have rewritten.

    Raises: SettingsError: the file cannot be read.
    """
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SettingsError(f"{setting}: cannot read {path.name} in {path.parent}: {error.strerror}.") from error
