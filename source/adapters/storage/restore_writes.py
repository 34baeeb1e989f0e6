"""What a rebuild writes: conversations as their transcripts have them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, delete, select

from source.adapters.storage.interaction_counting import recount
from source.adapters.storage.known_rows import KnownRows
from source.adapters.storage.prepared import Row
from source.adapters.storage.row_reading import MESSAGE_COLUMNS, AnyRow, message_from
from source.adapters.storage.search_index import MessageIndex
from source.adapters.storage.statements import Statements
from source.adapters.storage.tables import messages
from source.adapters.storage.turn_writes import TurnWrites, message_row
from source.domain.conversation_head import ConversationHead, StoredConversation
from source.domain.identifiers import IdGenerator
from source.domain.message import Message, as_utc
from source.domain.thread import PersonRef
from source.domain.turn import EventState, InboundKind

_AT_ONCE: Final = 500
# The id of a conversation and of its message.
_Place = tuple[int, int]


class RestoreWrites:
    """Restores conversations inside the caller's transaction."""

    def __init__(
        self, statements: Statements, known: KnownRows, turns: TurnWrites, index: MessageIndex, ids: IdGenerator
    ) -> None:
        self._statements = statements
        self._known = known
        self._turns = turns
        self._index = index
        self._ids = ids

    def restore(self, connection: Connection, restored: Sequence[StoredConversation], now: datetime) -> int:
        """Write the conversations; return how many messages were new or changed."""
        heads = {conversation.head.conversation_id: conversation.head for conversation in restored}
        threads = {key: self._known.thread_of_head(connection, head.thread, now) for key, head in heads.items()}
        active = [key for key, head in heads.items() if head.is_active]
        self._statements.end_active.run(connection, ((threads[key], key, now) for key in active))
        self._turns.put_heads(connection, heads.values(), now, as_given=True)
        self._put_people(connection, restored, now)
        self._statements.restore_event.run(
            connection,
            (
                self._event_row(message, conversation.head, threads[conversation.head.conversation_id], now)
                for conversation in restored
                for message in conversation.messages
                if message.event_id
            ),
        )
        changed = self._put_messages(connection, restored)
        recount(connection, list(heads))
        return changed

    def _put_people(self, connection: Connection, restored: Sequence[StoredConversation], now: datetime) -> None:
        for conversation in restored:
            for external_id, name in conversation.people.items():
                person = PersonRef(external_id, name)
                self._known.person(connection, conversation.head.thread.platform, person, now)
        self._known.participants(
            connection,
            (
                (message.requester, conversation.head.conversation_id)
                for conversation in restored
                for message in conversation.messages
                if message.requester
            ),
        )

    def _put_messages(self, connection: Connection, restored: Sequence[StoredConversation]) -> int:
        stored = _stored_rows(connection, [conversation.head.conversation_id for conversation in restored])
        given = {(c.head.conversation_id, m.message_id): m for c in restored for m in c.messages}
        new = {place: m for place, m in given.items() if place not in stored or message_from(stored[place]) != m}
        self._remove(connection, [stored[place] for place in new if place in stored])
        self._statements.add_message.run(connection, (message_row(place[0], message) for place, message in new.items()))
        beyond = ((place[0], row.created_at) for place, row in stored.items() if place not in given)
        self._statements.move_times.run(connection, beyond)
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
            InboundKind.MESSAGE.value,
            None,
        )


def _stored_rows(connection: Connection, conversation_ids: Sequence[int]) -> dict[_Place, AnyRow]:
    found: dict[_Place, AnyRow] = {}
    for start in range(0, len(conversation_ids), _AT_ONCE):
        some = conversation_ids[start : start + _AT_ONCE]
        query = select(*MESSAGE_COLUMNS, messages.c.seq, messages.c.conversation_id)
        for row in connection.execute(query.where(messages.c.conversation_id.in_(some))):
            found[row.conversation_id, row.id] = row
    return found
