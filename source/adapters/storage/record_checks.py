"""Which writes of records are refused, found out before anything is written."""

from collections.abc import Iterable, Sequence
from typing import Final

from sqlalchemy import Connection, select, text, tuple_

from source.adapters.storage import record_reading
from source.adapters.storage.operation_tables import user_summaries
from source.adapters.storage.tables import conversations, threads
from source.domain.conversation_head import ConversationHead, ConversationState
from source.domain.filters import Record
from source.domain.records import MESSAGES, SESSIONS, USER_SUMMARIES, Collection
from source.ports.records import MessageWrite, RecordWrite, Refusal, SessionWrite, SummaryWrite, Written

_ACTIVE: Final = text("conversations.is_active")


def refusals(connection: Connection, writes: Sequence[RecordWrite]) -> dict[int, Written]:
    """Return which of the writes are refused, by their places, and why."""
    return _Checks(connection, writes).refusals()


class _Checks:
    """Reads what the writes rest on, all of a kind at once."""

    def __init__(self, connection: Connection, writes: Sequence[RecordWrite]) -> None:
        self._writes = writes
        sessions = {write.session_id for write in writes if isinstance(write, SessionWrite) and not write.is_new}
        said_in = {write.session_id for write in writes if isinstance(write, MessageWrite)}
        messages = {write.message_id for write in writes if isinstance(write, MessageWrite) and write.new is None}
        summaries = {write.summary_id for write in writes if isinstance(write, SummaryWrite) and not write.user_id}
        users = {write.user_id for write in writes if isinstance(write, SummaryWrite) and write.user_id}
        heads = [write.head for write in writes if isinstance(write, SessionWrite) and write.is_new and write.head]
        self._sessions = _read(connection, SESSIONS, sessions)
        self._messages = _read(connection, MESSAGES, messages)
        self._summaries = _read(connection, USER_SUMMARIES, summaries)
        self._states = _states(connection, said_in)
        self._users = _summarized(connection, users)
        self._threads = _occupied(connection, heads)

    def refusals(self) -> dict[int, Written]:
        found = ((number, self._refusal(write)) for number, write in enumerate(self._writes))
        return {number: refusal for number, refusal in found if refusal is not None}

    def _refusal(self, write: RecordWrite) -> Written | None:
        match write:
            case SessionWrite(is_new=True):
                return self._of_new_session(write)
            case SessionWrite():
                return self._of_session(write)
            case MessageWrite():
                return self._of_message(write)
            case SummaryWrite():
                return self._of_summary(write)

    def _of_new_session(self, write: SessionWrite) -> Written | None:
        thread = write.head.thread if write.head is not None else None
        if thread is None or thread.key not in self._threads:
            if thread is not None:
                self._threads.add(thread.key)
            return None
        return _conflict(f"Thread {thread.thread_id!r} has an active session: end it first, or name another thread.")

    def _of_session(self, write: SessionWrite) -> Written | None:
        record = self._sessions.get(write.session_id)
        if record is None:
            return _missing(f"There is no session {write.session_id}.")
        return _of_version(record, write.version)

    def _of_message(self, write: MessageWrite) -> Written | None:
        state = self._states.get(write.session_id)
        record = self._messages.get(write.message_id)
        if state is None:
            return _missing(f"There is no session {write.session_id}.")
        if write.new is None and (record is None or record["session_id"] != write.session_id):
            return _missing(f"There is no message {write.message_id}.")
        if write.new is not None and state == ConversationState.ARCHIVED.value:
            return _conflict(f"Session {write.session_id} is archived: unarchive it first.")
        return _of_version(record, write.version) if record is not None else None

    def _of_summary(self, write: SummaryWrite) -> Written | None:
        if write.user_id is not None:
            if write.user_id in self._users:
                return _conflict("This user has a summary already: change that one.")
            self._users.add(write.user_id)
            return None
        record = self._summaries.get(write.summary_id)
        if record is None:
            return _missing(f"There is no user summary {write.summary_id}.")
        return _of_version(record, write.version)


def _read(connection: Connection, collection: Collection, keys: Iterable[int]) -> dict[int, Record]:
    wanted = list(keys)
    return record_reading.read(connection, collection, wanted) if wanted else {}


def _states(connection: Connection, conversation_ids: Iterable[int]) -> dict[int, str]:
    rows = select(conversations.c.id, conversations.c.state).where(conversations.c.id.in_(list(conversation_ids)))
    return {row.id: row.state for row in connection.execute(rows)}


def _summarized(connection: Connection, user_ids: Iterable[str]) -> set[str]:
    known = select(user_summaries.c.user_id).where(user_summaries.c.user_id.in_(list(user_ids)))
    return set(connection.execute(known).scalars())


def _occupied(connection: Connection, heads: Sequence[ConversationHead]) -> set[tuple[str, str]]:
    """Return which of the threads that new sessions want have an active one."""
    if not heads:
        return set()
    named = [(head.thread.platform.value, head.thread.thread_id) for head in heads]
    rows = (
        select(threads.c.platform, threads.c.thread_id)
        .join(conversations, conversations.c.thread_key == threads.c.id)
        .where(tuple_(threads.c.platform, threads.c.thread_id).in_(named), _ACTIVE)
    )
    return {(row.platform, row.thread_id) for row in connection.execute(rows)}


def _of_version(record: Record, expected: int | None) -> Written | None:
    if expected is None or record["version"] == expected:
        return None
    return _conflict(f"It is at version {record['version']} now: read it again and decide anew.")


def _missing(sentence: str) -> Written:
    return Written(None, Refusal.MISSING, sentence)


def _conflict(sentence: str) -> Written:
    return Written(None, Refusal.CONFLICT, sentence)
