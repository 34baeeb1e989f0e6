"""The turn path put together without a disk: the composition root's services over a blank store."""

from collections.abc import Iterable

from benchmarks.blank import BlankStore, BlankTranscripts, InstantModel
from source.app.personal_data import finder_for, scrubbed
from source.app.settings import ROOT, Settings
from source.domain.conversation_head import StoredConversation
from source.domain.token_estimate import TokenEstimator
from source.domain.window import Window
from source.ports.clock import SystemClock
from source.services.admission import Admission
from source.services.context_service import ContextService, ContextSettings
from source.services.conversation_manager import InMemoryConversationManager
from source.services.opening import Opening
from source.services.scrubbing import Keeping, Scrubbing
from source.services.speaker import Speaker
from source.services.summarizer import ConversationSummarizer, SummarySettings
from source.services.tools import Toolbox
from source.services.turn import Answerer, TurnParts
from source.services.turn_service import TurnService
from source.services.upkeep import ContextUpkeep


def bare_echo(
    settings: Settings, stored: Iterable[StoredConversation], *, keeping: Keeping | None = None
) -> tuple[TurnService, InMemoryConversationManager]:
    """Return a turn service whose store has `stored`, and its manager; summaries are excerpts.

    Without `keeping` personal data is treated as the settings say.
    """
    keeping = keeping or Scrubbing(finder_for(settings.pii_country), is_removed=settings.pii_scrub_stored)
    clock, estimator, store = SystemClock(), TokenEstimator(), BlankStore(stored)
    model = scrubbed(InstantModel(), settings)
    manager = InMemoryConversationManager(BlankTranscripts(), store=store, clock=clock)
    summarizer = ConversationSummarizer(None, clock, _summaries(settings), "Summarize.", estimator)
    limits = ContextSettings(settings.max_context_messages, settings.context_budget_tokens, settings.max_output_tokens)
    persona = (ROOT / "config" / "personas" / "echo.md").read_text(encoding="utf-8")
    context = ContextService(limits, estimator, model=model.name, persona=persona)
    window = Window(settings.conversation_timeout)
    parts = TurnParts(
        manager=manager,
        store=store,
        opening=Opening(manager, store, summarizer, clock, window=window, include_summary=True),
        context=context,
        speaker=Speaker(model, Toolbox(), clock, estimator, max_rounds=settings.max_tool_rounds),
        upkeep=ContextUpkeep(context, summarizer, store),
        clock=clock,
        keeping=keeping,
    )
    answerer = Answerer(parts)
    admission = Admission(settings.max_message_bytes)
    return TurnService(
        admission, store, answerer, clock, answer_max_age=settings.answer_max_age, keeping=keeping
    ), manager


def _summaries(settings: Settings) -> SummarySettings:
    return SummarySettings(
        max_messages=settings.max_summary_messages,
        budget_tokens=settings.summary_budget_tokens,
        summary_tokens=settings.summary_tokens,
        timeout=settings.summary_timeout,
        use_model=False,
        include_client=settings.include_client_summary,
    )
