"""API keys: made, listed, revoked, recognized."""

import asyncio
import hashlib
import hmac
import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

import structlog

from source.domain.api_key import ApiKey, Scope
from source.domain.errors import RefusedInputError, StoreError
from source.ports.api_keys import ApiKeyStore, NewApiKey
from source.ports.clock import Clock

log = structlog.get_logger(__name__)

_BEGINNING: Final = "echo_"
_ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_SECRET_BYTES: Final = 32
_SECRET_CHARS: Final = 43  # 62**43 > 2**256
_PREFIX_CHARS: Final = len(_BEGINNING) + 6
# A name stands in paths and in lines of the log.
NAME_PATTERN: Final = r"^[A-Za-z0-9][A-Za-z0-9 ._:@+-]{0,99}$"
RESERVED_NAMES: Final = frozenset({"local", "anonymous"})
# How long a key that another process revoked may still open something here.
FRESH_FOR: Final = timedelta(seconds=2)
_NOTED_EVERY: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class MadeKey:
    """A new key and its secret, which is told this once and kept nowhere."""

    key: ApiKey
    secret: str


def new_secret() -> str:
    """Return a secret of 256 random bits."""
    number = int.from_bytes(secrets.token_bytes(_SECRET_BYTES))
    digits = []
    for _ in range(_SECRET_CHARS):
        number, digit = divmod(number, len(_ALPHABET))
        digits.append(_ALPHABET[digit])
    return _BEGINNING + "".join(digits)


def digest_of(secret: str) -> str:
    """Return what is kept of a secret.

    A plain SHA-256: slow hashes protect words that people choose, and nobody guesses 256 random bits.
    """
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


class ApiKeys:
    """Knows the keys by heart, and looks again every moment for what other processes changed."""

    def __init__(self, store: ApiKeyStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._known: dict[str, ApiKey] | None = None
        self._known_at = 0.0
        self._loading = asyncio.Lock()
        self._used: dict[int, datetime] = {}
        self._noted_at = clock.monotonic()

    async def create(self, name: str, scopes: Collection[Scope], *, expires_in: timedelta | None = None) -> MadeKey:
        """Make a key.

        Raises: RefusedInputError: not with this name or these scopes. StoreConflictError: the name is taken.
        """
        name = _checked_name(name)
        if not scopes:
            raise RefusedInputError(f"A key needs at least one scope: {', '.join(Scope)}.")
        if expires_in is not None and expires_in <= timedelta(0):
            raise RefusedInputError("A key must expire in the future.")
        secret = new_secret()
        expires_at = None if expires_in is None else self._clock.now() + expires_in
        new = NewApiKey(name, secret[:_PREFIX_CHARS], digest_of(secret), frozenset(scopes), expires_at)
        made = MadeKey(await self._store.add_key(new), secret)
        self._known = None
        log.info("api_key_created", key=name, scopes=sorted(scope.value for scope in scopes))
        return made

    async def listed(self) -> list[ApiKey]:
        """Return every key, the oldest first, with its latest use."""
        return [self._with_latest_use(key) for key in await self._store.keys()]

    async def revoke(self, name: str) -> ApiKey | None:
        """Have a key open nothing any more; None: no such key."""
        revoked = await self._store.revoke_key(name)
        self._known = None
        if revoked is not None:
            log.info("api_key_revoked", key=name)
        return revoked

    async def any_exist(self) -> bool:
        """Whether a key was ever made; one that is revoked or has expired counts: the door stays shut."""
        return bool(await self._keys_by_digest())

    async def recognize(self, secret: str) -> ApiKey | None:
        """Return the valid key with this secret.

        Raises: StoreError: the keys have never been read.
        """
        digest = digest_of(secret)
        key = (await self._keys_by_digest()).get(digest)
        now = self._clock.now()
        if key is None or not hmac.compare_digest(key.digest, digest) or not key.is_valid(now):
            return None
        self._used[key.key_id] = now
        return key

    async def note_uses(self) -> None:
        """Write down which keys were used lately."""
        used, self._used = self._used, {}
        self._noted_at = self._clock.monotonic()
        if not used:
            return
        try:
            await self._store.note_used(used)
        except StoreError as error:
            self._used = used | self._used
            log.warning("api_key_use_not_noted", error=type(error).__name__)

    async def _keys_by_digest(self) -> dict[str, ApiKey]:
        if self._known is not None and (self._is_fresh() or self._loading.locked()):
            return self._known
        async with self._loading:
            if self._known is not None and self._is_fresh():
                return self._known
            return await self._look_again()

    def _is_fresh(self) -> bool:
        return self._clock.monotonic() - self._known_at < FRESH_FOR.total_seconds()

    async def _look_again(self) -> dict[str, ApiKey]:
        begun = self._clock.monotonic()
        try:
            known = {key.digest: key for key in await self._store.keys()}
        except StoreError as error:
            if self._known is None:
                raise
            known = self._known
            log.warning("api_keys_not_read", error=type(error).__name__)
        self._known, self._known_at = known, begun
        if begun - self._noted_at >= _NOTED_EVERY.total_seconds():
            await self.note_uses()
        return known

    def _with_latest_use(self, key: ApiKey) -> ApiKey:
        used = self._used.get(key.key_id)
        return key if used is None else replace(key, last_used_at=used)


def _checked_name(name: str) -> str:
    name = name.strip()
    if not re.fullmatch(NAME_PATTERN, name) or name.lower() in RESERVED_NAMES:
        reserved = " or ".join(sorted(RESERVED_NAMES))
        raise RefusedInputError(
            "A key's name has 1 to 100 letters of English, digits, spaces and . _ : @ + -, "
            f"begins with a letter or digit, and is not {reserved}."
        )
    return name
