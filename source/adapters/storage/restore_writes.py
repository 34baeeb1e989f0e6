"""What a rebuild writes: conversations as their transcripts have them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, delete, select, update

from source.adapters.storage.known_rows import KnownRows
from source.adapters.storage.prepared import Row
from source.adapters.storage.row_reading import MESSAGE_COLUMNS, AnyRow, message_from
from source.adapters.storage.search_index import SearchIndex
from source.adapters.storage.statements import Statements
from source.adapters.storage.tables import conversations, messages
from source.adapters.storage.turn_writes import TurnWrites, message_row
from source.domain.conversation_head import ConversationHead, ConversationState, StoredConversation
from source.domain.identifiers import IdGenerator
from source.domain.message import Message, as_utc
from source.domain.thread import PersonRef
from source.domain.turn import EventState

_AT_ONCE: Final = 500


class RestoreWrites:
    """Restores conversations inside the caller's transaction."""

    def __init__(
        self, statements: Statements, known: KnownRows, turns: TurnWrites, index: SearchIndex, ids: IdGenerator
    ) -> None:
        self._statements = statements
        self._known = known
        self._turns = turns
        self._index = index
        self._ids = ids

    def restore(self, connection: Connection, restored: Sequence[StoredConversation], now: datetime) -> int:
        """Write the conversations; return how many messages were new or changed."""
        heads = {conversation.head.conversation_id: conversation.head for conversation in restored}
        self._make_room(connection, heads, now)
        self._turns.put_heads(connection, heads.values(), now, as_given=True)
        return sum(self._restore_one(connection, conversation, now) for conversation in restored)

    def _make_room(self, connection: Connection, heads: dict[int, ConversationHead], now: datetime) -> None:
        """End what is active in threads whose active conversation is among `heads`."""
        for head in heads.values():
            if head.is_active:
                connection.execute(
                    update(conversations)
                    .where(
                        conversations.c.thread_key == self._known.thread(connection, head.thread, now),
                        conversations.c.is_active,
                        conversations.c.id != head.conversation_id,
                    )
                    .values(is_active=False, state=ConversationState.ENDED.value, ended_at=now)
                )

    def _restore_one(self, connection: Connection, conversation: StoredConversation, now: datetime) -> int:
        head = conversation.head
        for external_id, name in conversation.people.items():
            self._known.person(connection, head.thread.platform, PersonRef(external_id, name), now)
        changed = self._put_messages(connection, head.conversation_id, conversation.messages)
        spoke = {message.requester for message in conversation.messages if message.requester}
        self._known.participants(connection, ((who, head.conversation_id) for who in spoke))
        thread_key = self._known.thread(connection, head.thread, now)
        self._statements.restore_event.run(
            connection,
            (self._event_row(message, head, thread_key, now) for message in conversation.messages if message.event_id),
        )
        return changed

    def _put_messages(self, connection: Connection, conversation_id: int, given: Sequence[Message]) -> int:
        stored = _stored_rows(connection, conversation_id)
        wanted = {message.message_id: message for message in given}
        new = [m for m in wanted.values() if m.message_id not in stored or message_from(stored[m.message_id]) != m]
        self._remove(connection, [stored[message.message_id] for message in new if message.message_id in stored])
        self._statements.add_message.run(connection, (message_row(conversation_id, message) for message in new))
        beyond = [row.created_at for key, row in stored.items() if key not in wanted]
        if beyond:
            self._statements.move_times.run(connection, [(conversation_id, max(beyond))])
        return len(new)

    def _remove(self, connection: Connection, rows: Sequence[AnyRow]) -> None:
        self._index.remove(connection, [(row.seq, row.message_type, row.content) for row in rows])
        for start in range(0, len(rows), _AT_ONCE):
            keys = [row.seq for row in rows[start : start + _AT_ONCE]]
            connection.execute(delete(messages).where(messages.c.seq.in_(keys)))

    def _event_row(self, message: Message, head: ConversationHead, thread_key: int, now: datetime) -> Row:
        return (
            self._ids.next(now),
            head.thread.platform.value,
            message.event_id,
            thread_key,
            message.requester or "",
            None,
            message.created_at,
            as_utc(message.created_at),
            EventState.DELIVERED.value,
            head.conversation_id,
            None,
        )


def _stored_rows(connection: Connection, conversation_id: int) -> dict[int, AnyRow]:
    query = select(*MESSAGE_COLUMNS, messages.c.seq).where(messages.c.conversation_id == conversation_id)
    return {row.id: row for row in connection.execute(query)}
