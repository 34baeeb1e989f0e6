"""What following people's edits and deletions writes."""

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from typing import Final

from sqlalchemy import ARRAY, BigInteger, Connection, bindparam, func, select

from source.adapters.storage import event_reading
from source.adapters.storage.archive_corrections import note_that_it_is_behind
from source.adapters.storage.interaction_counting import recount, recount_names
from source.adapters.storage.memory_corrections import forget_what_it_showed
from source.adapters.storage.metadata_corrections import forget_what_was_found
from source.adapters.storage.row_reading import AnyRow
from source.adapters.storage.search_index import MessageIndex
from source.adapters.storage.statements import Statements
from source.adapters.storage.tables import events, messages
from source.adapters.storage.write_operations import Amend, Correct
from source.domain.errors import StoreError
from source.domain.message import MessageType
from source.domain.turn import AcceptedEvent, EventState, TurnRecord

# Only what is amended while its answer is being made counts: far fewer than this at any time.
_MOST_AMENDED: Final = 10_000


class CorrectionWrites:
    """Changes what was said inside the caller's transaction.

    Where other processes write too (`is_shared`), what they amended is read with every turn, else it is remembered.
    """

    def __init__(self, statements: Statements, index: MessageIndex, *, is_shared: bool) -> None:
        self._statements = statements
        self._index = index
        self._is_shared = is_shared
        self._amended: OrderedDict[int, None] = OrderedDict()

    def amend(self, connection: Connection, given: Amend) -> AcceptedEvent | None:
        """Change or take back an event that has no answer yet; return it as it stands, None when there is none."""
        # Taken back, it is finished: nobody waits for an answer to it.
        state = EventState.DELIVERED if given.text is None else EventState.ACCEPTED
        row = (given.platform.value, given.event_id, given.text, state.value)
        if not self._statements.amend_event.run(connection, [row]):
            return None
        event = event_reading.accepted(connection, given.platform, given.event_id)
        self._amended[event.key] = None
        if len(self._amended) > _MOST_AMENDED:
            self._amended.popitem(last=False)
        return event

    def as_amended(self, connection: Connection, records: Sequence[TurnRecord]) -> list[TurnRecord]:
        """Return the turns with the events that they answer as they read now."""
        keys = [key for record in records for key in record.answered if self._is_shared or key in self._amended]
        if not keys:
            return list(records)
        read = _read_waiting if self._is_shared else _read
        texts = {row.id: (row.event_id, row.text) for row in read(connection, keys)}
        return [record.as_amended(dict(texts[key] for key in record.answered if key in texts)) for record in records]

    def correct(self, connection: Connection, given: Correct) -> None:
        """Replace a message's text, time of the edit and standing.

        Raises: StoreError: there is no such message.
        """
        message = given.message
        columns = (messages.c.seq, messages.c.message_type, messages.c.content, messages.c.standing)
        query = select(*columns).where(
            messages.c.conversation_id == given.conversation_id, messages.c.id == message.message_id
        )
        stored = connection.execute(query).first()
        if stored is None:
            raise StoreError("a correction of a message that the store does not have")
        if stored.message_type == MessageType.CHAT.value and stored.content != message.message_content:
            self._index.replace(connection, stored.seq, stored.content, message.message_content)
        pii = list(message.pii) or None
        row = (stored.seq, message.message_content, message.edited_at, message.standing.value, pii)
        self._statements.correct_message.run(connection, [row])
        forget_what_it_showed(connection, given.conversation_id, message.message_id)
        forget_what_was_found(connection, given.conversation_id, message)
        self._count(connection, given.conversation_id, is_as_before=stored.standing == message.standing.value)
        note_that_it_is_behind(connection, given.conversation_id)

    def _count(self, connection: Connection, conversation_id: int, *, is_as_before: bool) -> None:
        """Count anew what may have changed: an edit takes away what a memory knew, a deletion what was said too."""
        if is_as_before:
            recount_names(connection, [conversation_id])
        else:
            recount(connection, [conversation_id])


def _read(connection: Connection, keys: Sequence[int]) -> Iterable[AnyRow]:
    return connection.execute(select(events.c.id, events.c.event_id, events.c.text).where(events.c.id.in_(keys)))


def _read_waiting(connection: Connection, keys: Sequence[int]) -> Iterable[AnyRow]:
    """Read what was amended, and let nobody amend any of them before this transaction has answered them."""
    query = select(events.c.id, events.c.event_id, events.c.text, events.c.is_amended, events.c.conversation_id)
    asked = events.c.id == func.any(bindparam("keys", keys, ARRAY(BigInteger)))
    rows = connection.execute(query.where(asked).with_for_update(key_share=True))
    return [row for row in rows if row.is_amended and row.conversation_id is None]
