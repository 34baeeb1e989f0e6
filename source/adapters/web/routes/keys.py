"""API keys over the API: `/api/keys`; the command line goes through it while Echo runs."""

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Path, Request
from pydantic import Field

from source.adapters.web.access import Scope, requires
from source.adapters.web.documented import problems
from source.adapters.web.idempotency import keep_no_answer
from source.adapters.web.pages import Body, Shown
from source.adapters.web.problems import Problem
from source.domain.api_key import ApiKey
from source.services.api_keys import NAME_PATTERN, ApiKeys

_MOST_DAYS = 3_650
_KeyName = Annotated[str, Field(pattern=NAME_PATTERN, examples=["dashboard"])]


class NewKeyBody(Body):
    """A key to be made."""

    name: _KeyName
    scopes: list[Scope] = Field(min_length=1, max_length=len(Scope), examples=[["read", "chat"]])
    expires_in_days: int | None = Field(
        default=None, ge=1, le=_MOST_DAYS, description="Without it the key never expires.", examples=[90]
    )


class KeyShown(Shown):
    """A key without its secret."""

    name: str = Field(examples=["dashboard"])
    prefix: str = Field(description="How the key begins.", examples=["echo_4fJ2xQ"])
    scopes: list[Scope] = Field(examples=[["chat", "read"]])
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None


class MadeKeyShown(KeyShown):
    """A new key; its secret is told this once."""

    secret: str = Field(examples=["echo_4fJ2xQpWbq7y0dXrUe3nS8aKmT1cVzHgL5iO9tBfRjNwYl"])


class KeysShown(Shown):
    """All keys, the oldest first."""

    keys: list[KeyShown]


def router(keys: ApiKeys) -> APIRouter:
    """Return the routes for administrators."""
    routes = APIRouter(prefix="/api/keys", tags=["keys"], dependencies=[requires(Scope.ADMIN)])

    @routes.get("", operation_id="listKeys", responses=problems())
    async def listed() -> KeysShown:
        """List the keys, revoked and expired ones too."""
        return KeysShown(keys=[KeyShown.model_validate(_fields(key)) for key in await keys.listed()])

    @routes.post("", operation_id="createKey", status_code=201, responses=problems(400, 409))
    async def create(body: NewKeyBody, request: Request) -> MadeKeyShown:
        """Make a key. Its secret is in this answer and nowhere else, so that a repeat finds the name taken."""
        keep_no_answer(request)
        days = None if body.expires_in_days is None else timedelta(days=body.expires_in_days)
        made = await keys.create(body.name, body.scopes, expires_in=days)
        return MadeKeyShown.model_validate({**_fields(made.key), "secret": made.secret})

    @routes.delete("/{name}", operation_id="revokeKey", responses=problems(404))
    async def revoke(name: Annotated[_KeyName, Path()]) -> KeyShown:
        """Revoke a key: within seconds it opens nothing any more, in any process."""
        key = await keys.revoke(name)
        if key is None:
            raise Problem(404, "There is no key of this name; `GET /api/keys` lists them.")
        return KeyShown.model_validate(_fields(key))

    return routes


def _fields(key: ApiKey) -> dict[str, object]:
    return {
        "name": key.name,
        "prefix": key.prefix,
        "scopes": sorted(key.scopes),
        "created_at": key.created_at,
        "expires_at": key.expires_at,
        "revoked_at": key.revoked_at,
        "last_used_at": key.last_used_at,
    }
