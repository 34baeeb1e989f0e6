"""What turns add to what is counted of people."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select, tuple_

from source.adapters.storage.interaction_counting import recount
from source.adapters.storage.interaction_tables import interaction_names
from source.adapters.storage.known_rows import KnownRows
from source.adapters.storage.record_counts import refresh_summaries
from source.adapters.storage.statements import Statements
from source.adapters.storage.tables import messages
from source.domain.interactions import EVERYBODY
from source.domain.message import Message, MessageType, Standing, as_utc
from source.domain.turn import TurnRecord

_Who = tuple[str, int]
"""Somebody by their external id, and a conversation."""


@dataclass(slots=True)
class _Said:
    """What somebody adds to a conversation."""

    messages: int = 0
    first: datetime | None = None
    last: datetime | None = None

    def add(self, message: Message) -> None:
        said_at = as_utc(message.created_at)
        self.messages += 1
        if self.first is None or said_at < self.first:
            self.first = said_at
        if self.last is None or said_at > self.last:
            self.last = said_at


class InteractionWrites:
    """Adds turns to the counts inside the caller's transaction."""

    def __init__(self, statements: Statements, known: KnownRows) -> None:
        self._statements = statements
        self._known = known

    def add(self, connection: Connection, records: Sequence[TurnRecord]) -> None:
        """Count who takes part and what they say; the turns are written already."""
        said = _said_in(records)
        if said:
            platforms = self._known.platforms(connection, records, {key for _, key in said})
            rows = [
                (who, platforms[key], key, added.messages, added.first, added.last)
                for (who, key), added in said.items()
            ]
            self._statements.count_said.run(connection, rows)
            self._refresh(connection, said.keys())
        superseded = [(record.conversation_id, old) for record in records for old in record.superseded]
        if superseded:
            recount(connection, _whose_words_went(connection, superseded))

    def _refresh(self, connection: Connection, said: Collection[_Who]) -> None:
        """Have people's summaries say so too; hardly anybody has one."""
        people = dict.fromkeys(who for who, _ in said)
        if not self._statements.refresh_summary.run(connection, [(who,) for who in people]):
            return
        # Who joins a conversation late takes part in what it was about.
        told = select(interaction_names.c.conversation_id).where(
            interaction_names.c.conversation_id.in_([key for _, key in said]),
            interaction_names.c.external_id == EVERYBODY,
        )
        about_something = set(connection.execute(told).scalars())
        refresh_summaries(connection, {who for who, key in said if key in about_something})


def _said_in(records: Sequence[TurnRecord]) -> dict[_Who, _Said]:
    found: dict[_Who, _Said] = {}
    for record in records:
        for head in record.heads:
            if head.requester is not None:
                found.setdefault((head.requester, head.conversation_id), _Said())
        for message in record.messages:
            if message.requester is None:
                continue
            key = (message.requester, record.conversation_id)
            added = found.get(key)
            if added is None:
                added = found[key] = _Said()
            if message.message_type is MessageType.CHAT and message.standing is Standing.KEPT:
                added.add(message)
    return found


def _whose_words_went(connection: Connection, superseded: Sequence[tuple[int, int]]) -> list[int]:
    """Return the conversations in which something that a person said lost its place: Echo's replies do not count."""
    query = select(messages.c.conversation_id).where(
        tuple_(messages.c.conversation_id, messages.c.id).in_(superseded), messages.c.requester.is_not(None)
    )
    return list(connection.execute(query.distinct()).scalars())
