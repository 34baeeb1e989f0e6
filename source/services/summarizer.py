"""Makes the summary that the next conversation starts with, by a model when there is one that answers in time."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import structlog

from source.domain.carried import summary_in
from source.domain.conversation_head import ConversationHead
from source.domain.errors import ModelError
from source.domain.extractive_summary import extractive_summary, most_telling, title_of
from source.domain.message import Message, as_utc
from source.domain.model_summary import SCHEMA_NAME, checked_summary, read_answer, response_schema
from source.domain.summary import Occasion, Summary, SummaryPoint, read_points
from source.domain.summary_material import (
    NumberedSource,
    SummaryMaterial,
    chat_only,
    day_of,
    listed,
    numbered_sources,
    ranked_earlier,
)
from source.domain.summary_text import size_of
from source.domain.token_estimate import TokenEstimator
from source.domain.turn import ModelUsage, Purpose
from source.ports.clock import Clock
from source.ports.llm import JsonSchema, LanguageModel, Prompt, PromptMessage, Role
from source.services.model_answer import WRAPPING_BYTES, Meter, ModelAnswer, listen
from source.services.prices import Prices

log = structlog.get_logger(__name__)

# A model that thinks first spends more on that than on the summary.
_OUTPUT_FACTOR = 8
_SCHEMA = JsonSchema(SCHEMA_NAME, response_schema())
_NO_PRICES = Prices()
_SCHEMA_BYTES = size_of(json.dumps(_SCHEMA.schema))


@dataclass(frozen=True, slots=True)
class SummarySettings:
    """How much a summary may cost and what it may hold."""

    max_messages: int
    budget_tokens: int
    summary_tokens: int
    timeout: timedelta
    use_model: bool
    include_client: bool


@dataclass(frozen=True, slots=True)
class SummaryResult:
    """A summary and what its model call cost, also when the call was of no use; None without a call."""

    summary: Summary
    usage: ModelUsage | None = None


@dataclass(frozen=True, slots=True)
class _Call:
    prompt: Prompt
    sources: Sequence[NumberedSource]

    @property
    def size_bytes(self) -> int:
        return _SCHEMA_BYTES + sum(size_of(each.content) + WRAPPING_BYTES for each in self.prompt.messages)


class ConversationSummarizer:
    """Summarizes conversations; a model that fails or is late is replaced by excerpts at once.

    No method raises for what a model does; without a model every summary is extractive.
    """

    def __init__(
        self,
        model: LanguageModel | None,
        clock: Clock,
        settings: SummarySettings,
        prompt: str,
        estimator: TokenEstimator,
        *,
        prices: Prices = _NO_PRICES,
    ) -> None:
        self._model = model if settings.use_model else None
        self._settings = settings
        max_words = max(20, settings.summary_tokens // 2)
        self._prompt = prompt.replace("{max_words}", str(max_words))
        self._estimator = estimator
        self._meter = Meter(clock, estimator, prices)

    async def summarize(
        self, head: ConversationHead, messages: Sequence[Message], people: Mapping[str, str]
    ) -> SummaryResult:
        """Return what a conversation was about, with what it had been given from the one before folded in."""
        return await self._made(head, _material(head, messages, people))

    async def summarize_offline(
        self, head: ConversationHead, messages: Sequence[Message], people: Mapping[str, str]
    ) -> SummaryResult:
        """As `summarize`, without a model call: for a summary that no prompt will carry."""
        return SummaryResult(self._extractive(_material(head, messages, people)))

    async def fold(
        self, head: ConversationHead, leaving: Sequence[Message], people: Mapping[str, str]
    ) -> SummaryResult:
        """Return a running summary of messages that leave the context and of those that left before."""
        return await self._made(head, _leaving_material(head, leaving, people))

    async def fold_offline(
        self, head: ConversationHead, leaving: Sequence[Message], people: Mapping[str, str]
    ) -> SummaryResult:
        """As `fold`, without a model call: for when somebody waits for a reply."""
        return SummaryResult(self._extractive(_leaving_material(head, leaving, people)))

    async def _made(self, head: ConversationHead, material: SummaryMaterial) -> SummaryResult:
        if self._model is None or not material.messages:
            return SummaryResult(self._extractive(material))
        call = self._composed(self._model, material)
        if call is None:
            log.warning("summary_budget_too_small", conversation_id=head.conversation_id)
            return SummaryResult(self._extractive(material))
        answer = ModelAnswer()
        failure = await self._ask(self._model, call, answer)
        usage = self._meter.usage(self._model.name, call.size_bytes, answer, Purpose.SUMMARY)
        if failure is None:
            try:
                summary = self._checked(answer.text, call, material)
            except ValueError as error:
                failure = type(error).__name__
            else:
                log.info("summary_made", conversation_id=head.conversation_id, points=len(summary.points))
                return SummaryResult(summary, usage)
        log.warning("summary_fell_back", conversation_id=head.conversation_id, reason=failure)
        return SummaryResult(self._extractive(material), usage)

    async def _ask(self, model: LanguageModel, call: _Call, answer: ModelAnswer) -> str | None:
        """Fill `answer`; return the name of what went wrong, if something did."""
        try:
            await listen(model, call.prompt, answer, self._settings.timeout)
        except (ModelError, TimeoutError) as error:
            return type(error).__name__
        return None

    def _composed(self, model: LanguageModel, material: SummaryMaterial) -> _Call | None:
        """Return the call within its budget; None when the budget holds no message."""
        budget = self._estimator.bytes_for(model.name, self._settings.budget_tokens)
        left = budget - _SCHEMA_BYTES - size_of(self._prompt) - 2 * WRAPPING_BYTES
        messages = _chosen(material.messages, self._settings.max_messages)
        sources = numbered_sources(ranked_earlier(material.earlier), messages, material.people, left)
        if not sources or sources[-1].message_id is None:
            return None
        prompt = Prompt(
            messages=(PromptMessage(Role.SYSTEM, self._prompt), PromptMessage(Role.USER, listed(sources))),
            max_output_tokens=self._settings.summary_tokens * _OUTPUT_FACTOR,
            schema=_SCHEMA,
        )
        return _Call(prompt, sources)

    def _checked(self, text: str, call: _Call, material: SummaryMaterial) -> Summary:
        summary = checked_summary(
            read_answer(text),
            call.sources,
            material.occasion,
            max_bytes=self._max_bytes(),
            include_client=self._settings.include_client,
        )
        return summary if summary.title else replace(summary, title=title_of(material.messages))

    def _extractive(self, material: SummaryMaterial) -> Summary:
        return extractive_summary(material, max_bytes=self._max_bytes(), include_client=self._settings.include_client)

    def _max_bytes(self) -> int:
        name = self._model.name if self._model else ""
        return self._estimator.bytes_for(name, self._settings.summary_tokens)


def _chosen(messages: Sequence[Message], most: int) -> Sequence[Message]:
    """Return at most `most` messages in order: the newest, and for the older half those that tell most."""
    if len(messages) <= most:
        return messages
    newest = messages[len(messages) - (most - most // 2) :]
    return [*most_telling(messages[: len(messages) - len(newest)], most // 2), *newest]


def _material(head: ConversationHead, messages: Sequence[Message], people: Mapping[str, str]) -> SummaryMaterial:
    return _numbered(head, messages, people, (summary_in(head.carried_summary), head.running_summary), is_part=False)


def _leaving_material(head: ConversationHead, leaving: Sequence[Message], people: Mapping[str, str]) -> SummaryMaterial:
    """Return the material of a running summary: what was carried over stays in the context and is not repeated."""
    return _numbered(head, leaving, people, (head.running_summary,), is_part=True)


def _numbered(
    head: ConversationHead,
    messages: Sequence[Message],
    people: Mapping[str, str],
    summaries: Sequence[str],
    *,
    is_part: bool,
) -> SummaryMaterial:
    said = chat_only(messages)
    first = as_utc(head.created_at).date()
    last = max([first, *(day_of(message) for message in said)])
    earlier: list[SummaryPoint] = []
    for text in summaries:
        earlier += (point for point in read_points(text) if point not in earlier)
    return SummaryMaterial(said, tuple(earlier), people, Occasion(first, last, is_part=is_part))
