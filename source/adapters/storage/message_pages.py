"""What was said in a conversation, from the database."""

from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, case, func, select

from source.adapters.storage.sql_access import SqlAccess
from source.adapters.storage.tables import aliases, conversations, messages, sent_statuses, threads
from source.domain.message import MessageType, Standing
from source.domain.outcome import Outcome
from source.ports.message_pages import SaidLine

_CODE = (
    select(func.min(sent_statuses.c.code))
    .where(sent_statuses.c.message_id == messages.c.id, sent_statuses.c.status == Outcome.FAILED.value)
    .scalar_subquery()
)
_ERROR = case((messages.c.delivery == Outcome.FAILED.value, _CODE))
# Made once: a program that reads many conversations spends more on making statements than on their rows.
_PAGE = (
    select(
        messages.c.id,
        messages.c.requester,
        aliases.c.display_name,
        messages.c.content,
        messages.c.created_at,
        messages.c.edited_at,
        messages.c.interrupted,
        messages.c.pii,
        messages.c.delivery,
        _ERROR.label("delivery_error"),
    )
    .join(conversations, conversations.c.id == messages.c.conversation_id)
    .join(threads, threads.c.id == conversations.c.thread_key)
    .outerjoin(
        aliases,
        (aliases.c.platform == threads.c.platform) & (aliases.c.external_id == messages.c.requester),
    )
    .where(
        messages.c.conversation_id == bindparam("conversation"),
        messages.c.id > bindparam("after"),
        messages.c.message_type == MessageType.CHAT.value,
        messages.c.standing == Standing.KEPT.value,
    )
    .order_by(messages.c.id)
    .limit(bindparam("most"))
)


class MessageTable:
    """Implements `MessagePages`."""

    def __init__(self, access: SqlAccess) -> None:
        self._access = access

    async def said_in(self, conversation_id: int, *, after: int = 0, limit: int) -> Sequence[SaidLine] | None:
        return await self._access.read(_said_in, conversation_id, after, limit)


def _said_in(connection: Connection, conversation_id: int, after: int, limit: int) -> list[SaidLine] | None:
    rows = connection.execute(_PAGE, {"conversation": conversation_id, "after": after, "most": limit}).all()
    if not rows and not _is_there(connection, conversation_id):
        return None
    return [SaidLine._make((*row[:-3], row.pii or (), row.delivery, row.delivery_error)) for row in rows]


def _is_there(connection: Connection, conversation_id: int) -> bool:
    query = select(conversations.c.id).where(conversations.c.id == conversation_id)
    return connection.execute(query).first() is not None
