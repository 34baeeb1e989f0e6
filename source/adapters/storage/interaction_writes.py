"""What turns add to what is counted of people."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, select, tuple_

from source.adapters.storage.interaction_counting import recount
from source.adapters.storage.interaction_tables import interaction_names
from source.adapters.storage.known_rows import KnownRows
from source.adapters.storage.record_counts import refresh_summaries
from source.adapters.storage.statements import Statements
from source.adapters.storage.tables import messages
from source.domain.interactions import EVERYBODY
from source.domain.message import MessageType, Standing
from source.domain.turn import TurnRecord

_CHAT: Final = MessageType.CHAT
_KEPT: Final = Standing.KEPT
_Who = tuple[str, int]
"""Somebody by their external id, and a conversation."""
_Said = tuple[str, int, datetime | None]
"""Who says something in which conversation, and when; without a time they only take part."""


class InteractionWrites:
    """Adds turns to the counts inside the caller's transaction."""

    def __init__(self, statements: Statements, known: KnownRows) -> None:
        self._statements = statements
        self._known = known

    def add(self, connection: Connection, records: Sequence[TurnRecord]) -> None:
        """Count who takes part and what they say; the turns are written already."""
        said = _said_in(records)
        if said:
            self._count(connection, records, said)
            self._refresh(connection, {(who, key) for who, key, _ in said})
        superseded = [(record.conversation_id, old) for record in records for old in record.superseded]
        if superseded:
            recount(connection, _whose_words_went(connection, superseded))

    def _count(self, connection: Connection, records: Sequence[TurnRecord], said: Sequence[_Said]) -> None:
        """Add to the rows that are there, which is nearly all of them; begin the others."""
        counted = self._known.counted
        more = [each for each in said if (each[0], each[1]) in counted and each[2] is not None]
        if len(more) < len(said):
            begun = [each for each in said if (each[0], each[1]) not in counted]
            platforms = self._known.platforms(connection, records, {key for _, key, _ in begun})
            rows = ((key, who, platforms[key], 0 if at is None else 1, at, at) for who, key, at in begun)
            self._statements.begin_count.run(connection, rows)
            counted.update((who, key) for who, key, _ in begun)
        if self._statements.count_said.run(connection, more) < len(more):
            recount(connection, [key for _, key, _ in more])

    def _refresh(self, connection: Connection, said: Collection[_Who]) -> None:
        """Have people's summaries say so too; hardly anybody has one."""
        people = {who for who, _ in said}
        if not self._statements.refresh_summary.run(connection, [(who,) for who in sorted(people)]):
            return
        # Who joins a conversation late takes part in what it was about.
        told = select(interaction_names.c.conversation_id).where(
            interaction_names.c.conversation_id.in_([key for _, key in said]),
            interaction_names.c.external_id == EVERYBODY,
        )
        about_something = set(connection.execute(told).scalars())
        refresh_summaries(connection, {who for who, key in said if key in about_something})


def _said_in(records: Sequence[TurnRecord]) -> list[_Said]:
    """Return who takes part in which conversation: once for each message that they say there, and when."""
    began = [(head.requester, head.conversation_id, None) for record in records for head in record.heads]
    spoke = [
        (
            message.requester,
            record.conversation_id,
            message.created_at if message.message_type is _CHAT and message.standing is _KEPT else None,
        )
        for record in records
        for message in record.messages
    ]
    return [(who, key, at) for who, key, at in (*began, *spoke) if who is not None]


def _whose_words_went(connection: Connection, superseded: Sequence[tuple[int, int]]) -> list[int]:
    """Return the conversations in which something that a person said lost its place: Echo's replies do not count."""
    query = select(messages.c.conversation_id).where(
        tuple_(messages.c.conversation_id, messages.c.id).in_(superseded), messages.c.requester.is_not(None)
    )
    return list(connection.execute(query.distinct()).scalars())
