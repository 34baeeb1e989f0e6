"""What was read for recall is known to be old once anything of it changes."""

from dataclasses import replace
from datetime import datetime

import pytest
from sqlalchemy import Connection, insert, select

from source.adapters.storage.archive_table import ArchiveTable
from source.adapters.storage.recall_table import RecallTable
from source.adapters.storage.recall_tables import message_embeddings
from source.adapters.storage.sql_store import SqlStore
from source.adapters.storage.tables import messages
from source.domain.message import Standing
from source.domain.turn import TurnRecord
from source.ports.recall import EVERYTHING
from tests.contract.test_recall_store import say
from tests.fakes.recall_looks import RecallLooks
from tests.fakes.store_samples import NOW, said, whole


@pytest.fixture
def table(sql_store: SqlStore) -> RecallLooks:
    return RecallLooks(RecallTable(sql_store))


async def _revision(table: RecallLooks) -> int:
    return (await table.extent(EVERYTHING, most_conversations=9)).revision


async def _embed_everything(store: SqlStore) -> None:
    def apply(connection: Connection, _now: datetime) -> None:
        rows = connection.execute(select(messages.c.seq, messages.c.conversation_id, messages.c.id)).all()
        connection.execute(
            insert(message_embeddings),
            [
                {
                    "seq": row.seq,
                    "conversation_id": row.conversation_id,
                    "message_id": row.id,
                    "model": "m",
                    "written": 1,
                    "vector": b"\0\0",
                }
                for row in rows
            ],
        )

    await store.change(apply)


async def _embeddings(store: SqlStore) -> list[int]:
    query = select(message_embeddings.c.message_id).order_by(message_embeddings.c.message_id)
    return list(await store.read(lambda connection: connection.execute(query).scalars().all()))


async def test_what_is_added_changes_nothing_that_was_read(sql_store: SqlStore, table: RecallLooks) -> None:
    key = await say(sql_store, "one")
    before = await _revision(table)
    await say(sql_store, "two", key=key)
    await say(sql_store, "three")
    assert await _revision(table) == before


@pytest.mark.parametrize("how", ["edited", "deleted", "superseded", "conversation deleted", "restored"])
async def test_whoever_changes_what_was_said_makes_copies_old_and_takes_its_embedding(
    sql_store: SqlStore, table: RecallLooks, how: str
) -> None:
    kept, changed = said("kept"), said("changed", by=None)
    key = await say(sql_store, kept, changed)
    stays = said("stays")
    await say(sql_store, stays)
    await _embed_everything(sql_store)
    before = await _revision(table)
    left = {kept.message_id, stays.message_id}
    if how == "edited":
        await sql_store.correct(key, replace(changed, message_content="other", edited_at=NOW))
    elif how == "deleted":
        await sql_store.correct(key, replace(changed, message_content="", standing=Standing.DELETED))
    elif how == "superseded":
        await sql_store.commit_turn(TurnRecord(key, (said("new", by=None),), superseded=(changed.message_id,)))
    elif how == "conversation deleted":
        assert await ArchiveTable(sql_store).delete_conversations([key]) == 1
        left = {stays.message_id}
    else:
        conversation = await sql_store.load(key)
        assert conversation is not None
        await sql_store.restore([whole(conversation.head, replace(kept, message_content="from a transcript"))])
        left = {changed.message_id, stays.message_id}
    assert await _revision(table) > before
    assert set(await _embeddings(sql_store)) == left
