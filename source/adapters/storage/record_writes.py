"""Writing records: every check comes before the first change, so that what is refused leaves no trace."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from source.adapters.storage.correction_writes import CorrectionWrites
from source.adapters.storage.known_rows import KnownRows
from source.adapters.storage.record_checks import refusals
from source.adapters.storage.record_facts import put_message_facts, put_session_facts
from source.adapters.storage.record_reading import names_of, threads_of
from source.adapters.storage.record_summaries import put_summaries
from source.adapters.storage.search_index import index_of
from source.adapters.storage.statements import Statements
from source.adapters.storage.turn_writes import TurnWrites
from source.adapters.storage.write_operations import Correct
from source.domain.identifiers import IdGenerator
from source.domain.message import Standing
from source.domain.thread import PersonRef, Platform
from source.domain.turn import TurnRecord
from source.ports.records import MessageWrite, RecordWrite, SessionWrite, SummaryWrite, Written


class RecordWrites:
    """Writes heads, messages and facts inside the caller's transaction, as turns and corrections do."""

    def __init__(self, statements: Statements, ids: IdGenerator) -> None:
        self._statements = statements
        self._ids = ids

    def apply(
        self,
        connection: Connection,
        now: datetime,
        writes: Sequence[RecordWrite],
        *,
        partial: bool,
    ) -> list[Written]:
        """Write what is not refused; without `partial`, all or nothing."""
        refused = refusals(connection, writes)
        if refused and not partial:
            return [refused.get(number, Written(None)) for number in range(len(writes))]
        accepted = {number: write for number, write in enumerate(writes) if number not in refused}
        self._put(connection, now, list(accepted.values()))
        return [refused.get(number) or Written(_key(write)) for number, write in enumerate(writes)]

    def _put(self, connection: Connection, now: datetime, writes: Sequence[RecordWrite]) -> None:
        sessions = [write for write in writes if isinstance(write, SessionWrite)]
        messages = [write for write in writes if isinstance(write, MessageWrite)]
        self._commit(connection, now, sessions, messages)
        self._correct(connection, messages)
        facts = {write.session_id: write.facts for write in sessions if write.facts or not write.is_new}
        put_session_facts(connection, facts, now)
        put_message_facts(
            connection,
            {(write.session_id, write.message_id): write.facts for write in messages if _keeps_facts(write)},
            now,
        )
        put_summaries(connection, [write for write in writes if isinstance(write, SummaryWrite)], now)

    def _commit(
        self, connection: Connection, now: datetime, sessions: Sequence[SessionWrite], messages: Sequence[MessageWrite]
    ) -> None:
        """Commit heads and new messages as turns are."""
        records = [TurnRecord(write.session_id, heads=(write.head,)) for write in sessions if write.head is not None]
        records += [TurnRecord(write.session_id, messages=(write.new,)) for write in messages if write.new is not None]
        if records:
            # Nothing is known of rows before this transaction: a cache would outlive one that is rolled back.
            turns = TurnWrites(self._statements, KnownRows(self._statements, self._ids))
            turns.commit(connection, _introduced(connection, records), now)

    def _correct(self, connection: Connection, messages: Sequence[MessageWrite]) -> None:
        # Nothing is amended here, and no event answered: what others amend does not matter.
        corrections = CorrectionWrites(self._statements, index_of(connection.dialect), is_shared=False)
        for write in messages:
            if write.corrected is not None:
                corrections.correct(connection, Correct(write.session_id, write.corrected))
        deleted = [(write.session_id, write.message_id) for write in messages if _is_deletion(write)]
        # Of a reply that its platform has not shown yet there is nothing left to show.
        self._statements.close_superseded.run(connection, deleted)


def _introduced(connection: Connection, records: Sequence[TurnRecord]) -> list[TurnRecord]:
    """Have everybody known who is not yet, by their id; a name that a platform has told stays."""
    platforms = _platforms(connection, [record.conversation_id for record in records if not record.heads])
    platforms |= {record.conversation_id: head.thread.platform for record in records for head in record.heads}
    named = {(platforms[record.conversation_id], who) for record in records for who in _named_in(record)}
    known = names_of(connection, named)
    return [
        replace(record, people=tuple(PersonRef(who, who) for who in _named_in(record) if (platform, who) not in known))
        for record in records
        for platform in (platforms[record.conversation_id],)
    ]


def _named_in(record: TurnRecord) -> set[str]:
    named = (*(head.requester for head in record.heads), *(message.requester for message in record.messages))
    return {who for who in named if who is not None}


def _platforms(connection: Connection, conversation_ids: Sequence[int]) -> dict[int, Platform]:
    return {key: thread.platform for key, thread in threads_of(connection, conversation_ids).items()}


def _keeps_facts(write: MessageWrite) -> bool:
    return not _is_deletion(write) and (bool(write.facts) or write.new is None)


def _is_deletion(write: MessageWrite) -> bool:
    return write.corrected is not None and write.corrected.standing is Standing.DELETED


def _key(write: RecordWrite) -> int:
    match write:
        case SessionWrite():
            return write.session_id
        case MessageWrite():
            return write.message_id
        case SummaryWrite():
            return write.summary_id
