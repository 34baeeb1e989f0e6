"""Writes that may be repeated: one Idempotency-Key, one effect, one answer (draft-ietf-httpapi-idempotency-key)."""

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final

import structlog
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from source.adapters.web.access import CALLER, Caller, caller_of
from source.adapters.web.held_back import HeldBack
from source.adapters.web.kept_answers import kept_of
from source.adapters.web.problems import Problem
from source.adapters.web.requests import MORE_HEADERS
from source.domain.errors import StoreError
from source.ports.api_keys import AnswerStore, Claim, StoredAnswer
from source.ports.clock import Clock

log = structlog.get_logger(__name__)

_WRITES: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_KEY: Final = re.compile(rb'"?([\x21\x23-\x7e]{1,200})"?')
_KEPT_FOR: Final = timedelta(hours=24)
# A process that died in the middle does not hold the key for ever; this one knows what it is at.
_ABANDONED_AFTER: Final = timedelta(minutes=2)
_FORGOTTEN_EVERY: Final = timedelta(minutes=10)
_NOT_KEPT: Final = "echo.answer_not_kept"
_REPLAYED: Final = ((b"idempotency-replayed", b"true"),)
_SOON: Final = {"Retry-After": "1"}


@dataclass(frozen=True, slots=True)
class _Asked:
    owner: str
    key: str
    request_hash: str


def task_key_of(request: Request) -> str | None:
    """Return a `NewTask.key` for this request: the task is one even if Echo dies before the answer is kept."""
    caller, key = caller_of(request), _key_in(request.scope)
    return None if caller is None or key is None else f"{caller.requested_by}:{key}"


def keep_no_answer(request: Request) -> None:
    """Have this request's answer kept nowhere: it has a secret in it, or the same request is answered alike anyway."""
    request.scope[_NOT_KEPT] = True


class Idempotency:
    """Gives the answer of the first request to every repeat of it; answers that are streamed are not kept."""

    def __init__(self, app: ASGIApp, *, answers: AnswerStore, clock: Clock) -> None:
        self._app = app
        self._answers = answers
        self._clock = clock
        self._at_work: dict[tuple[str, str], str] = {}
        self._forgot_at: datetime | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        caller: Caller | None = scope.get(CALLER)
        key = _key_in(scope) if caller and scope["type"] == "http" and scope["method"] in _WRITES else None
        if caller is None or key is None:
            await self._app(scope, receive, send)
            return
        body = await _whole_body(receive)
        asked = _Asked(caller.name, key, _hash_of(scope, body))
        claim = await self._claim(asked)
        if claim.answer is not None:
            await _replay(claim.answer, scope, send)
            return
        held = HeldBack(send, partial(self._settle, scope, asked))
        try:
            await self._app(scope, _replaying(body, receive), held.send)
        finally:
            await held.settle()
        await held.let_go()

    async def _claim(self, asked: _Asked) -> Claim:
        """Return a claim that is ours, or that has an answer.

        Raises: Problem: the key stands for another request, or the same is being carried out at this moment.
        """
        name = (asked.owner, asked.key)
        now = self._clock.now()
        await self._forget_old(now)
        if name in self._at_work:
            claim = Claim(is_ours=False, is_same=self._at_work[name] == asked.request_hash)
        else:
            self._at_work[name] = asked.request_hash
            claim = await self._claimed(asked, now)
        if not claim.is_same:
            raise Problem(422, "This Idempotency-Key was used for another request: take a new one.")
        if not claim.is_ours and claim.answer is None:
            raise Problem(409, "The request with this Idempotency-Key is still being carried out.", headers=_SOON)
        return claim

    async def _claimed(self, asked: _Asked, now: datetime) -> Claim:
        is_ours = False
        try:
            claim = await self._answers.claim(
                asked.owner,
                asked.key,
                asked.request_hash,
                abandoned_before=now - _ABANDONED_AFTER,
                forgotten_before=now - _KEPT_FOR,
            )
            is_ours = claim.is_ours
            return claim
        finally:
            if not is_ours:
                self._at_work.pop((asked.owner, asked.key), None)

    async def _settle(self, scope: Scope, asked: _Asked, answer: StoredAnswer | None) -> None:
        """Keep the answer before the caller has it: who heard that something is done never causes it again.

        What was done has been done even if its answer cannot be kept: the caller is told either way.
        """
        try:
            if answer is not None and _NOT_KEPT not in scope:
                await self._answers.put_answer(asked.owner, asked.key, kept_of(answer))
            else:
                await self._answers.release(asked.owner, asked.key)
        except StoreError as error:
            log.warning("answer_not_kept", error=type(error).__name__)
        finally:
            self._at_work.pop((asked.owner, asked.key), None)

    async def _forget_old(self, now: datetime) -> None:
        if self._forgot_at is None or now - self._forgot_at >= _FORGOTTEN_EVERY:
            self._forgot_at = now
            await self._answers.forget_answers(now - _KEPT_FOR)


def _key_in(scope: Scope) -> str | None:
    for name, value in scope["headers"]:
        if name == b"idempotency-key":
            found = _KEY.fullmatch(value.strip())
            if found is None:
                raise Problem(400, "Idempotency-Key must be 1 to 200 visible ASCII characters, such as a UUID.")
            return str(found.group(1), "ascii")
    return None


def _hash_of(scope: Scope, body: bytes) -> str:
    kind = next((value for name, value in scope["headers"] if name == b"content-type"), b"")
    condition = next((value for name, value in scope["headers"] if name == b"if-match"), b"")
    parts = (scope["method"].encode(), scope["raw_path"], scope["query_string"], kind, condition, body)
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8))
        digest.update(part)
    return digest.hexdigest()


async def _whole_body(receive: Receive) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise Problem(400, "The body broke off.")
        body += message.get("body", b"")
        if not message.get("more_body", False):
            return bytes(body)


def _replaying(body: bytes, receive: Receive) -> Receive:
    is_given = False

    async def receive_again() -> Message:
        nonlocal is_given
        if is_given:
            return await receive()
        is_given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive_again


async def _replay(answer: StoredAnswer, scope: Scope, send: Send) -> None:
    scope[MORE_HEADERS] = (*scope.get(MORE_HEADERS, ()), *_REPLAYED)
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers.items()]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body, "more_body": False})
