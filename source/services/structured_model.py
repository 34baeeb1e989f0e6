"""Asks a language model for JSON of a given shape."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Protocol

import structlog

from source.domain.errors import (
    ModelAnswerError,
    ModelUnavailableError,
    StoreDamagedError,
    StoreError,
    StoreUnavailableError,
)
from source.domain.json_answer import misshapen, objects_in
from source.domain.summary_text import size_of
from source.domain.token_estimate import TokenEstimator
from source.domain.turn import ModelUsage, Purpose, TurnRecord
from source.ports.clock import Clock
from source.ports.llm import FinishReason, JsonSchema, LanguageModel, Prompt, PromptMessage, Role
from source.services.model_answer import WRAPPING_BYTES, Meter, ModelAnswer, listen
from source.services.prices import Prices

log = structlog.get_logger(__name__)

_NO_PRICES = Prices()
_TIMEOUT = timedelta(seconds=90)
# A model that thinks first spends more on that than on its answer.
_MOST_OUTPUT_TOKENS = 8_000


class UsageLedger(Protocol):
    """Where the cost of model calls is written down."""

    async def note_usage(self, conversation_id: int, usage: ModelUsage) -> None:
        """Keep what a call for this conversation cost."""
        ...


class _TurnCommits(Protocol):
    async def commit_turn(self, record: TurnRecord) -> object: ...


class StoreLedger:
    """Writes the cost of calls into the store."""

    def __init__(self, store: _TurnCommits) -> None:
        self._store = store

    async def note_usage(self, conversation_id: int, usage: ModelUsage) -> None:
        try:
            await self._store.commit_turn(TurnRecord(conversation_id, usage=(usage,)))
        except (StoreUnavailableError, StoreDamagedError):
            raise
        except StoreError:  # the conversation was deleted while the model was asked
            log.warning("usage_not_kept", conversation_id=conversation_id, purpose=usage.purpose.value)


class StructuredLanguageModel:
    """Implements `StructuredModel` over any language model; an answer of the wrong shape is asked for once more."""

    def __init__(
        self,
        model: LanguageModel,
        ledger: UsageLedger,
        clock: Clock,
        estimator: TokenEstimator,
        *,
        prices: Prices = _NO_PRICES,
        timeout: timedelta = _TIMEOUT,
    ) -> None:
        self._model = model
        self._ledger = ledger
        self._meter = Meter(clock, estimator, prices)
        self._timeout = timeout

    async def ask(
        self, instructions: str, material: str, schema: JsonSchema, *, purpose: Purpose, conversation_id: int
    ) -> Mapping[str, object]:
        """As in `StructuredModel`."""
        answer = await self._answer(_prompt(instructions, material, schema), purpose, conversation_id)
        found, problem = _read(answer, schema)
        if problem is None:
            return found
        log.info("model_answer_misshapen", conversation_id=conversation_id, purpose=purpose.value, problem=problem)
        again = f"{material}\n\n(Your last answer could not be used: {problem}. Answer with one JSON object as asked.)"
        # Twice the room: an answer that was cut would be cut again.
        prompt = _prompt(instructions, again, schema, max_output_tokens=2 * _MOST_OUTPUT_TOKENS)
        found, problem = _read(await self._answer(prompt, purpose, conversation_id), schema)
        if problem is None:
            return found
        raise ModelAnswerError(f"the model's answer could not be used: {problem}")

    async def _answer(self, prompt: Prompt, purpose: Purpose, conversation_id: int) -> ModelAnswer:
        """Return one whole answer; its cost is noted whatever comes of it."""
        answer = ModelAnswer()
        try:
            await listen(self._model, prompt, answer, self._timeout)
        except TimeoutError as error:
            seconds = self._timeout.total_seconds()
            raise ModelUnavailableError(f"the model had not finished after {seconds:g} s") from error
        finally:
            usage = self._meter.usage(self._model.name, _size_of(prompt), answer, purpose)
            if usage is not None:
                await self._ledger.note_usage(conversation_id, usage)
        return answer


def _prompt(
    instructions: str, material: str, schema: JsonSchema, *, max_output_tokens: int = _MOST_OUTPUT_TOKENS
) -> Prompt:
    return Prompt(
        messages=(PromptMessage(Role.SYSTEM, instructions), PromptMessage(Role.USER, material)),
        max_output_tokens=max_output_tokens,
        schema=schema,
    )


def _size_of(prompt: Prompt) -> int:
    said = sum(size_of(each.content) + WRAPPING_BYTES for each in prompt.messages)
    return said + (size_of(json.dumps(prompt.schema.schema)) if prompt.schema else 0)


def _read(answer: ModelAnswer, schema: JsonSchema) -> tuple[Mapping[str, object], str | None]:
    """Return the first object of the right shape, or nothing and what was wrong with what there was."""
    problem = "it was cut at its end" if answer.finish is FinishReason.LENGTH else "there was no JSON object in it"
    for found in objects_in(answer.text):
        wrong = misshapen(found, schema.schema)
        if wrong is None:
            return found, None
        problem = wrong
    return {}, problem
