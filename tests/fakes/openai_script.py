"""What the fake OpenAI server does next, step by step."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum


class Ending(StrEnum):
    """How a streamed reply ends."""

    WHOLE = "whole"
    CUT = "cut"  # the connection is aborted
    HANG = "hang"  # nothing more comes, the connection stays open
    NO_FINISH = "no_finish"  # `[DONE]` without a finish_reason


@dataclass(frozen=True, slots=True)
class ScriptedCall:
    """A tool call; its arguments are streamed in these pieces."""

    name: str
    arguments: Sequence[str] = ("{}",)
    call_id: str | None = "call_1"
    index: int | None = 0


@dataclass(frozen=True, slots=True)
class Says:
    """A reply; `ending` strikes after all of its deltas, `gate` holds it after the first `gate_after` of them."""

    deltas: Sequence[str] = ()
    thinking: Sequence[str] = ()
    thinking_field: str = "reasoning_content"
    calls: Sequence[ScriptedCall] = ()
    finish_reason: str | None = None
    ending: Ending = Ending.WHOLE
    gate: asyncio.Event | None = None
    gate_after: int = 0
    cached_tokens: int | None = None
    reports_usage: bool = True
    sends_done: bool = True


@dataclass(frozen=True, slots=True)
class Fails:
    """An HTTP error with OpenAI's error body."""

    status: int
    message: str = "The server had an error while processing your request."
    kind: str = "server_error"
    code: str | None = None
    param: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class HangsBeforeReply:
    """The request is read and nothing is ever sent."""


@dataclass(frozen=True, slots=True)
class CutsBeforeReply:
    """The connection is aborted before the first byte of the answer."""


@dataclass(frozen=True, slots=True)
class Sends:
    """These bytes as the body, whatever they are; with `stays_open` the connection then waits for more."""

    body: bytes
    content_type: str = "text/event-stream"
    stays_open: bool = False


Step = Says | Fails | HangsBeforeReply | CutsBeforeReply | Sends


def rate_limited(*, seconds: float | None = None, milliseconds: int | None = None) -> Fails:
    """429 as for too many requests in a minute."""
    headers = {}
    if seconds is not None:
        headers["retry-after"] = f"{seconds:g}"
    if milliseconds is not None:
        headers["retry-after-ms"] = str(milliseconds)
    return Fails(429, "Rate limit reached for requests.", kind="requests", code="rate_limit_exceeded", headers=headers)


def quota_exhausted() -> Fails:
    """429 that no waiting heals."""
    return Fails(429, "You exceeded your current quota.", kind="insufficient_quota", code="insufficient_quota")


def context_too_long() -> Fails:
    return Fails(
        400,
        "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens.",
        kind="invalid_request_error",
        code="context_length_exceeded",
        param="messages",
    )
