"""What accepted messages and turns write: one statement of each kind for a whole batch."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection, select

from source.adapters.storage.attendance_table import note_told
from source.adapters.storage.interaction_writes import InteractionWrites
from source.adapters.storage.known_rows import KnownRows
from source.adapters.storage.prepared import Row
from source.adapters.storage.statements import Statements
from source.adapters.storage.tables import events
from source.domain.conversation_head import ConversationHead
from source.domain.errors import AlreadyAnsweredError
from source.domain.message import Message, MessageType, as_utc
from source.domain.thread import Platform
from source.domain.turn import AcceptedEvent, EventState, ModelUsage, TurnRecord

_KEYS_AT_ONCE = 500


class TurnWrites:
    """Writes batches of accepted messages, turns and deliveries inside the caller's transaction."""

    def __init__(self, statements: Statements, known: KnownRows) -> None:
        self._statements = statements
        self._known = known
        self._interactions = InteractionWrites(statements, known)

    def accept(self, connection: Connection, accepted: Sequence[AcceptedEvent]) -> set[int]:
        """Insert what is new; return the keys of it."""
        rows = [self._event_row(connection, event) for event in accepted]
        keys = [event.key for event in accepted]
        if self._statements.accept_event.run(connection, rows) == len(rows):
            return set(keys)
        new: set[int] = set()
        for start in range(0, len(keys), _KEYS_AT_ONCE):
            some = keys[start : start + _KEYS_AT_ONCE]
            new.update(connection.execute(select(events.c.id).where(events.c.id.in_(some))).scalars())
        return new

    def commit(self, connection: Connection, records: Sequence[TurnRecord], now: datetime) -> int:
        """Write the turns; return how many messages that were.

        Raises: AlreadyAnsweredError: one of them answers what has an answer.
        """
        self.put_heads(connection, {h.conversation_id: h for record in records for h in record.heads}.values(), now)
        self._put_people(connection, records, now)
        statements = self._statements
        superseded = [(record.conversation_id, old) for record in records for old in record.superseded]
        statements.supersede_message.run(connection, superseded)
        statements.close_superseded.run(connection, superseded)
        messages = [message_row(record.conversation_id, m) for record in records for m in record.messages]
        statements.add_message.run(connection, messages)
        statements.move_times.run(connection, _last_said(records))
        self._known.participants(
            connection,
            ((m.requester, record.conversation_id) for record in records for m in record.messages if m.requester),
        )
        self._interactions.add(connection, records)
        if unasked := [record.unasked for record in records if record.unasked is not None]:
            self.accept(connection, unasked)
        self._answer(connection, [row for record in records if record.answered for row in _answered_rows(record)])
        statements.add_usage.run(
            connection, [usage_row(record.conversation_id, each) for record in records for each in record.usage]
        )
        note_told(connection, (told for record in records for told in record.told), now)
        return len(messages)

    def put_heads(
        self, connection: Connection, heads: Iterable[ConversationHead], now: datetime, *, as_given: bool = False
    ) -> None:
        """Insert or replace heads; times never go back unless they are to be `as_given`."""
        statement = self._statements.replace_head if as_given else self._statements.put_head
        threads_of = self._known.thread_of_head
        rows = [(head.is_active, head_row(head, threads_of(connection, head.thread, now)), head) for head in heads]
        # Who leaves a thread goes first: only one conversation of a thread is active at any moment.
        statement.run(connection, [row for is_active, row, _ in rows if not is_active])
        statement.run(connection, [row for is_active, row, _ in rows if is_active])
        self._known.participants(
            connection, ((head.requester, head.conversation_id) for _, _, head in rows if head.requester)
        )

    def deliver(self, connection: Connection, keys: Iterable[int]) -> None:
        self._statements.deliver_event.run(connection, ((key,) for key in keys))

    def rename(self, connection: Connection, names: Iterable[tuple[int, str]]) -> None:
        self._statements.rename_transcript.run(connection, names)

    def _answer(self, connection: Connection, rows: Sequence[Row]) -> None:
        touched = self._statements.answer_event.run(connection, rows)
        if touched == len(rows):
            return
        keys = [row[0] for row in rows]
        there = set(connection.execute(select(events.c.id).where(events.c.id.in_(keys))).scalars())
        if touched < sum(key in there for key in keys):
            raise AlreadyAnsweredError("what this turn answers has an answer already: nothing of the turn was kept")

    def _event_row(self, connection: Connection, event: AcceptedEvent) -> Row:
        inbound = event.inbound
        platform = inbound.thread.platform
        thread = self._known.thread(connection, inbound.thread, event.accepted_at)
        self._known.person(connection, platform, inbound.person, event.accepted_at)
        return (
            event.key,
            platform.value,
            inbound.event_id,
            thread,
            inbound.person.external_id,
            inbound.text,
            inbound.sent_at,
            event.accepted_at,
            EventState.ACCEPTED.value,
            None,
            None,
            inbound.kind.value,
            inbound.reply_to,
        )

    def _put_people(self, connection: Connection, records: Sequence[TurnRecord], now: datetime) -> None:
        speaking = [record for record in records if record.people]
        platforms = self._known.platforms(connection, records, {record.conversation_id for record in speaking})
        for record in speaking:
            for person in record.people:
                self._known.person(connection, Platform(platforms[record.conversation_id]), person, now)


def message_row(conversation_id: int, message: Message) -> Row:
    """Return the message in the order of MESSAGE_COLUMNS."""
    return (
        message.message_id,
        conversation_id,
        message.created_at,
        message.message_type.value,
        message.message_content,
        None if message.tools is None else [dict(tool) for tool in message.tools],
        message.requester,
        message.event_id,
        message.interrupted,
        message.edited_at,
        message.standing.value,
        list(message.pii) or None,
        message.delivery.value or None,
    )


def head_row(head: ConversationHead, thread_key: int) -> Row:
    """Return the head in the order of HEAD_COLUMNS."""
    return (
        head.conversation_id,
        thread_key,
        head.requester,
        head.state.value,
        head.created_at,
        head.updated_at,
        head.resumed_at,
        head.ended_at,
        head.filename,
        head.title,
        head.summary,
        head.carried_summary,
        head.running_summary,
        head.context_start,
        head.last_message_at,
        head.is_active,
        head.parent_conversation_id,
        head.created_reason.value,
    )


def usage_row(conversation_id: int, usage: ModelUsage) -> Row:
    """Return the usage in the order of USAGE_COLUMNS."""
    return (
        conversation_id,
        usage.model,
        usage.purpose.value,
        usage.created_at,
        usage.input_tokens,
        usage.cached_tokens,
        usage.output_tokens,
        usage.estimated,
        usage.cost,
        usage.person,
    )


def _last_said(records: Sequence[TurnRecord]) -> list[Row]:
    last: dict[int, datetime] = {}
    for record in records:
        for message in record.messages:
            said_at = as_utc(message.created_at)
            known = last.get(record.conversation_id)
            if known is None or said_at > known:
                last[record.conversation_id] = said_at
    return list(last.items())


def _answered_rows(record: TurnRecord) -> list[Row]:
    reply = next((message for message in reversed(record.messages) if _is_reply(message, record)), None)
    state = EventState.ANSWERED if reply else EventState.DELIVERED
    reply_id = reply.message_id if reply else None
    return [(key, state.value, record.conversation_id, reply_id) for key in record.answered]


def _is_reply(message: Message, record: TurnRecord) -> bool:
    is_ours = message.requester is None or (record.unasked is not None and message.is_of_business)
    return message.message_type is MessageType.CHAT and is_ours
