"""What a series of prompts costs, with and without the provider's cache."""

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.fakes.openai_tokens import (
    BYTES_PER_TOKEN,
    CACHE_FROM_TOKENS,
    CACHE_STEP_TOKENS,
    Body,
    prompt_bytes,
    token_count,
)

# The share of the price at which providers charge a prefix that they have cached.
CACHED_PRICE = 0.1
# OpenAI: a prefix stays cached for five to ten minutes without use, at most for an hour.
CACHE_LIFETIME = timedelta(hours=1)


@dataclass(slots=True)
class Bill:
    """The input of one thread's model calls; each prompt is compared with the one before it."""

    calls: list["Call"] = field(default_factory=list)
    _previous: bytes = b""
    _previous_at: datetime | None = None

    def add(self, body: Body, at: datetime) -> None:
        prompt = prompt_bytes(body)
        repeated = common_prefix(self._previous, prompt) // BYTES_PER_TOKEN
        is_warm = self._previous_at is not None and at - self._previous_at <= CACHE_LIFETIME
        self.calls.append(Call(token_count(len(prompt)), repeated, repeated if is_warm else 0))
        self._previous, self._previous_at = prompt, at


@dataclass(frozen=True, slots=True)
class Call:
    """The input of one call, in tokens; `warm` is what of `repeated` the provider still has."""

    tokens: int
    repeated: int
    warm: int

    @property
    def in_steps(self) -> int:
        """What of `warm` OpenAI would have cached."""
        return self.warm // CACHE_STEP_TOKENS * CACHE_STEP_TOKENS if self.warm >= CACHE_FROM_TOKENS else 0


@dataclass(frozen=True, slots=True)
class Cost:
    """The bills of several threads, summed."""

    calls: int
    tokens: int
    priced_unexpiring: float
    priced: float
    priced_in_steps: float
    repeated_shares: tuple[float, ...]

    @property
    def mean_repeated(self) -> float:
        return statistics.fmean(self.repeated_shares)

    @property
    def median_repeated(self) -> float:
        return statistics.median(self.repeated_shares)


def total(bills: Sequence[Bill]) -> Cost:
    """Sum up; prices are in tokens at the full price."""
    calls = [call for bill in bills for call in bill.calls]
    saved = 1 - CACHED_PRICE
    return Cost(
        calls=len(calls),
        tokens=sum(call.tokens for call in calls),
        priced_unexpiring=sum(call.tokens - saved * call.repeated for call in calls),
        priced=sum(call.tokens - saved * call.warm for call in calls),
        priced_in_steps=sum(call.tokens - saved * call.in_steps for call in calls),
        repeated_shares=tuple(call.repeated / call.tokens for call in calls),
    )


def common_prefix(one: bytes, other: bytes) -> int:
    """Return how many bytes both begin with."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[:middle] == other[:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def as_one_conversation(first: Body, said: Sequence[str], *, last: int | None = None) -> Iterator[Body]:
    """Yield the prompts of a client that sends the whole history with each message, or its `last` messages.

    System prompt and tools are those of `first`; `said` is what person and model said in turn.
    """
    messages = first["messages"]
    assert isinstance(messages, list)
    system = messages[:1]
    roles = ("user", "assistant")
    history = [{"role": roles[place % 2], "content": text} for place, text in enumerate(said)]
    for end in range(1, len(history) + 1, 2):
        start = max(0, end - last) if last is not None else 0
        yield {**first, "messages": [*system, *history[start:end]]}
