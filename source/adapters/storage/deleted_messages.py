"""Whether messages changed while something was made of them."""

from collections.abc import Collection

from sqlalchemy import Connection, func, select

from source.adapters.storage.person_reading import in_steps
from source.adapters.storage.tables import messages
from source.domain.memory_reading import mark_of
from source.domain.message import MessageType, Standing


def is_any_gone(connection: Connection, conversation_id: int, message_ids: Collection[int]) -> bool:
    """Whether one of these messages of a conversation says nothing any more, or is not there."""
    says_something = (messages.c.conversation_id == conversation_id, messages.c.standing != Standing.DELETED.value)
    query = select(func.count()).select_from(messages).where(*says_something)
    found = (connection.execute(query.where(messages.c.id.in_(some))).scalar_one() for some in in_steps(message_ids))
    return sum(found) < len(message_ids)


def read_now(connection: Connection, conversation_id: int, covers_to: int) -> str:
    """Return the mark of what is said in a conversation up to a message, as `made_of` returns it."""
    said = select(messages.c.id, messages.c.edited_at).where(
        messages.c.conversation_id == conversation_id,
        messages.c.id <= covers_to,
        messages.c.message_type == MessageType.CHAT.value,
        messages.c.standing == Standing.KEPT.value,
    )
    return mark_of((row.id, row.edited_at) for row in connection.execute(said.order_by(messages.c.id)))
