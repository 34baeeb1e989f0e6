"""The connection that writes, and what it makes of a batch of operations."""

import contextlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from source.adapters.storage.channel_writes import ChannelWrites
from source.adapters.storage.correction_writes import CorrectionWrites
from source.adapters.storage.known_rows import KnownRows
from source.adapters.storage.restore_writes import RestoreWrites
from source.adapters.storage.search_index import SearchIndex
from source.adapters.storage.statements import Statements
from source.adapters.storage.turn_writes import TurnWrites
from source.adapters.storage.write_operations import (
    Accept,
    Amend,
    Change,
    CommitTurn,
    Correct,
    MarkDelivered,
    NoteSeen,
    NoteSent,
    PutFeedback,
    RenameTranscript,
    Restore,
)
from source.adapters.storage.writer import Barrier, Operation, Progress
from source.domain.identifiers import IdGenerator
from source.ports.clock import Clock


class SqlWriteTarget:
    """Applies batches to the database; after an error the next batch gets a new connection."""

    def __init__(self, engine: Engine, *, ids: IdGenerator, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock
        self._connection: Connection | None = None
        statements = Statements(engine.dialect)
        self._known = KnownRows(statements, ids)
        self._index = SearchIndex()
        self._turns = TurnWrites(statements, self._known)
        self._restores = RestoreWrites(statements, self._known, self._turns, self._index, ids)
        self._corrections = CorrectionWrites(statements, self._index)
        self._channels = ChannelWrites(statements, self._known)

    def connection(self) -> Connection:
        """Return the connection that writes, opened when it is not open."""
        if self._connection is None:
            connection = self._engine.connect()
            with connection.begin():
                self._index.measure(connection)
            self._connection = connection
        return self._connection

    @property
    def deferred(self) -> int:
        return self._index.deferred

    @property
    def is_overdue(self) -> bool:
        return self._index.is_overdue

    def commit(self, operations: Sequence[Operation[Any]]) -> Sequence[object]:
        if all(isinstance(operation, Barrier) for operation in operations):
            return [None] * len(operations)
        connection = self.connection()
        with connection.begin():
            results, added = self._apply(connection, operations)
        self._index.note_added(added)
        self._known.trim()
        return results

    def step(self) -> Progress:
        connection = self.connection()
        with connection.begin():
            return self._index.step(connection)

    def reset(self) -> None:
        self._known.forget()
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(SQLAlchemyError):
                connection.invalidate()
            with contextlib.suppress(SQLAlchemyError):
                connection.close()

    def close(self) -> None:
        self.reset()
        self._engine.dispose()

    def _apply(self, connection: Connection, operations: Sequence[Operation[Any]]) -> tuple[list[object], int]:
        """Write in an order in which nothing of a batch comes before what it rests on."""
        now = self._clock.now()
        added = 0
        accepted = [operation.event for operation in operations if isinstance(operation, Accept)]
        new = self._turns.accept(connection, accepted) if accepted else set()
        turns = {
            number: self._corrections.as_amended(connection, operation.record)
            for number, operation in enumerate(operations)
            if isinstance(operation, CommitTurn)
        }
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
        self._channels.note_sent(connection, [each for each in operations if isinstance(each, NoteSent)])
        self._channels.note_seen(connection, [each for each in operations if isinstance(each, NoteSeen)])
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
        return added
