"""Listening to Discord's answers as they arrive, below discord.py.

discord.py gives a request's answer back only after it has slept through an empty bucket, and repeats a request
that failed with the text that it had then. What a reply needs to know stands in the answer's first bytes.
"""

import asyncio
import json
from collections.abc import Mapping
from contextvars import ContextVar
from types import SimpleNamespace
from typing import Final

import aiohttp

from source.adapters.discord.replies.pace import Bucket, Paces, allowance
from source.adapters.discord.replies.troubles import (
    OLD_EDITS,
    VENDOR_ERRORS,
    UnreachableError,
    refusal,
    translated,
)

_TOO_MANY: Final = 429
# discord.py 2.7.1 waits after these and sends again.
_REPEATED: Final = (429, 500, 502, 504, 524)


class Listener:
    """What comes back for one request: `decided` is its answer's body, or what discord.py made of one unheard."""

    def __init__(self, channel_id: int, paces: Paces, bucket: Bucket | None) -> None:
        self.decided: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        self._holds_everything = False
        self._channel_id = channel_id
        self._paces = paces
        self._bucket = bucket
        self._status = 0

    @property
    def needs_ending(self) -> bool:
        """Whether discord.py would go on with the request, and may be kept from it.

        While it holds all requests back for a 429 of everything, and while it leaves a bucket, it must not be
        cancelled: it would never let go, or not for half a minute.
        """
        return not self._holds_everything and (self._status == 0 or self._status in _REPEATED)

    def begins(self, status: int, headers: Mapping[str, str]) -> None:
        """An answer's head has come."""
        self._status = status
        told = allowance(headers)
        if self._bucket is not None and told is not None and status != _TOO_MANY:
            self._bucket.answered(told, self._paces.now())
        if status >= 500:
            self._decide(refusal(status, 0, self._channel_id))

    def body(self, content: bytes) -> None:
        """An answer's body has come, in one piece."""
        if 200 <= self._status < 300:
            self._decide(content)
        elif self._status == _TOO_MANY:
            self._too_many(_object(content))
        else:
            self._decide(refusal(self._status, _code(_object(content)), self._channel_id))

    def ends(self, task: asyncio.Task[object]) -> None:
        """discord.py is done with the request."""
        if task.cancelled():
            self._decide(UnreachableError("the request was ended"))
        elif isinstance(error := task.exception(), VENDOR_ERRORS):
            self._decide(translated(error, self._channel_id))
        elif error is not None:
            self._decide(error)
        else:
            self._decide(task.result())

    def leave(self) -> None:
        """Nobody waits any more."""
        if not self.decided.cancel() and not self.decided.cancelled():
            self.decided.exception()  # or asyncio complains that nobody looked

    def _decide(self, answer: object) -> None:
        if self.decided.done():
            return
        if isinstance(answer, BaseException):
            self.decided.set_exception(answer)
        else:
            self.decided.set_result(answer)

    def _too_many(self, told: Mapping[str, object]) -> None:
        if _code(told) == OLD_EDITS:
            self._decide(refusal(_TOO_MANY, OLD_EDITS, self._channel_id))
            return
        retry_after = told.get("retry_after")
        seconds = float(retry_after) if isinstance(retry_after, int | float) else 1.0
        now = self._paces.now()
        if told.get("global"):
            self._holds_everything = True
            self._paces.crowd.refused(seconds, now)
            return
        if self._bucket is not None:
            self._bucket.refused(seconds, now)
        self._decide(UnreachableError("too many requests", retry_after=seconds))


listening: ContextVar[Listener | None] = ContextVar("listening", default=None)


def answers_trace() -> aiohttp.TraceConfig:
    """Return what a client needs as `http_trace`, so that its replies hear their answers."""
    trace = aiohttp.TraceConfig()
    trace.on_request_end.append(_request_ended)
    trace.on_response_chunk_received.append(_chunk_received)
    return trace


async def _request_ended(
    _session: aiohttp.ClientSession, _context: SimpleNamespace, ended: aiohttp.TraceRequestEndParams
) -> None:
    if (listener := listening.get()) is not None:
        listener.begins(ended.response.status, ended.response.headers)


async def _chunk_received(
    _session: aiohttp.ClientSession, _context: SimpleNamespace, received: aiohttp.TraceResponseChunkReceivedParams
) -> None:
    if (listener := listening.get()) is not None:
        listener.body(received.chunk)


def _object(content: bytes) -> Mapping[str, object]:
    try:
        found = json.loads(content)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _code(told: Mapping[str, object]) -> int:
    code = told.get("code")
    return code if isinstance(code, int) else 0
