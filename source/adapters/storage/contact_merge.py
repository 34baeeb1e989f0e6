"""Two contacts turn out to be one: everything that stands under the one stands under the other then."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, Connection, Select, Table, and_, delete, exists, select, update

from source.adapters.storage.archive_corrections import note_that_it_is_behind
from source.adapters.storage.identity_tables import early_corrections, history_messages, merged_contacts
from source.adapters.storage.parked_table import forget_written, note_written
from source.adapters.storage.parked_tables import last_written
from source.adapters.storage.person_merge import merge_people
from source.adapters.storage.privacy_tables import retention_rules
from source.adapters.storage.receipt_table import ensure_none_is_being_forgotten
from source.adapters.storage.seen_places import is_of
from source.adapters.storage.sql_access import insert_of
from source.adapters.storage.tables import aliases, conversations, events, metadata, people, threads
from source.adapters.storage.webhook_tables import contacts
from source.domain.conversation_head import ConversationState
from source.domain.identifiers import IdGenerator
from source.domain.thread import Platform, ThreadKey
from source.ports.webhooks import Merge, Wrote

_HANDED_OVER: Final = (early_corrections, history_messages)
# Tables of what somebody wishes or was told, which the account that they go on with has to know.
_OF_ACCOUNT: Final = ("person_wishes", "told_once")
_MOVED_APART: Final = (threads, conversations, events)


def who_it_is_now(connection: Connection, contact_id: int) -> int:
    """Return the contact that this one turned out to be, or itself."""
    query = select(merged_contacts.c.kept).where(merged_contacts.c.gone == contact_id)
    kept: int | None = connection.execute(query).scalar()
    return contact_id if kept is None else kept


def move_everything(
    platform: Platform, merge: Merge, ids: IdGenerator, connection: Connection, now: datetime
) -> list[int]:
    """As `MergeStore.move`, in the caller's transaction."""
    kept, gone = str(merge.kept), str(merge.gone)
    _become_one_person(connection, platform, kept, gone)
    for name in _OF_ACCOUNT:
        table = metadata.tables.get(name)
        if table is not None:
            _give(connection, table, "external_id", gone, kept, table.c.platform == platform.value)
    for table in _HANDED_OVER:
        connection.execute(update(table).where(table.c.contact_id == merge.gone).values(contact_id=merge.kept))
    _note_the_later(connection, platform, merge)
    moved = _move_thread(connection, platform, merge, ids.next(now), now)
    mine = (contacts.c.id == merge.gone, contacts.c.platform == platform.value)
    connection.execute(delete(contacts).where(*mine))
    return moved


def _note_the_later(connection: Connection, platform: Platform, merge: Merge) -> None:
    """Have it known when the one person wrote last."""
    theirs = (last_written.c.platform == platform.value, last_written.c.contact_id == merge.gone)
    wrote_at = connection.execute(select(last_written.c.wrote_at).where(*theirs)).scalar()
    if wrote_at is not None:
        note_written(connection, platform, [Wrote(merge.kept, wrote_at)])
        forget_written(connection, platform, merge.gone)


def _become_one_person(connection: Connection, platform: Platform, kept: str, gone: str) -> None:
    """Have both accounts be one person's: what was said from the one is still said from it."""
    query = select(aliases.c.external_id, aliases.c.person_id, aliases.c.display_name).where(
        aliases.c.platform == platform.value, aliases.c.external_id.in_((kept, gone))
    )
    found = {row.external_id: row for row in connection.execute(query)}
    if gone not in found:
        return
    if kept in found:
        merge_people(connection, found[kept].person_id, found[gone].person_id)
        return
    held = select(people.c.id).where(people.c.id == found[gone].person_id).with_for_update()
    connection.execute(held)
    ensure_none_is_being_forgotten(connection, found[gone].person_id)
    row = {"platform": platform.value, "external_id": kept, "display_name": found[gone].display_name}
    put = insert_of(connection, aliases).values(**row, person_id=found[gone].person_id)
    connection.execute(put.on_conflict_do_nothing())


def _move_thread(connection: Connection, platform: Platform, merge: Merge, new_key: int, now: datetime) -> list[int]:
    """Have all of one thread be another's; return the conversations that read otherwise by that."""
    kept, gone = str(merge.kept), str(merge.gone)
    old: int | None = connection.execute(_key_of(platform, gone)).scalar()
    if old is None:
        return []
    row = {"id": new_key, "platform": platform.value, "thread_id": kept}
    connection.execute(insert_of(connection, threads).values(row).on_conflict_do_nothing())
    new = int(connection.execute(_key_of(platform, kept)).scalar_one())
    moved = [*connection.execute(select(conversations.c.id).where(conversations.c.thread_key == old)).scalars()]
    moved += _end_all_but_the_latest(connection, (old, new), now)
    # The state is named for the triggers that note whose transcript is behind.
    values = {"thread_key": new, "state": conversations.c.state}
    connection.execute(update(conversations).where(conversations.c.thread_key == old).values(values))
    connection.execute(update(events).where(events.c.thread_key == old).values(thread_key=new))
    for table in _others_by("thread_key"):
        _give(connection, table, "thread_key", old, new)
    for table in _others_by("thread_id"):
        _give(connection, table, "thread_id", gone, kept, table.c.platform == platform.value)
    note_that_it_is_behind(connection, *moved)
    connection.execute(delete(threads).where(threads.c.id == old))
    return sorted(set(moved))


def _key_of(platform: Platform, thread_id: str) -> Select[int]:
    return select(threads.c.id).where(is_of(ThreadKey(platform, thread_id)))


def _end_all_but_the_latest(connection: Connection, thread_keys: Sequence[int], now: datetime) -> list[int]:
    """Leave one of the active conversations of these threads active; return those that ended."""
    query = select(conversations.c.id).where(conversations.c.thread_key.in_(thread_keys), conversations.c.is_active)
    latest_last = query.order_by(conversations.c.last_message_at.asc().nulls_first(), conversations.c.id)
    ended = list(connection.execute(latest_last).scalars())[:-1]
    state = {"is_active": False, "state": ConversationState.ENDED.value, "ended_at": now}
    connection.execute(update(conversations).where(conversations.c.id.in_(ended)).values(state))
    return ended


def _others_by(column: str) -> Iterator[Table]:
    """Yield every other table that names threads so."""
    for table in metadata.sorted_tables:
        if table not in _MOVED_APART and column in table.c and (column == "thread_key" or "platform" in table.c):
            yield table


def _give(
    connection: Connection, table: Table, column: str, before: object, after: object, *where: ColumnElement[bool]
) -> None:
    """Have rows name another; where there can be one alone, that of the other stays."""
    named, there = table.c[column], table.alias()
    others = [each.name for each in table.primary_key if each is not named]
    if table is retention_rules:
        others = ["platform"]
    if named.primary_key or table is retention_rules:
        same = and_(there.c[column] == after, *(there.c[name] == table.c[name] for name in others))
        connection.execute(delete(table).where(named == before, *where, exists().where(same)))
    connection.execute(update(table).where(named == before, *where).values({column: after}))
