"""The connection that writes, and what it makes of a batch of operations."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.engine import Dialect

from source.adapters.storage.channel_writes import ChannelWrites
from source.adapters.storage.correction_writes import CorrectionWrites
from source.adapters.storage.deletions import has_deleted
from source.adapters.storage.known_rows import KnownRows
from source.adapters.storage.operation import Barrier, Operation, Progress
from source.adapters.storage.restore_writes import RestoreWrites
from source.adapters.storage.search_index import index_of
from source.adapters.storage.shared_rows import SharedRows
from source.adapters.storage.statements import Statements
from source.adapters.storage.turn_writes import TurnWrites
from source.adapters.storage.webhook_writes import take_in
from source.adapters.storage.write_operations import (
    Accept,
    Amend,
    BeginSending,
    Change,
    CommitTurn,
    Compact,
    Correct,
    MarkDelivered,
    NoteNotSent,
    NoteSeen,
    NoteSent,
    PutFeedback,
    RenameTranscript,
    Restore,
    TakeIn,
)
from source.adapters.storage.write_session import WriteSession
from source.domain.identifiers import IdGenerator
from source.domain.turn import AcceptedEvent
from source.ports.clock import Clock


class SqlWriteTarget:
    """Applies batches to the database; nothing is known of its rows but what was seen on the connection at hand."""

    def __init__(self, session: WriteSession, dialect: Dialect, *, ids: IdGenerator, clock: Clock) -> None:
        self._session = session
        self._ids = ids
        self._clock = clock
        self._seen_on: Connection | None = None
        statements = Statements(dialect)
        self._is_shared = is_shared = dialect.name == "postgresql"
        self._known = SharedRows(statements, ids) if is_shared else KnownRows(statements, ids)
        self._index = index_of(dialect)
        self._turns = TurnWrites(statements, self._known)
        self._restores = RestoreWrites(statements, self._known, self._turns, self._index, ids)
        self._corrections = CorrectionWrites(statements, self._index, is_shared=is_shared)
        self._channels = ChannelWrites(statements, self._known)

    def begin(self) -> None:
        """Connect, and find out what an earlier process left to do."""
        self._session.run(self._look_at)

    @property
    def deferred(self) -> int:
        return self._index.deferred

    @property
    def is_overdue(self) -> bool:
        return self._index.is_overdue

    def commit(self, operations: Sequence[Operation[Any]]) -> Sequence[object]:
        if all(isinstance(operation, Barrier) for operation in operations):
            return [None] * len(operations)
        results, added = self._session.run(lambda connection: self._apply(connection, operations))
        self._index.note_added(added)
        self._known.trim()
        return results

    def step(self) -> Progress:
        return self._session.run(self._step)

    def apart(self, operation: Operation[Any]) -> object:
        if not isinstance(operation, Compact):
            return self.step()
        self._session.compact()
        return None

    def reset(self) -> None:
        self._seen_on = None
        self._session.reset()

    def close(self) -> None:
        self._session.close()

    def _look_at(self, connection: Connection) -> None:
        if connection is not self._seen_on:
            self._known.forget()
            self._index.measure(connection)
            self._seen_on = connection

    def _step(self, connection: Connection) -> Progress:
        self._look_at(connection)
        return self._index.step(connection)

    def _apply(self, connection: Connection, operations: Sequence[Operation[Any]]) -> tuple[list[object], int]:
        """Write in an order in which nothing of a batch comes before what it rests on."""
        self._look_at(connection)
        now = self._clock.now()
        added = 0
        accepted = [operation.event for operation in operations if isinstance(operation, Accept)]
        if self._is_shared:
            self._look_up(connection, accepted, operations)
        new = self._turns.accept(connection, accepted) if accepted else set()
        numbers = [number for number, each in enumerate(operations) if isinstance(each, CommitTurn)]
        records = [each.record for each in operations if isinstance(each, CommitTurn)]
        turns = dict(zip(numbers, self._corrections.as_amended(connection, records), strict=True))
        if turns:
            added += self._turns.commit(connection, tuple(turns.values()), now)
        results: list[object] = [
            operation.event.key in new if isinstance(operation, Accept) else None for operation in operations
        ]
        for number, record in turns.items():
            results[number] = record.messages
        if len(accepted) + len(turns) < len(operations):
            added += self._apply_rarer(connection, operations, now, results)
        return results, added

    def _look_up(
        self, connection: Connection, accepted: Sequence[AcceptedEvent], operations: Sequence[Operation[Any]]
    ) -> None:
        heads = (head for each in operations if isinstance(each, CommitTurn) for head in each.record.heads)
        threads = [*(event.inbound.thread.key for event in accepted), *(head.thread.key for head in heads)]
        people = [(event.inbound.thread.platform, event.inbound.person.external_id) for event in accepted]
        self._known.look_up(connection, threads, people)

    def _apply_rarer(
        self, connection: Connection, operations: Sequence[Operation[Any]], now: datetime, results: list[object]
    ) -> int:
        added = 0
        for operation in operations:
            if isinstance(operation, Restore):
                added += self._restores.restore(connection, operation.conversations, now)
        names = [(each.conversation_id, each.filename) for each in operations if isinstance(each, RenameTranscript)]
        self._turns.rename(connection, names)
        keys = [key for operation in operations if isinstance(operation, MarkDelivered) for key in operation.keys]
        self._turns.deliver(connection, keys)
        self._channels.note_not_sent(connection, [each for each in operations if isinstance(each, NoteNotSent)])
        self._channels.begin_sending(connection, [each for each in operations if isinstance(each, BeginSending)])
        self._channels.note_sent(connection, [each for each in operations if isinstance(each, NoteSent)], now)
        self._channels.note_seen(connection, [each for each in operations if isinstance(each, NoteSeen)])
        self._take_in(connection, operations, now, results)
        for number, operation in enumerate(operations):
            # After the turns: an event that this very batch answers has to be corrected as a message.
            match operation:
                case Amend():
                    results[number] = self._corrections.amend(connection, operation)
                case Correct():
                    self._corrections.correct(connection, operation)
                case PutFeedback():
                    self._channels.put_feedback(connection, operation.feedback, now)
                case Change():
                    results[number] = operation.apply(connection, now)
                    if has_deleted(connection):
                        self._known.forget()
        return added

    def _take_in(
        self, connection: Connection, operations: Sequence[Operation[Any]], now: datetime, results: list[object]
    ) -> None:
        numbers = [number for number, each in enumerate(operations) if isinstance(each, TakeIn)]
        taken = [each for each in operations if isinstance(each, TakeIn)]
        arrived = take_in(connection, self._ids, taken, now) if taken else []
        for number, each in zip(numbers, arrived, strict=True):
            results[number] = each
