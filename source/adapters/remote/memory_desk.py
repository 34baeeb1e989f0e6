"""Memories made from and put down at an Echo elsewhere, over its API."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import structlog

from source.adapters.remote.api_client import ApiClient, ApiRefusedError, ApiUnavailableError
from source.domain.errors import StoreConflictError, StoreUnavailableError
from source.domain.memory import Memory, MemorySource, StoredMemory
from source.domain.message import Message, MessageType
from source.domain.turn import ModelUsage
from source.ports.memories import RememberedConversation

log = structlog.get_logger(__name__)

_NOT_FOUND: Final = 404
_CHANGED: Final = frozenset({409, 412})
_TOO_MANY: Final = 429
_MOST_COSTS: Final = 10_000
_MOST_ERROR_CHARS: Final = 500


class ApiMemoryDesk:
    """Implements `MemoryDesk` and `UsageLedger`: what a memory cost is told with the memory."""

    def __init__(self, api: ApiClient) -> None:
        self._api = api
        self._costs: dict[int, list[ModelUsage]] = {}

    async def fetch(self, conversation_id: int) -> RememberedConversation | None:
        said = await self._found(f"/conversations/{conversation_id}/messages")
        if said is None:
            return None
        memory = await self._found(f"/memories/{conversation_id}")
        people = {line["requester"]: line["name"] for line in said if line.get("requester") and line.get("name")}
        return RememberedConversation(tuple(map(_message, said)), people, _memory(memory) if memory else None)

    async def keep(self, conversation_id: int, memory: Memory, *, version: int) -> StoredMemory:
        costs = self._costs.pop(conversation_id, [])
        body = {
            "conversation_id": conversation_id,
            "memory_data": memory.as_data(),
            "usage": [_cost(usage) for usage in costs],
        }
        expected = {"If-Match": f'"{version}"'}
        try:
            async with self._api.opened("POST", "/memories", body=body, headers=expected) as response:
                return _memory(await response.json())
        except (ApiRefusedError, ApiUnavailableError) as error:
            self._costs[conversation_id] = costs  # told with the next one that is kept
            raise _translated(error) from error

    async def note_failure(self, conversation_id: int, sentence: str) -> None:
        """Tell it to the Echo that has the conversation, so that it rests; who cannot be told is not waited for."""
        log.warning("memory_not_made", conversation_id=conversation_id, reason=sentence)
        path, body = f"/memories/{conversation_id}/failures", {"error": sentence[:_MOST_ERROR_CHARS]}
        try:
            async with self._api.opened("POST", path, body=body):
                pass
        except (ApiRefusedError, ApiUnavailableError) as error:
            log.warning("memory_failure_not_noted", conversation_id=conversation_id, reason=str(error))

    async def note_usage(self, conversation_id: int, usage: ModelUsage) -> None:
        """Remember a cost until the conversation's memory is kept."""
        if len(self._costs) >= _MOST_COSTS:
            forgotten = self._costs.pop(next(iter(self._costs)))
            log.warning("usage_not_kept", calls=len(forgotten))
        self._costs.setdefault(conversation_id, []).append(usage)

    async def _found(self, path: str) -> Any:  # Any: JSON, as the path documents it
        """Return the JSON at a path; None where there is nothing."""
        try:
            return await self._api.get(path)
        except (ApiRefusedError, ApiUnavailableError) as error:
            if isinstance(error, ApiRefusedError) and error.status == _NOT_FOUND:
                return None
            raise _translated(error) from error


def _translated(error: ApiRefusedError | ApiUnavailableError) -> Exception:
    if isinstance(error, ApiUnavailableError) or error.status == _TOO_MANY:
        return StoreUnavailableError(str(error))
    if error.status in _CHANGED or error.status == _NOT_FOUND:
        return StoreConflictError(str(error))
    return error


def _message(line: Mapping[str, Any]) -> Message:
    return Message(
        created_at=datetime.fromisoformat(line["created_at"]),
        message_type=MessageType.CHAT,
        message_content=line["content"],
        requester=line.get("requester") or (None if line["role"] == "assistant" else "somebody"),
        message_id=line["id"],
    )


def _memory(found: Mapping[str, Any]) -> StoredMemory:
    return StoredMemory(
        memory_id=found["id"],
        conversation_id=found["conversation_id"],
        memory_data=found["memory_data"],
        covers_to=found["covers_to"],
        source=MemorySource(found["source"]),
        version=found["version"],
        created_at=datetime.fromisoformat(found["created_at"]),
        updated_at=datetime.fromisoformat(found["updated_at"]),
    )


def _cost(usage: ModelUsage) -> dict[str, object]:
    return {
        "model": usage.model,
        "input_tokens": usage.input_tokens,
        "cached_tokens": usage.cached_tokens,
        "output_tokens": usage.output_tokens,
        "cost": usage.cost,
        "estimated": usage.estimated,
    }
