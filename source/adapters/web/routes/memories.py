"""Memories of conversations: `/memories`, and having them made."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Protocol

from fastapi import APIRouter, Path, Request, Response
from pydantic import Field

from source.adapters.web.access import Caller, Scope, requires
from source.adapters.web.documented import problems
from source.adapters.web.handing_in import key_of
from source.adapters.web.pages import STORABLE, Body, Identifier, Name, PageQuery, Shown
from source.adapters.web.problems import Problem
from source.adapters.web.versions import ExpectedVersion, etag_of
from source.domain.memory import MemorySource, StoredMemory
from source.domain.task import Task
from source.domain.turn import ModelUsage, Purpose
from source.ports.clock import Clock
from source.ports.memories import MemoryStore

_Asking = Annotated[Caller, requires(Scope.TASKS)]
_Reading = Annotated[Caller, requires(Scope.READ)]
_Writing = Annotated[Caller, requires(Scope.WRITE)]
_ConversationId = Annotated[Identifier, Path(description="The conversation whose memory it is.")]
_Tokens = Annotated[int, Field(strict=True, ge=0, le=2**31 - 1)]
_EXAMPLE = {
    "summary": {"text": "Ada plans a picnic.", "message_ids": [6821946150912064]},
    "facts": [{"text": "Ada lives in Lisbon.", "message_ids": [6821946150912064]}],
    "source": "model",
}


class UsageBody(Body):
    """What a model call took that the memory was made with; `cost` is in millionths of a dollar."""

    model: Name = Field(examples=["gpt-5-mini"])
    input_tokens: _Tokens
    cached_tokens: _Tokens = 0
    output_tokens: _Tokens
    cost: _Tokens | None = None
    estimated: Annotated[bool, Field(strict=True)] = False

    def as_used(self, now: datetime) -> ModelUsage:
        return ModelUsage(
            model=self.model,
            purpose=Purpose.MEMORY,
            created_at=now,
            input_tokens=self.input_tokens,
            cached_tokens=self.cached_tokens,
            output_tokens=self.output_tokens,
            estimated=self.estimated,
            cost=self.cost,
        )


class MemoryBody(Body):
    """A memory to keep in place of the one that the conversation has."""

    conversation_id: Annotated[Identifier, Field(strict=True)]
    memory_data: dict[str, object] = Field(
        description="What is remembered: `summary`, `topics`, `facts`, `preferences`, `open_issues`, `people`, "
        "`intents`, `language`, `source`. What no message of the conversation shows is dropped and counted.",
        min_length=1,
        max_length=40,
        examples=[_EXAMPLE],
    )
    made_of: str | None = Field(
        default=None,
        pattern="^[0-9a-f]{64}$",
        description="The SHA-256, in hex, of a line `id edited_at` for each message up to `covers_to`, as "
        "`GET /conversations/{id}/messages` shows them (nothing for null, each line with its end): what was edited "
        "or taken back since then is answered 409, and nothing is kept.",
        examples=[None, "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"],
    )
    usage: list[UsageBody] = Field(
        default_factory=list, max_length=1_000, description="What making it cost, to be counted with the conversation."
    )


class FailureBody(Body):
    """Why a memory could not be made."""

    error: str = Field(min_length=1, max_length=500, pattern=STORABLE, examples=["The model gave no memory."])


class MemoryShown(Shown):
    """A memory; `covers_to` is the last message that it was made of."""

    id: int
    conversation_id: int
    memory_data: dict[str, object] = Field(examples=[_EXAMPLE])
    source: MemorySource
    covers_to: int
    version: int
    created_at: datetime
    updated_at: datetime


class MemoriesShown(Shown):
    """A part of all memories, the latest changed first."""

    memories: list[MemoryShown]


class GenerationAnswer(Shown):
    """The task that makes the memories of these conversations; null when none needs one, and `reason` says why."""

    task_id: int | None
    conversation_ids: list[int]
    reason: str | None = Field(
        description="Why no conversation is named.", examples=[None, "No conversation needs a memory now; …"]
    )


class MemoryTrigger(Protocol):
    """What is needed of the memories' service."""

    async def trigger(self, requested_by: str, *, key: str | None = None) -> tuple[Task | None, Sequence[int]]:
        """As in `MemoryTrigger` of the service."""
        ...

    async def why_none(self) -> str:
        """As in `MemoryTrigger` of the service."""
        ...


