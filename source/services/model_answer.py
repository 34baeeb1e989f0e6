"""One call of a language model whose whole answer is wanted, and what it cost."""

import asyncio
from contextlib import aclosing
from datetime import timedelta

from source.domain.summary_text import size_of
from source.domain.token_estimate import TokenEstimator
from source.domain.turn import ModelUsage, Purpose
from source.ports.clock import Clock
from source.ports.llm import (
    Finished,
    FinishReason,
    LanguageModel,
    ModelEvent,
    Prompt,
    TextDelta,
    ThinkingDelta,
    UsageReported,
)
from source.services.prices import Prices

_MOST_ANSWER_BYTES = 64_000
# What vendors wrap around each message of a prompt.
WRAPPING_BYTES = 32


class ModelAnswer:
    """What has come of a model's answer so far."""

    def __init__(self) -> None:
        self.text = ""
        self.thinking_bytes = 0
        self.reported: UsageReported | None = None
        self.finish: FinishReason | None = None
        self.has_begun = False

    def take(self, event: ModelEvent) -> None:
        self.has_begun = True
        match event:
            case TextDelta(text):
                self.text += text
            case ThinkingDelta(text):
                self.thinking_bytes += size_of(text)
            case UsageReported():
                self.reported = event
            case Finished(reason):
                self.finish = reason

    @property
    def is_too_long(self) -> bool:
        return len(self.text) + self.thinking_bytes > _MOST_ANSWER_BYTES


async def listen(model: LanguageModel, prompt: Prompt, answer: ModelAnswer, timeout: timedelta) -> None:
    """Fill `answer`, which keeps what had come when this raises; one without end is cut off.

    Raises: ModelError. TimeoutError: it was not finished in time.
    """
    try:
        async with asyncio.timeout(timeout.total_seconds()), aclosing(model.stream(prompt)) as events:
            async for event in events:
                answer.take(event)
                if answer.is_too_long:
                    return
    except TimeoutError:
        answer.has_begun = True  # a provider charges for what it has begun, answered or not
        raise


class Meter:
    """Tells what calls cost: by the server's count, or by estimate where it gave none."""

    def __init__(self, clock: Clock, estimator: TokenEstimator, prices: Prices) -> None:
        self._clock = clock
        self._estimator = estimator
        self._prices = prices

    def usage(self, model: str, size_bytes: int, answer: ModelAnswer, purpose: Purpose) -> ModelUsage | None:
        """Return what a call with a prompt of that size cost; None when it never began."""
        if not answer.has_begun:
            return None
        reported = answer.reported
        if reported is not None:
            self._estimator.observe(model, size_bytes, reported.input_tokens)
        said = size_of(answer.text) + answer.thinking_bytes
        counts = reported or UsageReported(
            self._estimator.tokens(model, size_bytes), 0, self._estimator.tokens(model, said)
        )
        return ModelUsage(
            model=model,
            purpose=purpose,
            created_at=self._clock.now(),
            input_tokens=counts.input_tokens,
            cached_tokens=counts.cached_tokens,
            output_tokens=counts.output_tokens,
            estimated=reported is None,
            cost=self._prices.cost(
                input_tokens=counts.input_tokens,
                cached_tokens=counts.cached_tokens,
                output_tokens=counts.output_tokens,
            ),
        )
