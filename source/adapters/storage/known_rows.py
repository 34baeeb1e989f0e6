"""Threads, people and participants that the database is known to have."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, select

from source.adapters.storage.prepared import Prepared
from source.adapters.storage.statements import Statements
from source.adapters.storage.tables import aliases, conversations, threads
from source.domain.errors import StoreError
from source.domain.identifiers import IdGenerator
from source.domain.thread import PersonRef, Platform, ThreadKey, ThreadRef
from source.domain.turn import TurnRecord

_MOST_KNOWN = 50_000


class KnownRows:
    """Spares the usual write every statement but those of its own rows.

    Correct while this is the only process that writes, and what it deletes is forgotten; so is all after a rollback.
    """

    def __init__(self, statements: Statements, ids: IdGenerator) -> None:
        self._statements = statements
        self._ids = ids
        self._threads: dict[ThreadKey, tuple[int, ThreadRef]] = {}
        self._people: dict[tuple[Platform, str], str] = {}
        self._participants: set[tuple[str, int]] = set()
        # Who (`external_id`) is counted in which conversation.
        self.counted: set[tuple[str, int]] = set()
        # A conversation stays on its platform, and its id is never used again: nothing makes this wrong.
        self._platforms: dict[int, str] = {}

    def forget(self) -> None:
        self._threads.clear()
        self._people.clear()
        self._participants.clear()
        self.counted.clear()

    def look_up(
        self, connection: Connection, threads: Iterable[ThreadKey], people: Iterable[tuple[Platform, str]]
    ) -> None:
        """Learn what a batch is going to need, where it is not enough to remember."""

    def trim(self) -> None:
        """Forget everything once it takes too much memory; call it outside a batch."""
        for known in (self._threads, self._people, self._participants, self.counted, self._platforms):
            if len(known) > _MOST_KNOWN:
                known.clear()

    def thread(self, connection: Connection, thread: ThreadRef, now: datetime) -> int:
        """Return the thread's key; its row is there and has guild and circle as given."""
        known = self._threads.get(thread.key)
        if known is not None and known[1] == thread:
            return known[0]
        return self._put_thread(connection, thread, now, self._statements.put_thread)

    def thread_of_head(self, connection: Connection, thread: ThreadRef, now: datetime) -> int:
        """Return the thread's key; a circle that its row has stays, for a head may be older than what its channel said.

        What was said in a closed circle is never opened by a copy from before it was closed.
        """
        known = self._threads.get(thread.key)
        if known is not None and known[1] == replace(thread, circle=known[1].circle or thread.circle):
            return known[0]
        return self._put_thread(connection, thread, now, self._statements.put_thread_of_head)

    def _put_thread(self, connection: Connection, thread: ThreadRef, now: datetime, statement: Prepared) -> int:
        names = (thread.platform.value, thread.thread_id, thread.guild_id, thread.guild_name, thread.circle)
        match statement.returned(connection, (self._ids.next(now), *names)):
            case (int(key), str() | None as circle):
                self._threads[thread.key] = (key, replace(thread, circle=circle))
                return key
        raise StoreError("a thread was not given its key")

    def platforms(
        self, connection: Connection, records: Sequence[TurnRecord], conversation_ids: Iterable[int]
    ) -> Mapping[int, str]:
        """Return on which platforms, among others, these conversations are, to which the turns belong.

        Raises: StoreError: the store does not have one of them.
        """
        for record in records:
            for head in record.heads:
                self._platforms[head.conversation_id] = head.thread.platform.value
        unknown = set(conversation_ids) - self._platforms.keys()
        if unknown:
            query = select(conversations.c.id, threads.c.platform).join(threads).where(conversations.c.id.in_(unknown))
            found = {row.id: row.platform for row in connection.execute(query)}
            if unknown - found.keys():
                raise StoreError("a turn of a conversation that the store does not have")
            self._platforms.update(found)
        return self._platforms

    def person(self, connection: Connection, platform: Platform, person: PersonRef, now: datetime) -> None:
        """Have an alias of this name, and somebody whose alias it is."""
        known = (platform, person.external_id)
        if self._people.get(known) == person.display_name:
            return
        where = (aliases.c.platform == platform.value, aliases.c.external_id == person.external_id)
        person_id: int | None = connection.execute(select(aliases.c.person_id).where(*where)).scalar()
        if person_id is None:
            person_id = self._ids.next(now)
            self._statements.add_person.run(connection, [(person_id,)])
        row = (platform.value, person.external_id, person_id, person.display_name)
        self._statements.put_alias.run(connection, [row])
        self._people[known] = person.display_name

    def participants(self, connection: Connection, rows: Iterable[tuple[str, int]]) -> None:
        """Note who (`external_id`) took part in which conversation."""
        unknown = set(rows) - self._participants
        self._statements.add_participant.run(connection, unknown)
        self._participants |= unknown