class Intake(Protocol):
    """What is needed of what takes memories that others have made."""

    async def put(
        self,
        conversation_id: int,
        memory_data: Mapping[str, object],
        *,
        version: int | None = None,
        made_of: str | None = None,
        usage: Sequence[ModelUsage] = (),
    ) -> StoredMemory | None:
        """As in `MemoryIntake`."""
        ...


@dataclass(frozen=True, slots=True)
class MemoryParts:
    """What memories over HTTP need."""

    trigger: MemoryTrigger
    memories: MemoryStore
    intake: Intake
    clock: Clock


def router(parts: MemoryParts) -> APIRouter:
    """Return the routes of memories."""
    routes = APIRouter(tags=["memories"])

    @routes.post(
        "/tasks/trigger-memory-generation",
        operation_id="triggerMemoryGeneration",
        status_code=202,
        responses=problems(),
    )
    async def trigger(request: Request, response: Response, caller: _Asking) -> GenerationAnswer:
        """Have memories made of all conversations that are quiet and have none, or newer messages than theirs."""
        key = key_of(request, "memories")
        task, conversation_ids = await parts.trigger.trigger(caller.requested_by, key=key)
        if task is not None:
            response.headers["Location"] = f"/api/conversations/tasks/{task.task_id}"
        reason = None if conversation_ids else await parts.trigger.why_none()
        task_id = task.task_id if task else None
        return GenerationAnswer(task_id=task_id, conversation_ids=list(conversation_ids), reason=reason)

    @routes.post("/memories", operation_id="putMemory", responses=problems(400, 404, 409, 412))
    async def put(body: MemoryBody, response: Response, expected: ExpectedVersion, _: _Writing) -> MemoryShown:
        """Keep a memory, in place of the conversation's own if it has one.

        A memory that covers more messages than this one stays, unless a person wrote this one (`source`).
        """
        now = parts.clock.now()
        usage = [each.as_used(now) for each in body.usage]
        kept = await parts.intake.put(
            body.conversation_id, body.memory_data, version=expected, made_of=body.made_of, usage=usage
        )
        if kept is None:
            raise _no_conversation(body.conversation_id)
        return _shown(kept, response)

    @routes.get("/memories", operation_id="listMemories", responses=problems())
    async def listed(page: PageQuery, _: _Reading) -> MemoriesShown:
        """List memories, the latest changed first."""
        found = await parts.memories.memories(limit=page.limit, offset=page.offset)
        return MemoriesShown(memories=[_memory(memory) for memory in found])

    @routes.get("/memories/{conversation_id}", operation_id="getMemory", responses=problems(404))
    async def one(conversation_id: _ConversationId, response: Response, _: _Reading) -> MemoryShown:
        """Return the memory of a conversation."""
        memory = await parts.memories.memory(conversation_id)
        if memory is None:
            raise _no_memory(conversation_id)
        return _shown(memory, response)

    @routes.post(
        "/memories/{conversation_id}/failures",
        operation_id="noteMemoryFailure",
        status_code=204,
        responses=problems(400),
    )
    async def failed(conversation_id: _ConversationId, body: FailureBody, _: _Writing) -> None:
        """Note that no memory could be made: the conversation rests for 1, 2, 4 … hours before it is tried again."""
        await parts.memories.note_failure(conversation_id, body.error)

    @routes.delete("/memories/{conversation_id}", operation_id="deleteMemory", status_code=204, responses=problems(404))
    async def delete(conversation_id: _ConversationId, _: _Writing) -> None:
        """Forget the memory of a conversation; its messages stay, so that a new one may be made of them."""
        if not await parts.memories.delete_memory(conversation_id):
            raise _no_memory(conversation_id)

    return routes


def _shown(memory: StoredMemory, response: Response) -> MemoryShown:
    response.headers["ETag"] = etag_of(memory.version)
    return _memory(memory)


def _memory(memory: StoredMemory) -> MemoryShown:
    return MemoryShown(
        id=memory.memory_id,
        conversation_id=memory.conversation_id,
        memory_data=dict(memory.memory_data),
        source=memory.source,
        covers_to=memory.covers_to,
        version=memory.version,
        created_at=memory.created_at,
        updated_at=memory.updated_at,
    )


def _no_conversation(conversation_id: int) -> Problem:
    return Problem(404, f"There is no conversation {conversation_id}; `GET /api/conversations` lists them.")


def _no_memory(conversation_id: int) -> Problem:
    return Problem(404, f"Conversation {conversation_id} has no memory; `GET /memories` lists those that there are.")
