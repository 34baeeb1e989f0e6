"""API keys in memory, and a store that can be away."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from source.domain.api_key import ApiKey
from source.domain.errors import StoreConflictError, StoreUnavailableError
from source.ports.api_keys import NewApiKey
from tests.fakes.clock import FakeClock


class InMemoryApiKeys:
    """Implements `ApiKeyStore`; `reads` counts how often all keys were read."""

    def __init__(self, clock: FakeClock) -> None:
        self.reads = 0
        self.is_away = False
        self._clock = clock
        self._keys: dict[str, ApiKey] = {}

    async def add_key(self, new: NewApiKey) -> ApiKey:
        self._ensure_there()
        if new.name in self._keys:
            raise StoreConflictError(f"There is, or was, a key named {new.name!r}: choose another name.")
        self._keys[new.name] = ApiKey(
            len(self._keys) + 1, new.name, new.prefix, new.digest, new.scopes, self._clock.now(), new.expires_at
        )
        return self._keys[new.name]

    async def keys(self) -> list[ApiKey]:
        self.reads += 1
        self._ensure_there()
        return list(self._keys.values())

    async def revoke_key(self, name: str) -> ApiKey | None:
        self._ensure_there()
        if name not in self._keys:
            return None
        key = self._keys[name]
        self._keys[name] = replace(key, revoked_at=key.revoked_at or self._clock.now())
        return self._keys[name]

    async def note_used(self, used: Mapping[int, datetime]) -> None:
        self._ensure_there()
        for name, key in self._keys.items():
            if key.key_id in used:
                self._keys[name] = replace(key, last_used_at=max(used[key.key_id], key.last_used_at or key.created_at))

    def _ensure_there(self) -> None:
        if self.is_away:
            raise StoreUnavailableError("the store is away")
