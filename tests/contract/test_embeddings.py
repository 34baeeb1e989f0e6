"""Vectors of messages, whatever the database."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from source.adapters.storage.conversation_deletion import deletion_of
from source.adapters.storage.embedding_table import EmbeddingTable
from source.adapters.storage.sql_store import SqlStore
from source.domain.message import Message, MessageType
from source.domain.recall.vectors import packed
from source.domain.thread import Platform, ThreadRef
from source.domain.turn import TurnRecord
from source.ports.embeddings import Embedded, Unembedded
from source.ports.recall import EVERYTHING, Eyes
from source.ports.store import Scope
from tests.fakes.databases import rows
from tests.fakes.embedding_vectors import vector_of
from tests.fakes.store_samples import ANN, BEN, GUILD, MAIN, head, said

ALL = 2**60


@pytest.fixture
def table(sql_store: SqlStore) -> EmbeddingTable:
    return EmbeddingTable(sql_store)


async def _say(store: SqlStore, *messages: Message, thread: ThreadRef = MAIN, who: str = "ann") -> int:
    conversation = head(thread=thread, requester=who)
    await store.commit_turn(TurnRecord(conversation.conversation_id, messages, (conversation,)))
    return conversation.conversation_id


async def _missing(table: EmbeddingTable, model: str = "m") -> list[Unembedded]:
    return await table.unembedded(model, after=0, up_to=ALL, limit=100)


def _embedded(found: Sequence[Unembedded], size: int = 8) -> list[Embedded]:
    return [Embedded(each.seq, each.text, packed(vector_of(each.text, size))) for each in found]


async def _fill(table: EmbeddingTable, model: str = "m", size: int = 8) -> int:
    return await table.keep(model, _embedded(await _missing(table, model), size))


async def _keys(table: EmbeddingTable, eyes: Eyes = EVERYTHING, model: str = "m") -> set[tuple[int, int]]:
    return {each.key for each in await table.vectors(model, eyes, after=0)}


async def test_chat_messages_without_a_vector_are_told_newest_first(sql_store: SqlStore, table: EmbeddingTable) -> None:
    thought = replace(said("a thought"), message_type=MessageType.THINKING)
    await _say(sql_store, thought, said("one"), said("two"), said("  "), said("three"))
    found = await _missing(table)
    assert [each.text for each in found] == ["three", "two", "one"]
    assert [each.text for each in await table.unembedded("m", after=0, up_to=ALL, limit=2)] == ["three", "two"]
    within = await table.unembedded("m", after=found[2].seq, up_to=found[1].seq, limit=9)
    assert [each.text for each in within] == ["two"]


async def test_what_has_a_vector_is_not_told_again_but_for_another_model(
    sql_store: SqlStore, table: EmbeddingTable
) -> None:
    await _say(sql_store, said("one"), said("two"))
    assert await _fill(table) == 2
    assert await _missing(table) == []
    assert await table.counts("m") == (2, 2)
    assert len(await _missing(table, "other")) == 2
    assert await _fill(table, "other") == 2
    assert await table.counts("m") == (0, 2)
    assert await _keys(table) == set()
    assert len(await _keys(table, model="other")) == 2


async def test_vectors_come_back_as_they_were_kept(sql_store: SqlStore, table: EmbeddingTable) -> None:
    message = said("one")
    conversation_id = await _say(sql_store, message)
    (wanted,) = _embedded(await _missing(table))
    await table.keep("m", [wanted])
    key = (conversation_id, message.message_id or 0)
    (found,) = await table.vectors("m", EVERYTHING, after=0)
    assert (found.key, found.vector) == (key, wanted.vector)
    assert await table.vectors_of("m", [key, (1, 1)], EVERYTHING) == [found]


async def test_readers_find_what_was_kept_since(sql_store: SqlStore, table: EmbeddingTable) -> None:
    assert await table.newest_write() == 0
    await _say(sql_store, said("one"))
    await _fill(table)
    seen = await table.newest_write()
    await _say(sql_store, said("two", by=BEN), thread=GUILD)
    await _fill(table)
    assert await table.newest_write() > seen
    assert len(await table.vectors("m", EVERYTHING, after=seen)) == 1


async def test_a_vector_of_a_text_that_changed_meanwhile_is_not_kept(
    sql_store: SqlStore, table: EmbeddingTable, database: str
) -> None:
    await _say(sql_store, said("kept"), said("edited"), said("deleted"))
    embedded = _embedded(await _missing(table))
    rows(database, "UPDATE messages SET content = 'anew' WHERE content = 'edited'")
    rows(database, "DELETE FROM messages WHERE content = 'deleted'")
    assert await table.keep("m", embedded) == 1
    assert [each.text for each in await _missing(table)] == ["anew"]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE messages SET content = 'anew' WHERE content = 'mine'",
        "UPDATE messages SET standing = 'deleted' WHERE content = 'mine'",
        "DELETE FROM messages WHERE content = 'mine'",
    ],
)
async def test_a_vector_goes_with_its_text(
    sql_store: SqlStore, table: EmbeddingTable, database: str, change: str
) -> None:
    await _say(sql_store, said("mine"), said("yours"))
    await _fill(table)
    before = await table.extents()
    rows(database, change)
    assert len(await _keys(table)) == 1
    assert (await table.extents()).revision > before.revision


async def test_a_deleted_conversation_leaves_no_vector(
    sql_store: SqlStore, table: EmbeddingTable, database: str
) -> None:
    gone = await _say(sql_store, said("one"), said("two"))
    await _say(sql_store, said("three"), thread=GUILD)
    await _fill(table)
    await sql_store.change(deletion_of(gone))
    assert rows(database, "SELECT count(*) FROM message_embeddings") == [(1,)]


async def test_vectors_of_another_size_are_forgotten(sql_store: SqlStore, table: EmbeddingTable) -> None:
    await _say(sql_store, said("one"), said("two"))
    await _fill(table, size=8)
    assert await table.forget_other_sizes("m", 16) == 0
    assert await table.forget_other_sizes("other", 32) == 0
    assert await table.forget_other_sizes("m", 32) == 2
    assert len(await _missing(table)) == 2


async def test_only_what_the_eyes_see_is_read(sql_store: SqlStore, table: EmbeddingTable) -> None:
    direct, guild = said("mine, direct"), said("mine, in the guild")
    here = await _say(sql_store, direct)
    there = await _say(sql_store, guild, thread=GUILD)
    elsewhere = replace(said("not mine"), requester="ben")
    await _say(sql_store, elsewhere, thread=ThreadRef(Platform.TERMINAL, "other"), who="ben")
    await _fill(table)
    every = await _keys(table)
    assert len(every) == 3
    for scope, wanted in (
        (Scope(Platform.TERMINAL, ANN.external_id, None), {(here, direct.message_id)}),
        (Scope(Platform.DISCORD, ANN.external_id, "7"), {(there, guild.message_id)}),
        (Scope(Platform.DISCORD, ANN.external_id, None), set()),
    ):
        eyes = Eyes((scope,))
        assert await _keys(table, eyes) == wanted
        assert {each.key for each in await table.vectors_of("m", every, eyes)} == wanted
