"""Memories made from and put down at an Echo elsewhere, over its API."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import uuid4

import structlog

from source.adapters.remote.api_client import ApiClient, ApiRefusedError, ApiUnavailableError
from source.domain.errors import StoreConflictError, StoreUnavailableError
from source.domain.memory import Memory, MemorySource, StoredMemory
from source.domain.message import Message, MessageType
from source.domain.turn import ModelUsage
from source.ports.memories import RememberedConversation

log = structlog.get_logger(__name__)

_NOT_FOUND: Final = 404
_CHANGED: Final = 412
# Nothing is wrong with the request: it is carried out at this moment, or may be made later.
_LATER: Final = frozenset({409, 429})
_MOST_COSTS: Final = 10_000
_MOST_ERROR_CHARS: Final = 500


@dataclass(frozen=True, slots=True)
class _Put:
    """A memory on its way, and what it cost; sent again under the same key it is put down once."""

    body: Mapping[str, object]
    headers: Mapping[str, str]
    costs: list[ModelUsage]


class ApiMemoryDesk:
    """Implements `MemoryDesk` and `UsageLedger`: what a memory cost is told with the memory."""

    def __init__(self, api: ApiClient) -> None:
        self._api = api
        self._costs: dict[int, list[ModelUsage]] = {}
        self._unanswered: dict[int, _Put] = {}

    async def fetch(self, conversation_id: int) -> RememberedConversation | None:
        await self._put_again(conversation_id)
        said = await self._found(f"/conversations/{conversation_id}/messages")
        if said is None:
            return None
        memory = await self._found(f"/memories/{conversation_id}")
        people = {line["requester"]: line["name"] for line in said if line.get("requester") and line.get("name")}
        return RememberedConversation(tuple(map(_message, said)), people, _memory(memory) if memory else None)

    async def keep(self, conversation_id: int, memory: Memory, *, version: int, made_of: str) -> StoredMemory:
        costs = self._costs.pop(conversation_id, [])
        body = {
            "conversation_id": conversation_id,
            "memory_data": memory.as_data(),
            "made_of": made_of,
            "usage": [_cost(usage) for usage in costs],
        }
        headers = {"If-Match": f'"{version}"', "Idempotency-Key": uuid4().hex}
        return _memory(await self._put(conversation_id, _Put(body, headers, costs)))

    async def _put(self, conversation_id: int, put: _Put) -> Any:  # Any: JSON, as the path documents it
        try:
            async with self._api.opened("POST", "/memories", body=put.body, headers=put.headers) as response:
                return await response.json()
        except (ApiRefusedError, ApiUnavailableError) as error:
            translated = _translated(error)
            if isinstance(translated, StoreUnavailableError):
                self._unanswered[conversation_id] = put  # it may have been put down
            else:
                self._costs.setdefault(conversation_id, []).extend(put.costs)  # told with the next one that is kept
            raise translated from error

    async def _put_again(self, conversation_id: int) -> None:
        """Find out what became of a memory whose answer was lost: else its costs would be told never, or twice."""
        put = self._unanswered.pop(conversation_id, None)
        if put is None:
            return
        try:
            await self._put(conversation_id, put)
        except StoreConflictError:
            log.info("memory_changed_meanwhile", conversation_id=conversation_id)

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
    if isinstance(error, ApiUnavailableError) or error.status in _LATER:
        return StoreUnavailableError(str(error))
    if error.status in {_CHANGED, _NOT_FOUND}:
        return StoreConflictError(str(error))
    return error


def _message(line: Mapping[str, Any]) -> Message:
    return Message(
        created_at=datetime.fromisoformat(line["created_at"]),
        message_type=MessageType.CHAT,
        message_content=line["content"],
        requester=line.get("requester") or (None if line["role"] == "assistant" else "somebody"),
        message_id=line["id"],
        edited_at=datetime.fromisoformat(line["edited_at"]) if line.get("edited_at") else None,
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
