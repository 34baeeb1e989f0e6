"""What forgetting a person takes out of the database."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Final

from sqlalchemy import ColumnElement, Connection, Table, and_, delete, exists, or_, select, update

from source.adapters.storage.attendance_table import forget_attendance, forget_wishes
from source.adapters.storage.conversation_deletion import strip_events
from source.adapters.storage.database_erasing import ErasableAccess, erase
from source.adapters.storage.identity_tables import (
    early_corrections,
    former_addresses,
    history_messages,
    merged_contacts,
)
from source.adapters.storage.message_forgetting import rewrite
from source.adapters.storage.operation_tables import archives, idempotent_answers, sync_status
from source.adapters.storage.parked_table import forget_written
from source.adapters.storage.person_reading import in_steps
from source.adapters.storage.person_tables import is_here, rows_by_person
from source.adapters.storage.receipt_table import note_forgotten
from source.adapters.storage.seen_places import is_of
from source.adapters.storage.sql_access import insert_of
from source.adapters.storage.tables import (
    aliases,
    conversations,
    events,
    participants,
    people,
    seen_marks,
    threads,
    usage,
)
from source.adapters.storage.task_forgetting import forget_tasks, unfinished_tasks
from source.adapters.storage.webhook_tables import contact_addresses, contacts, webhook_deliveries
from source.domain.identifiers import IdGenerator
from source.domain.privacy import SeenFrom
from source.domain.thread import Platform, ThreadKey
from source.ports.people import Alias
from source.ports.privacy import Rewritten, Who

# Where events of direct threads belong that are gone: a repeat of them is recognized all the same.
NOWHERE: Final = ""

_TOLD_OF_CONTACT: Final = (former_addresses, early_corrections, history_messages)

# The request to be forgotten is one message that has not been seen to; what waits beside it came after.
_AND_ANOTHER: Final = 2


class PersonDeletion:
    """Implements `PersonForgetting`."""

    def __init__(self, access: ErasableAccess) -> None:
        self._access = access

    async def rewrite(self, change: Rewritten) -> None:
        await self._access.change(lambda connection, _now: rewrite(connection, change))

    async def forget_rows(self, who: Who, place: SeenFrom | None, before: int) -> None:
        for keys in in_steps(await self._access.read(_events_of, who, place, before)):
            await self._access.change(partial(_strip, keys))
        await self._access.change(lambda connection, _now: _forget_rows(connection, who, place))
        for thread in await self._access.read(_empty_threads, who):
            await self._access.change(partial(_forget_thread, thread, self._access.ids))
        if place is None:
            await self._access.change(partial(_forget_names, who, self._access.ids, before))

    async def unfinished_tasks_of(self, who: Who) -> list[int]:
        return await self._access.read(unfinished_tasks, who.names)

    async def forget_tasks_of(self, who: Who) -> list[int]:
        return await self._access.change(lambda connection, _now: forget_tasks(connection, who.names))

    async def erase(self) -> None:
        await erase(self._access)


def _events_of(connection: Connection, who: Who, place: SeenFrom | None, before: int) -> list[int]:
    """Return their events; whoever holds a message back until it is answered has taken it back before."""
    query = (
        select(events.c.id)
        .join(threads, threads.c.id == events.c.thread_key)
        .where(events.c.id < before, _is_any_of(who, events.c.platform, events.c.external_id))
    )
    if place is not None:
        query = query.where(is_here(threads, place))
    return list(connection.execute(query).scalars())


def _strip(keys: Sequence[int], connection: Connection, _now: datetime) -> None:
    strip_events(connection, keys)


def _forget_rows(connection: Connection, who: Who, place: SeenFrom | None) -> None:
    for table, is_theirs in rows_by_person(who, place):
        connection.execute(delete(table).where(is_theirs))
    if place is None:
        for alias in who.aliases:
            _forget_use(connection, alias)
        _forget_answers(connection, who)


def _forget_use(connection: Connection, alias: Alias) -> None:
    """Leave what model calls took, without whom they were for, and what was archived, without by whom."""
    there = select(conversations.c.id).join(threads).where(threads.c.platform == alias.platform.value)
    used = and_(usage.c.person == alias.external_id, usage.c.conversation_id.in_(there))
    connection.execute(update(usage).where(used).values(person=None))
    by_them = and_(archives.c.archived_by == f"person:{alias.external_id}", archives.c.conversation_id.in_(there))
    connection.execute(update(archives).where(by_them).values(archived_by="person", reason=""))


def _forget_answers(connection: Connection, who: Who) -> None:
    """Drop the kept answers that name them: what is asked again with such a key is carried out again."""
    names = [name.encode() for name in who.names]
    answers = idempotent_answers.c
    for row in connection.execute(select(answers.owner, answers.key, answers.body)).all():
        if row.body is not None and any(name in bytes(row.body) for name in names):
            this = (answers.owner == row.owner, answers.key == row.key)
            connection.execute(delete(idempotent_answers).where(*this))


def _empty_threads(connection: Connection, who: Who) -> list[ThreadKey]:
    """Return the direct threads on their platforms of which nothing is left but the ids of events."""
    platforms = sorted({alias.platform.value for alias in who.aliases})
    query = select(threads.c.platform, threads.c.thread_id).where(threads.c.platform.in_(platforms), _is_empty())
    return [ThreadKey(Platform(row.platform), row.thread_id) for row in connection.execute(query)]


def _is_empty() -> ColumnElement[bool]:
    return and_(
        threads.c.guild_id.is_(None),
        threads.c.thread_id != NOWHERE,
        ~exists().where(conversations.c.thread_key == threads.c.id),
        ~exists().where(events.c.thread_key == threads.c.id, events.c.external_id != ""),
    )


def _forget_thread(thread: ThreadKey, ids: IdGenerator, connection: Connection, now: datetime) -> None:
    """Forget a thread, unless somebody has begun to speak there."""
    key: int | None = connection.execute(select(threads.c.id).where(is_of(thread), _is_empty())).scalar()
    if key is None:
        return
    is_mark = (seen_marks.c.platform == thread.platform.value, seen_marks.c.place == thread.thread_id)
    connection.execute(delete(seen_marks).where(*is_mark))
    connection.execute(delete(sync_status).where(sync_status.c.thread_key == key))
    forget_attendance(connection, thread)
    nowhere = _nowhere(connection, thread.platform, ids.next(now))
    connection.execute(update(events).where(events.c.thread_key == key).values(thread_key=nowhere))
    connection.execute(delete(threads).where(threads.c.id == key))


def _nowhere(connection: Connection, platform: Platform, new_key: int) -> int:
    """Return the thread of this platform where events of no thread belong."""
    row = {"id": new_key, "platform": platform.value, "thread_id": NOWHERE}
    connection.execute(insert_of(connection, threads).values(row).on_conflict_do_nothing())
    this = is_of(ThreadKey(platform, NOWHERE))
    return int(connection.execute(select(threads.c.id).where(this)).scalar_one())


def _forget_names(who: Who, ids: IdGenerator, receipt_id: int, connection: Connection, now: datetime) -> None:
    """Forget who it was, which the receipt says from then on; of whom something newer is there, is somebody new."""
    returned = [alias for alias in who.aliases if _is_there(connection, alias)]
    for alias in who.aliases:
        forget_wishes(connection, alias.platform, alias.external_id)
        connection.execute(delete(aliases).where(*_is(alias), aliases.c.person_id == who.person_id))
    connection.execute(delete(people).where(people.c.id == who.person_id))
    for alias in who.aliases:
        _forget_what_was_told(connection, alias)
    stays = [alias for alias in who.aliases if alias in returned or _is_awaited(connection, alias)]
    _forget_contacts(connection, [alias for alias in who.aliases if alias not in stays])
    for alias in returned:
        new = ids.next(now)
        connection.execute(insert_of(connection, people).values(id=new))
        row = {"platform": alias.platform.value, "external_id": alias.external_id, "display_name": alias.display_name}
        connection.execute(insert_of(connection, aliases).values(**row, person_id=new).on_conflict_do_nothing())
    note_forgotten(connection, receipt_id)


def _forget_contacts(connection: Connection, gone: Sequence[Alias]) -> None:
    """Forget the numbers and names under which a platform knows them."""
    for alias in gone:
        if alias.external_id.isdecimal():
            mine = int(alias.external_id)
            named = and_(contacts.c.id == mine, contacts.c.platform == alias.platform.value)
            connection.execute(delete(contacts).where(named))
            forget_written(connection, alias.platform, mine)
            _forget_of_contact(connection, contact_addresses, alias)
            merged = merged_contacts.c
            is_one_of = or_(merged.gone == mine, merged.kept == mine)
            connection.execute(delete(merged_contacts).where(is_one_of, merged.platform == alias.platform.value))


def _forget_what_was_told(connection: Connection, alias: Alias) -> None:
    """Forget what a platform told of them before they asked to be forgotten."""
    if alias.external_id.isdecimal():
        for table in _TOLD_OF_CONTACT:
            _forget_of_contact(connection, table, alias)


def _forget_of_contact(connection: Connection, table: Table, alias: Alias) -> None:
    theirs = (table.c.contact_id == int(alias.external_id), table.c.platform == alias.platform.value)
    connection.execute(delete(table).where(*theirs))


def _is_awaited(connection: Connection, alias: Alias) -> bool:
    """Whether something that they wrote since is kept, and is to be answered."""
    kept = webhook_deliveries.c
    written = kept.payload.contains('"kind": "said"') & kept.payload.contains(f'"contact_id": {alias.external_id},')
    query = select(kept.id).where(kept.platform == alias.platform.value, kept.payload.is_not(None), written)
    return len(connection.execute(query.limit(_AND_ANOTHER)).all()) == _AND_ANOTHER


def _is_there(connection: Connection, alias: Alias) -> bool:
    takes_part = (
        select(participants.c.conversation_id)
        .join(conversations, conversations.c.id == participants.c.conversation_id)
        .join(threads, threads.c.id == conversations.c.thread_key)
        .where(participants.c.external_id == alias.external_id, threads.c.platform == alias.platform.value)
    )
    wrote = select(events.c.id).where(
        events.c.platform == alias.platform.value, events.c.external_id == alias.external_id
    )
    return any(connection.execute(query.limit(1)).first() is not None for query in (takes_part, wrote))


def _is(alias: Alias) -> tuple[ColumnElement[bool], ...]:
    return (aliases.c.platform == alias.platform.value, aliases.c.external_id == alias.external_id)


def _is_any_of(who: Who, platform: ColumnElement[str], external_id: ColumnElement[str]) -> ColumnElement[bool]:
    return or_(*(and_(platform == each.platform.value, external_id == each.external_id) for each in who.aliases))
