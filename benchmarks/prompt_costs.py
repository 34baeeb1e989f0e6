"""What a series of prompts costs, with and without the provider's cache."""

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

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


@dataclass(slots=True)
class Bill:
    """The input of one thread's model calls; each prompt is compared with the one before it."""

    tokens: list[int] = field(default_factory=list)
    repeated: list[int] = field(default_factory=list)
    _previous: bytes = b""

    def add(self, body: Body) -> None:
        prompt = prompt_bytes(body)
        self.tokens.append(token_count(len(prompt)))
        self.repeated.append(common_prefix(self._previous, prompt) // BYTES_PER_TOKEN)
        self._previous = prompt


@dataclass(frozen=True, slots=True)
class Cost:
    """The bills of several threads, summed."""

    calls: int
    tokens: int
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
    pairs = [pair for bill in bills for pair in zip(bill.tokens, bill.repeated, strict=True)]
    return Cost(
        calls=len(pairs),
        tokens=sum(tokens for tokens, _ in pairs),
        priced=sum(tokens - (1 - CACHED_PRICE) * repeated for tokens, repeated in pairs),
        priced_in_steps=sum(tokens - (1 - CACHED_PRICE) * _in_steps(repeated) for tokens, repeated in pairs),
        repeated_shares=tuple(repeated / tokens for tokens, repeated in pairs),
    )


def _in_steps(repeated: int) -> int:
    """Return how much of a repeated prefix OpenAI would cache."""
    return repeated // CACHE_STEP_TOKENS * CACHE_STEP_TOKENS if repeated >= CACHE_FROM_TOKENS else 0


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
