"""API keys from the command line: through the running Echo where there is one, else in its database."""

import re
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime, timedelta
from typing import Final, Protocol
from urllib.parse import quote

import click

from source.adapters.remote.api_client import ApiClient
from source.adapters.storage.api_key_table import ApiKeyTable
from source.adapters.storage.engine import is_there
from source.adapters.storage.sql_store import SqlStore
from source.app.composition import hold_folders
from source.app.running_api import running_api
from source.app.settings import Settings
from source.domain.api_key import ApiKey, Scope
from source.domain.errors import RefusedInputError
from source.ports.clock import SystemClock
from source.services.api_keys import ApiKeys, MadeKey

_PATH: Final = "/api/keys"
_DAYS: Final = re.compile(r"([1-9][0-9]{0,3})\s*([dwmy]?)")
_DAYS_IN: Final = {"": 1, "d": 1, "w": 7, "m": 30, "y": 365}
_MOST_DAYS: Final = 3_650
_FIRST: Final = (
    "It is the first key: from now on every program that calls the API needs one, also on this machine. "
    "`python bot.py` itself does not."
)


class Keyring(Protocol):
    """Whoever makes, lists and revokes keys."""

    async def create(self, name: str, scopes: Collection[Scope], *, expires_in: timedelta | None = None) -> MadeKey: ...

    async def listed(self) -> list[ApiKey]: ...

    async def revoke(self, name: str) -> ApiKey | None: ...


async def create_key(settings: Settings, name: str, scopes: Sequence[str], *, expires: str | None) -> int:
    """Make a key and print its secret, alone on standard output; `expires` is like 90d, 12w, 6m or 1y.

    Raises: RefusedInputError: not with this name, these scopes or this time.
    """
    expires_in, wanted = expiry_of(expires), [_scope(scope) for scope in scopes]
    async with _keyring(settings) as keys:
        is_first = not await keys.listed()
        made = await keys.create(name, wanted, expires_in=expires_in)
    until = f"until {made.key.expires_at:%Y-%m-%d}" if made.key.expires_at else "until it is revoked"
    click.echo(made.secret)
    click.echo(f"{made.key.name}: {_scopes(made.key)}, {until}. The key is shown this once; keep it safe.", err=True)
    if is_first:
        click.echo(_FIRST, err=True)
    return 0


async def list_keys(settings: Settings) -> int:
    """Print one line for each key."""
    listed = [] if _is_new(settings) else await _listed(settings)
    for key in listed:
        click.echo(_line(key, SystemClock().now()))
    if not listed:
        click.echo("There is no API key yet: `python bot.py keys create NAME --scope read` makes one.", err=True)
    return 0


async def revoke_key(settings: Settings, name: str) -> int:
    """Revoke a key; 1 when there is none of that name."""
    revoked = None if _is_new(settings) else await _revoked(settings, name)
    if revoked is None:
        click.echo(f"There is no key named {name!r}; `python bot.py keys list` shows which there are.", err=True)
        return 1
    click.echo(f"{name} opens nothing any more.", err=True)
    return 0


def _is_new(settings: Settings) -> bool:
    """Whether there is no database yet: looking for a key makes none."""
    return settings.sqlite_file is not None and not is_there(settings.sqlite_file)


async def _listed(settings: Settings) -> list[ApiKey]:
    async with _keyring(settings) as keys:
        return await keys.listed()


async def _revoked(settings: Settings, name: str) -> ApiKey | None:
    async with _keyring(settings) as keys:
        return await keys.revoke(name)


def expiry_of(text: str | None) -> timedelta | None:
    """Return how long a key is to last.

    Raises: RefusedInputError: that is no time.
    """
    if text is None:
        return None
    found = _DAYS.fullmatch(text.strip().lower())
    days = int(found.group(1)) * _DAYS_IN[found.group(2)] if found else 0
    if not 0 < days <= _MOST_DAYS:
        raise RefusedInputError(f"--expires {text}: give days, weeks, months or years up to ten, such as 90d or 1y.")
    return timedelta(days=days)


@asynccontextmanager
async def _keyring(settings: Settings) -> AsyncIterator[Keyring]:
    """On SQLite the process that owns the folder is asked; PostgreSQL takes a second writer."""
    async with AsyncExitStack() as stack:
        clock = SystemClock()
        if settings.sqlite_file is not None:
            client = await running_api(stack, settings)
            if client is not None:
                yield _OverApi(client)
                return
            hold_folders(stack, settings, command="keys")
        store = await SqlStore.open(settings.database, clock=clock, durability=settings.durability)
        stack.push_async_callback(store.close)
        yield ApiKeys(ApiKeyTable(store), clock)


class _OverApi:
    """The keys of the Echo that is running."""

    def __init__(self, client: ApiClient) -> None:
        self._client = client

    async def create(self, name: str, scopes: Collection[Scope], *, expires_in: timedelta | None = None) -> MadeKey:
        days = None if expires_in is None else expires_in.days
        body = {"name": name, "scopes": [scope.value for scope in scopes], "expires_in_days": days}
        made = await self._client.post(_PATH, body)
        return MadeKey(_key(made), made["secret"])

    async def listed(self) -> list[ApiKey]:
        return [_key(key) for key in (await self._client.get(_PATH))["keys"]]

    async def revoke(self, name: str) -> ApiKey | None:
        if name not in {key.name for key in await self.listed()}:
            return None
        async with self._client.opened("DELETE", f"{_PATH}/{quote(name, safe='')}") as response:
            return _key(await response.json())


def _key(shown: Mapping[str, str]) -> ApiKey:
    """Return a key as the API shows it, which tells neither id nor digest."""

    def moment(name: str) -> datetime | None:
        return datetime.fromisoformat(shown[name]) if shown[name] else None

    return ApiKey(
        key_id=0,
        name=shown["name"],
        prefix=shown["prefix"],
        digest="",
        scopes=frozenset(map(Scope, shown["scopes"])),
        created_at=datetime.fromisoformat(shown["created_at"]),
        expires_at=moment("expires_at"),
        revoked_at=moment("revoked_at"),
        last_used_at=moment("last_used_at"),
    )


def _scope(text: str) -> Scope:
    try:
        return Scope(text.strip().lower())
    except ValueError as error:
        raise RefusedInputError(f"There is no scope {text!r}; there are {', '.join(Scope)}.") from error


def _scopes(key: ApiKey) -> str:
    return ", ".join(sorted(key.scopes))


def _line(key: ApiKey, now: datetime) -> str:
    if key.revoked_at is not None:
        state = f"revoked {key.revoked_at:%Y-%m-%d}"
    elif key.expires_at is None:
        state = "does not expire"
    else:
        state = f"{'expires' if now < key.expires_at else 'expired'} {key.expires_at:%Y-%m-%d}"
    used = f"last used {key.last_used_at.astimezone():%Y-%m-%d %H:%M}" if key.last_used_at else "never used"
    return f"{key.name}  {key.prefix}…  {_scopes(key)}  {state}, {used}"
