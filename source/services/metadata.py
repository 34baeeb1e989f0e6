"""What is known about messages beyond what they say: found out by a model or by rule, or set by a person."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import structlog

from source.domain.errors import EchoError, ModelAnswerError, ModelError, RefusedInputError, StoreUnavailableError
from source.domain.memory import MemorySource
from source.domain.message import Message
from source.domain.metadata import (
    Analysis,
    Aspects,
    category_named,
    checked_tags,
    overall,
    sentiment_named,
    settled,
)
from source.ports.metadata import MetadataChange, MetadataStore
from source.services.metadata_model import ModelAnalyst, batches
from source.services.metadata_offline import OfflineAnalyst

log = structlog.get_logger(__name__)

_SIDE_BY_SIDE: Final = 4
_STEP: Final = 200
ALL_OFF: Final = "Nothing is analyzed here: AUTO_SENTIMENT_ANALYSIS, AUTO_CATEGORIZATION and AUTO_TAGGING are all off."


@dataclass(slots=True)
class Tally:
    """What came of analyzing conversations; `failed` has a sentence for each that could not be."""

    conversations: int = 0
    by_model: int = 0
    offline: int = 0
    failed: dict[int, str] = field(default_factory=dict)


@dataclass(slots=True)
class _Round:
    """One call of the service; once the model is away, the rest of it goes without."""

    tally: Tally = field(default_factory=Tally)
    is_model_away: bool = False


def change_of(
    *, sentiment: str | None = None, category: str | None = None, tags: Iterable[str] | None = None
) -> MetadataChange:
    """Return what a person wants to set.

    Raises: RefusedInputError: there is no such value, or nothing is to be set; the sentence names what there is.
    """
    if sentiment is None and category is None and tags is None:
        raise RefusedInputError("Say what to set: sentiment, category or tags.")
    return MetadataChange(
        sentiment=None if sentiment is None else sentiment_named(sentiment),
        category=None if category is None else category_named(category),
        tags=None if tags is None else checked_tags(tags),
    )


class MetadataService:
    """Finds out mood, category and tags of what people wrote; where the model fails, by rule.

    What a person has set stays. Every method may raise a StoreError.
    """

    def __init__(
        self, store: MetadataStore, model: ModelAnalyst | None, offline: OfflineAnalyst, aspects: Aspects
    ) -> None:
        self._store = store
        self._model = model
        self._offline = offline
        self._aspects = aspects

    async def analyze(self, message_id: int) -> Analysis | None:
        """Analyze one message now, keep what was found and return it; None: no such message.

        Raises: RefusedInputError: there is nothing to find out; the sentence says why.
        """
        if not self._aspects.is_any:
            raise RefusedInputError(ALL_OFF)
        found = await self._store.message(message_id)
        if found is None:
            return None
        if not _says_something(found.message):
            raise RefusedInputError("That message was deleted or is empty: there is nothing to analyze.")
        known = await self._store.analyses(found.conversation_id)
        return (await self._analyze(found.conversation_id, [found.message], known, _Round()))[message_id]

    async def analyze_conversations(self, conversation_ids: Sequence[int], *, again: bool = False) -> Tally:
        """Analyze what people said in these conversations and no analysis covers.

        With `again` also what was analyzed without a model, if there is one now.
        """
        work, turn = _Round(), asyncio.Semaphore(_SIDE_BY_SIDE)

        async def one(conversation_id: int) -> None:
            async with turn:
                await self._analyze_conversation(conversation_id, work, again=again and self._model is not None)

        wanted = list(dict.fromkeys(conversation_ids)) if self._aspects.is_any else []
        outcomes = await asyncio.gather(*map(one, wanted), return_exceptions=True)
        _sort_out(dict(zip(wanted, outcomes, strict=True)), work.tally)
        return work.tally

    async def analyze_messages(self, message_ids: Sequence[int]) -> Tally:
        """Analyze these messages, but for those that a model or a person has judged; ids of none are passed over."""
        wanted: dict[int, list[Message]] = {}
        for message_id in dict.fromkeys(message_ids if self._aspects.is_any else ()):
            found = await self._store.message(message_id)
            if found is not None and _says_something(found.message):
                wanted.setdefault(found.conversation_id, []).append(found.message)
        work = _Round(Tally(conversations=len(wanted)))
        for conversation_id, messages in wanted.items():
            known = await self._store.analyses(conversation_id)
            for portion in batches([each for each in messages if self._is_open(each, known)]):
                await self._analyze(conversation_id, portion, known, work)
        return work.tally

    def _is_open(self, message: Message, known: Mapping[int, Analysis]) -> bool:
        source = known[message.message_id].source if message.message_id in known else None
        return source is None or (source is MemorySource.OFFLINE and self._model is not None)

    async def _analyze_conversation(self, conversation_id: int, work: _Round, *, again: bool) -> None:
        """Go through a conversation in steps; what a step found is kept before the next one."""
        work.tally.conversations += 1
        known = await self._store.analyses(conversation_id)
        last = 0
        while messages := await self._store.to_analyze(conversation_id, again=again, after=last, limit=_STEP):
            for portion in batches(messages):
                last = portion[-1].message_id
                await self._analyze(conversation_id, portion, known, work, covers_to=last)

    async def _analyze(
        self,
        conversation_id: int,
        messages: Sequence[Message],
        known: dict[int, Analysis],
        work: _Round,
        *,
        covers_to: int | None = None,
    ) -> dict[int, Analysis]:
        """Find out about messages of one conversation and keep it, with what it makes of the whole."""
        found = await self._found(conversation_id, messages, work)
        known |= {message_id: settled(known.get(message_id), each) for message_id, each in found.items()}
        in_order = [known[message_id] for message_id in sorted(known)]
        by_model = any(each.source is MemorySource.MODEL for each in in_order)
        whole = overall(in_order, MemorySource.MODEL if by_model else MemorySource.OFFLINE)
        await self._store.put_analyses(conversation_id, found, overall=self._only_wanted(whole), covers_to=covers_to)
        return found

    async def _found(self, conversation_id: int, messages: Sequence[Message], work: _Round) -> dict[int, Analysis]:
        found = await self._by_model(conversation_id, messages, work)
        left = [message for message in messages if message.message_id not in found]
        by_rule = await self._offline.analyses([message.message_content for message in left], self._aspects)
        work.tally.by_model += len(found)
        work.tally.offline += len(left)
        return found | {message.message_id: each for message, each in zip(left, by_rule, strict=True)}

    async def _by_model(self, conversation_id: int, messages: Sequence[Message], work: _Round) -> dict[int, Analysis]:
        if self._model is None or work.is_model_away:
            return {}
        try:
            return await self._model.analyses(conversation_id, messages)
        except ModelError as error:
            # An answer that cannot be used says nothing of the next call.
            work.is_model_away = not isinstance(error, ModelAnswerError)
            log.warning("metadata_fell_back", conversation_id=conversation_id, error=type(error).__name__)
            return {}

    def _only_wanted(self, whole: Analysis) -> Analysis:
        """Leave out what is switched off: it may stand in what was found before."""
        return replace(
            whole,
            sentiment=whole.sentiment if self._aspects.sentiment else None,
            category=whole.category if self._aspects.category else None,
            tags=whole.tags if self._aspects.tags else None,
        )


def _says_something(message: Message) -> bool:
    return message.is_kept and bool(message.message_content.strip())


def _sort_out(outcomes: Mapping[int, BaseException | None], tally: Tally) -> None:
    """Note whose analysis failed; what concerns all of them, or nobody foresaw, is raised."""
    for conversation_id, outcome in outcomes.items():
        if isinstance(outcome, EchoError) and not isinstance(outcome, StoreUnavailableError):
            log.warning("conversation_not_analyzed", conversation_id=conversation_id, error=type(outcome).__name__)
            tally.failed[conversation_id] = str(outcome)
        elif outcome is not None:
            raise outcome
