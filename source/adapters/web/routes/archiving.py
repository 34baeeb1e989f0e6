"""Putting conversations away and bringing them back."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final

from fastapi import APIRouter, Request, Response
from pydantic import Field

from source.adapters.web.access import Caller, Scope, requires
from source.adapters.web.bodies import ChatId, ChatIds, TaskAnswer
from source.adapters.web.chat_ids import known_chats
from source.adapters.web.documented import problems
from source.adapters.web.handing_in import handed_in
from source.adapters.web.pages import Body, PageQuery, Sentence, Shown
from source.domain.task import NewTask, TaskType
from source.ports.archives import ArchivedConversation, ArchiveStore
from source.ports.tasks import TaskQueue

_Asking = Annotated[Caller, requires(Scope.TASKS)]
_Reading = Annotated[Caller, requires(Scope.READ)]
_TAKEN: Final = 202


class ArchiveBody(Body):
    """Chats to put away, with all their conversations; `compress` is else as COMPRESS_ARCHIVES says."""

    chat_ids: ChatIds
    reason: Sentence = Field(default="", examples=["Completed conversations"])
    compress: bool | None = Field(default=None, strict=True, examples=[True])


class UnarchiveBody(Body):
    """A chat to bring back."""

    chat_id: ChatId


class ArchiveShown(Shown):
    """A conversation that was put away; `size_bytes` is that of its transcript, `stored_bytes` what it takes now."""

    conversation_id: int
    chat_id: str
    platform: str
    title: str
    summary: str
    reason: str
    archived_by: str = Field(examples=["schedule"])
    archived_at: datetime
    created_at: datetime
    last_message_at: datetime | None
    message_count: int
    is_compressed: bool
    size_bytes: int
    stored_bytes: int
    location: str = Field(description="Its name in the archive storage.")


class ArchivesShown(Shown):
    """A part of all archives, the latest first."""

    archives: list[ArchiveShown]
    total: int


@dataclass(frozen=True, slots=True)
class ArchivingParts:
    """What archiving over HTTP needs."""

    queue: TaskQueue
    archives: ArchiveStore


def router(parts: ArchivingParts) -> APIRouter:
    """Return the routes of archives."""
    routes = APIRouter(prefix="/api/conversations", tags=["archives"])

    @routes.post("/archive", operation_id="archiveChats", status_code=_TAKEN, responses=problems(400, 404))
    async def archive(body: ArchiveBody, request: Request, response: Response, caller: _Asking) -> TaskAnswer:
        """Put all conversations of these chats away; their messages stay where they can be searched."""
        chats = await known_chats(parts.archives, body.chat_ids)
        wish: dict[str, object] = {"chat_ids": chats, "reason": body.reason}
        if body.compress is not None:
            wish["compress"] = body.compress
        new = NewTask(TaskType.ARCHIVE_CONVERSATIONS, wish, caller.requested_by)
        return await handed_in(parts.queue, new, request, response)

    @routes.post("/unarchive", operation_id="unarchiveChat", status_code=_TAKEN, responses=problems(400, 404))
    async def unarchive(body: UnarchiveBody, request: Request, response: Response, caller: _Asking) -> TaskAnswer:
        """Bring the archived conversations of a chat back as they were."""
        (chat_id,) = await known_chats(parts.archives, [body.chat_id])
        new = NewTask(TaskType.UNARCHIVE_CONVERSATION, {"chat_id": chat_id}, caller.requested_by)
        return await handed_in(parts.queue, new, request, response)

    @routes.get("/archives", operation_id="listArchives", responses=problems())
    async def archives(page: PageQuery, _: _Reading) -> ArchivesShown:
        """List what was put away, the latest first."""
        found = await parts.archives.archived(limit=page.limit, offset=page.offset)
        return ArchivesShown(
            archives=[_archive_shown(each) for each in found], total=await parts.archives.count_archived()
        )

    return routes


def _archive_shown(archived: ArchivedConversation) -> ArchiveShown:
    archive, head = archived.archive, archived.head
    return ArchiveShown(
        conversation_id=archive.conversation_id,
        chat_id=head.thread.thread_id,
        platform=head.thread.platform.value,
        title=head.title,
        summary=head.summary,
        reason=archive.reason,
        archived_by=archive.archived_by,
        archived_at=archive.archived_at,
        created_at=head.created_at,
        last_message_at=head.last_message_at,
        message_count=archive.message_count,
        is_compressed=archive.is_compressed,
        size_bytes=archive.size_bytes,
        stored_bytes=archive.stored_bytes,
        location=archive.location,
    )
