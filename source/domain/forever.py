"""What the calls for replies would have read as one conversation for ever."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

# Where no call shows it: English takes a token for four bytes, most other languages one for two or three.
_TOKENS_A_BYTE: Final = 1 / 3
# More than one shows what came along with the text, such as a tool's description, and not the text.
_MOST_TOKENS_A_BYTE: Final = 1.0


@dataclass(frozen=True, slots=True)
class ReplyCalls:
    """The calls of one model for one conversation's replies.

    `bytes_before` sums, over the calls, the bytes of everything said in the thread before each, in whichever
    conversation. `grown_tokens` and `grown_bytes` sum how much more input a call had than the one before it,
    and how much had been added to the conversation in between. `first_tokens` is the input of the first call,
    None where it is not known; `first_bytes` is what had been said in the conversation by then.
    """

    calls: int
    bytes_before: int
    grown_tokens: int = 0
    grown_bytes: int = 0
    first_tokens: int | None = None
    first_bytes: int = 0


def forever_input_tokens(conversations: Iterable[ReplyCalls]) -> int:
    """Return the input of the same calls, had each been shown everything said in the thread before it.

    Tokens for each byte are measured by what a call's input grew over the call before it in the same
    conversation: that leaves out what every call has, such as the persona, and every cut, after which input
    shrinks. What every call has is the smallest input of a first call beyond its text.
    Results of tools are counted in the measure and left out of the sum, which errs on the side of too little.
    """
    known = tuple(conversations)
    rate = _tokens_a_byte(known)
    beside = [each.first_tokens - rate * each.first_bytes for each in known if each.first_tokens is not None]
    of_every_call = max(0.0, min(beside, default=0.0))
    return round(sum(each.bytes_before * rate + each.calls * of_every_call for each in known))


def _tokens_a_byte(conversations: Iterable[ReplyCalls]) -> float:
    grown = [(each.grown_tokens, each.grown_bytes) for each in conversations]
    grown_bytes = sum(size for _, size in grown)
    if not grown_bytes:
        return _TOKENS_A_BYTE
    return min(sum(tokens for tokens, _ in grown) / grown_bytes, _MOST_TOKENS_A_BYTE)
