"""Whether messages were taken back while something was made of them."""

from collections.abc import Collection

from sqlalchemy import Connection, select

from source.adapters.storage.person_reading import in_steps
from source.adapters.storage.tables import messages
from source.domain.message import Standing


def is_any_deleted(connection: Connection, conversation_id: int, message_ids: Collection[int]) -> bool:
    """Whether one of these messages of a conversation says nothing any more."""
    is_gone = (messages.c.conversation_id == conversation_id, messages.c.standing == Standing.DELETED.value)
    query = select(messages.c.id).where(*is_gone).limit(1)
    found = (connection.execute(query.where(messages.c.id.in_(some))).first() for some in in_steps(message_ids))
    return any(row is not None for row in found)
