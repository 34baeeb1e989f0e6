"""Where API keys are kept, and the answers to writes that may be repeated."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from source.domain.api_key import ApiKey, Scope


@dataclass(frozen=True, slots=True)
class NewApiKey:
    """A key to keep, without its secret."""

    name: str
    prefix: str
    digest: str
    scopes: frozenset[Scope]
    expires_at: datetime | None = None


class ApiKeyStore(Protocol):
    """The API keys; revoked and expired ones stay.

    Raises: StoreError.
    """

    async def add_key(self, new: NewApiKey) -> ApiKey:
        """Keep a key.

        Raises: StoreConflictError: there is, or was, one of that name.
        """
        ...

    async def keys(self) -> list[ApiKey]:
        """Return every key, the oldest first."""
        ...

    async def revoke_key(self, name: str) -> ApiKey | None:
        """Have the key open nothing any more; None: no such key."""
        ...

    async def note_used(self, used: Mapping[int, datetime]) -> None:
        """Note by key id when keys were last used; a time only moves forward."""
        ...


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """What was answered to a write."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Claim:
    """What became of the wish to carry a request out under an idempotency key.

    `is_ours`: carry it out. Else there is an `answer`, or somebody else is at it; `is_same` says whether
    that was the same request.
    """

    is_ours: bool
    is_same: bool = True
    answer: StoredAnswer | None = None


class AnswerStore(Protocol):
    """Answers to writes by the caller's own key for each.

    Raises: StoreError.
    """

    async def claim(
        self, owner: str, key: str, request_hash: str, *, abandoned_before: datetime, forgotten_before: datetime
    ) -> Claim:
        """Note durably that the request is being carried out, unless it is or was already.

        One that began before `abandoned_before` and was never answered counts as not begun, any that began
        before `forgotten_before` as never asked.
        """
        ...

    async def put_answer(self, owner: str, key: str, answer: StoredAnswer) -> None:
        """Keep the answer for whoever asks again."""
        ...

    async def release(self, owner: str, key: str) -> None:
        """Forget the request: asked again, it is carried out again."""
        ...

    async def forget_answers(self, before: datetime, limit: int = 1_000) -> int:
        """Remove what was asked before then; return how many."""
        ...
