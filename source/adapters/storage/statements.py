"""Every statement that writes, compiled once for the database at hand."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import (
    Column,
    ColumnElement,
    String,
    Table,
    and_,
    bindparam,
    case,
    delete,
    false,
    func,
    literal_column,
    null,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect

from source.adapters.storage.interaction_tables import interactions
from source.adapters.storage.operation_tables import user_summaries
from source.adapters.storage.prepared import Prepared, PreparedInsert
from source.adapters.storage.tables import (
    UNFINISHED,
    aliases,
    conversations,
    events,
    feedback,
    messages,
    participants,
    people,
    seen_marks,
    sent_parts,
    threads,
    usage,
)
from source.domain.conversation_head import ConversationState
from source.domain.message import Standing
from source.domain.turn import EventState

MESSAGE_COLUMNS: Final = tuple(column.name for column in messages.columns if column.name != "seq")
HEAD_COLUMNS: Final = tuple(column.name for column in conversations.columns)
EVENT_COLUMNS: Final = tuple(column.name for column in events.columns if column.name != "is_amended")
FEEDBACK_COLUMNS: Final = tuple(column.name for column in feedback.columns)
USAGE_COLUMNS: Final = tuple(column.name for column in usage.columns if column.name != "id")
_HEAD_TIMES: Final = ("last_message_at", "updated_at")

_Insert = sqlite.Insert | postgresql.Insert


class Statements:
    """Compiled statements; each takes tuples in the order of the columns that it names."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self.add_person = self._added(people, ("id",))
        self.put_alias = self._put(aliases, ("platform", "external_id", "person_id", "display_name"), ("display_name",))
        self.put_thread = self._thread_put(keeps_circle=False)
        self.put_thread_of_head = self._thread_put(keeps_circle=True)
        self.accept_event = self._added_once(events, EVENT_COLUMNS, ("platform", "event_id"))
        self.add_participant = self._added_once(
            participants, ("external_id", "conversation_id"), ("external_id", "conversation_id")
        )
        self.add_message = self._added(messages, MESSAGE_COLUMNS)
        self.add_usage = self._added(usage, USAGE_COLUMNS)
        self.put_head = self._head_put(keeps_later_times=True)
        self.replace_head = self._head_put(keeps_later_times=False)
        self.move_times = self._times_moved()
        self.end_active = self._active_ended()
        self.rename_transcript = self._transcript_renamed()
        self.answer_event = self._event_answered()
        self.deliver_event = self._event_delivered()
        self.restore_event = self._event_restored()
        self.amend_event = self._event_amended()
        self.supersede_message = self._message_superseded()
        self.close_superseded = self._superseded_closed()
        self.correct_message = self._message_corrected()
        self.put_part = self._put(sent_parts, ("platform", "external_id", "key", "part"), ("key", "part"))
        self.drop_part = self._part_dropped()
        self.put_mark = self._put(seen_marks, ("platform", "place", "last"), ("last",))
        self.put_feedback = self._put(feedback, FEEDBACK_COLUMNS, ("value", "given_at"))
        self.begin_count = self._count_begun()
        self.count_said = self._said_counted()
        self.refresh_summary = self._summary_refreshed()

    def _insert(self, table: Table, names: Sequence[str]) -> _Insert:
        insert = postgresql.insert(table) if self._dialect.name == "postgresql" else sqlite.insert(table)
        return insert.values({name: bindparam(name) for name in names})

    def _added(self, table: Table, names: Sequence[str]) -> PreparedInsert:
        return PreparedInsert(self._insert(table, names), names, self._dialect)

    def _added_once(self, table: Table, names: Sequence[str], unique: Sequence[str]) -> Prepared:
        statement = self._insert(table, names).on_conflict_do_nothing(index_elements=list(unique))
        return Prepared(statement, names, self._dialect)

    def _put(self, table: Table, names: Sequence[str], replaced: Sequence[str]) -> Prepared:
        """Insert, or replace some columns of the row that is there."""
        statement = self._insert(table, names)
        unique = [name for name in names if table.columns[name].primary_key]
        statement = statement.on_conflict_do_update(
            index_elements=unique, set_={name: statement.excluded[name] for name in replaced}
        )
        return Prepared(statement, names, self._dialect)

    def _part_dropped(self) -> Prepared:
        this = (sent_parts.c.platform == bindparam("this"), sent_parts.c.external_id == bindparam("name"))
        return Prepared(delete(sent_parts).where(*this), ("this", "name"), self._dialect)

    def _thread_put(self, *, keeps_circle: bool) -> Prepared:
        """Gives back the key, which is the stored one when the thread was there, and the circle."""
        names = ("id", "platform", "thread_id", "guild_id", "guild_name", "circle")
        statement = self._insert(threads, names)
        new = statement.excluded
        circle = func.coalesce(threads.c.circle, new.circle) if keeps_circle else new.circle
        statement = statement.on_conflict_do_update(
            index_elements=["platform", "thread_id"],
            set_={"guild_id": new.guild_id, "guild_name": new.guild_name, "circle": circle},
        )
        return Prepared(statement.returning(threads.c.id, threads.c.circle), names, self._dialect)

    def _head_put(self, *, keeps_later_times: bool) -> Prepared:
        statement = self._insert(conversations, HEAD_COLUMNS)
        new = statement.excluded
        replaced: dict[str, ColumnElement[object]] = {name: new[name] for name in HEAD_COLUMNS if name != "id"}
        if keeps_later_times:
            replaced |= {name: _later(conversations.columns[name], new[name]) for name in _HEAD_TIMES}
        statement = statement.on_conflict_do_update(index_elements=["id"], set_=replaced)
        return Prepared(statement, HEAD_COLUMNS, self._dialect)

    def _times_moved(self) -> Prepared:
        said_at = bindparam("said_at", type_=conversations.c.last_message_at.type)
        statement = (
            update(conversations)
            .where(conversations.c.id == bindparam("conversation"))
            .values({name: _later(conversations.columns[name], said_at) for name in _HEAD_TIMES})
        )
        return Prepared(statement, ("conversation", "said_at"), self._dialect)

    def _active_ended(self) -> Prepared:
        """End whichever conversation of a thread is active, but for one."""
        ended_at = bindparam("now", type_=conversations.c.ended_at.type)
        statement = (
            update(conversations)
            .where(
                conversations.c.thread_key == bindparam("thread"),
                conversations.c.is_active,
                conversations.c.id != bindparam("conversation"),
            )
            .values(is_active=false(), state=_literal(ConversationState.ENDED), ended_at=ended_at)
        )
        return Prepared(statement, ("thread", "conversation", "now"), self._dialect)

    def _transcript_renamed(self) -> Prepared:
        statement = (
            update(conversations)
            .where(conversations.c.id == bindparam("conversation"))
            .values(filename=bindparam("new_filename"))
        )
        return Prepared(statement, ("conversation", "new_filename"), self._dialect)

    def _event_answered(self) -> Prepared:
        """Touches only what has no answer: what waits for one, and what was taken back while it was answered."""
        is_taken_back = and_(events.c.is_amended, events.c.conversation_id.is_(None))
        statement = (
            update(events)
            .where(
                events.c.id == bindparam("event"),
                or_(events.c.state == _literal(EventState.ACCEPTED), is_taken_back),
            )
            .values(
                state=bindparam("new_state"),
                conversation_id=bindparam("conversation"),
                reply_id=bindparam("reply"),
                text=null(),
            )
        )
        return Prepared(statement, ("event", "new_state", "conversation", "reply"), self._dialect)

    def _event_delivered(self) -> Prepared:
        statement = (
            update(events)
            .where(events.c.id == bindparam("event"), events.c.state == _literal(EventState.ANSWERED))
            .values(state=_literal(EventState.DELIVERED))
        )
        return Prepared(statement, ("event",), self._dialect)

    def _event_restored(self) -> Prepared:
        """A message in a transcript has been answered: its event must not be answered again."""
        statement = self._insert(events, EVENT_COLUMNS)
        replaced = {name: statement.excluded[name] for name in ("state", "conversation_id", "text")}
        statement = statement.on_conflict_do_update(
            index_elements=["platform", "event_id"],
            set_=replaced,
            where=events.c.state == _literal(EventState.ACCEPTED),
        )
        return Prepared(statement, EVENT_COLUMNS, self._dialect)

    def _event_amended(self) -> Prepared:
        statement = (
            update(events)
            .where(
                events.c.platform == bindparam("on_platform"),
                events.c.event_id == bindparam("known_as"),
                events.c.state == _literal(EventState.ACCEPTED),
            )
            .values(text=bindparam("new_text"), state=bindparam("new_state"), is_amended=true())
        )
        return Prepared(statement, ("on_platform", "known_as", "new_text", "new_state"), self._dialect)

    def _message_superseded(self) -> Prepared:
        statement = (
            update(messages)
            .where(
                messages.c.conversation_id == bindparam("conversation"),
                messages.c.id == bindparam("message"),
                messages.c.standing == _literal(Standing.KEPT),
            )
            .values(standing=_literal(Standing.SUPERSEDED))
        )
        return Prepared(statement, ("conversation", "message"), self._dialect)

    def _superseded_closed(self) -> Prepared:
        """A reply whose place another has taken is not delivered any more."""
        statement = (
            update(events)
            .where(
                UNFINISHED,
                events.c.state == _literal(EventState.ANSWERED),
                events.c.conversation_id == bindparam("conversation"),
                events.c.reply_id == bindparam("message"),
            )
            .values(state=_literal(EventState.DELIVERED))
        )
        return Prepared(statement, ("conversation", "message"), self._dialect)

    def _message_corrected(self) -> Prepared:
        statement = (
            update(messages)
            .where(messages.c.seq == bindparam("row"))
            .values(
                content=bindparam("new_content"),
                edited_at=bindparam("new_edited_at"),
                standing=bindparam("new_standing"),
                pii=bindparam("new_pii"),
            )
        )
        names = ("row", "new_content", "new_edited_at", "new_standing", "new_pii")
        return Prepared(statement, names, self._dialect)

    def _count_begun(self) -> Prepared:
        """Count what somebody says in a conversation from now on, or add to it."""
        names = tuple(column.name for column in interactions.columns)
        statement = self._insert(interactions, names)
        stored, new = interactions.c, statement.excluded
        is_earlier, is_later = stored.first_at <= new.first_at, stored.last_at >= new.last_at
        statement = statement.on_conflict_do_update(
            index_elements=[column.name for column in interactions.primary_key],
            set_={
                "messages": stored.messages + new.messages,
                "first_at": case((or_(new.first_at.is_(None), is_earlier), stored.first_at), else_=new.first_at),
                "last_at": case((or_(new.last_at.is_(None), is_later), stored.last_at), else_=new.last_at),
            },
        )
        return Prepared(statement, names, self._dialect)

    def _said_counted(self) -> Prepared:
        """Add a message to what somebody said in a conversation."""
        stored = interactions.c
        said_at = bindparam("said_at", type_=stored.last_at.type)
        statement = (
            update(interactions)
            .where(stored.external_id == bindparam("who"), stored.conversation_id == bindparam("conversation"))
            .values(
                messages=stored.messages + literal_column("1"),
                first_at=case((stored.first_at <= said_at, stored.first_at), else_=said_at),
                last_at=case((stored.last_at >= said_at, stored.last_at), else_=said_at),
            )
        )
        return Prepared(statement, ("who", "conversation", "said_at"), self._dialect)

    def _summary_refreshed(self) -> Prepared:
        """Have the summary that programs keep of somebody, if there is one, say how much they said."""
        who = bindparam("who", type_=String)
        counted = interactions.c
        figures: dict[str, ColumnElement[Any]] = {
            "total_conversations": func.count(counted.conversation_id),
            "total_messages": func.coalesce(func.sum(counted.messages), literal_column("0")),
            "first_interaction": func.min(counted.first_at),
            "last_interaction": func.max(counted.last_at),
        }
        values = {
            name: select(figure).where(counted.external_id == who).scalar_subquery() for name, figure in figures.items()
        }
        statement = (
            update(user_summaries)
            .where(user_summaries.c.user_id == who)
            .values(version=user_summaries.c.version + literal_column("1"), **values)
        )
        return Prepared(statement, ("who",), self._dialect)


def _literal(state: EventState | ConversationState | Standing) -> ColumnElement[str]:
    return literal_column(f"'{state.value}'", String)


def _later(stored: Column[object] | ColumnElement[object], new: ColumnElement[object]) -> ColumnElement[object]:
    return case((or_(stored.is_(None), stored < new), new), else_=stored)
