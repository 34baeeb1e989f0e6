"""What a channel keeps of its platform."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, select

from source.adapters.storage.known_rows import KnownRows
from source.adapters.storage.statements import Statements
from source.adapters.storage.status_writes import await_statuses
from source.adapters.storage.tables import events, feedback, seen_marks
from source.adapters.storage.write_operations import BeginSending, NoteNotSent, NoteSeen, NoteSent
from source.domain.errors import StoreError
from source.domain.thread import Platform
from source.domain.turn import Feedback
from source.ports.sent import UNKNOWN


class ChannelWrites:
    """Writes a channel's notes inside the caller's transaction."""

    def __init__(self, statements: Statements, known: KnownRows) -> None:
        self._statements = statements
        self._known = known

    def begin_sending(self, connection: Connection, begun: Sequence[BeginSending]) -> None:
        """Note which parts are about to be sent."""
        rows = ((each.platform.value, each.part.external_id, each.part.key, each.part.part) for each in begun)
        self._statements.put_part.run(connection, rows)

    def note_not_sent(self, connection: Connection, notes: Sequence[NoteNotSent]) -> None:
        """Forget that these were begun; one that is begun again is so in what comes after."""
        self._statements.drop_part.run(connection, ((note.platform.value, note.part.external_id) for note in notes))

    def note_sent(self, connection: Connection, notes: Sequence[NoteSent], now: datetime) -> None:
        """Note which messages show which parts; of whatever may not have been sent a status is waited for."""
        await_statuses(connection, [note for note in notes if note.part.external_id.startswith(UNKNOWN)], now)
        rows = ((note.platform.value, note.part.external_id, note.part.key, note.part.part) for note in notes)
        self._statements.put_part.run(connection, rows)
        begun = ((note.platform.value, note.begun_as) for note in notes if note.begun_as is not None)
        self._statements.drop_part.run(connection, begun)

    def note_seen(self, connection: Connection, notes: Sequence[NoteSeen]) -> None:
        marks = {(note.platform.value, place): last for note in notes for place, last in note.last.items()}
        kept = ((*name, last) for name, last in marks.items() if last is not None)
        self._statements.put_mark.run(connection, kept)
        for platform, place in (name for name, last in marks.items() if last is None):
            own = (seen_marks.c.platform == platform) & (seen_marks.c.place == place)
            connection.execute(delete(seen_marks).where(own))

    def put_feedback(self, connection: Connection, given: Feedback, now: datetime) -> None:
        """Keep the opinion in place of the person's earlier one, or with 0 take that back.

        Raises: StoreError: there is no such event.
        """
        stored: str | None = connection.execute(select(events.c.platform).where(events.c.id == given.key)).scalar()
        if stored is None:
            raise StoreError("feedback on a reply that the store does not have")
        platform, who = Platform(stored), given.person.external_id
        if given.value:
            self._known.person(connection, platform, given.person, now)
            row = (given.key, platform.value, who, given.value, given.given_at)
            self._statements.put_feedback.run(connection, [row])
            return
        own = (feedback.c.platform == platform.value) & (feedback.c.external_id == who)
        connection.execute(delete(feedback).where(feedback.c.key == given.key, own))
