"""What is noted of archives, on every database."""

from dataclasses import replace
from datetime import timedelta

import pytest

from source.adapters.storage.archive_table import ArchiveTable
from source.adapters.storage.memory_table import MemoryTable
from source.adapters.storage.metadata_table import MetadataTable
from source.adapters.storage.sql_store import SqlStore
from source.domain.conversation_head import ConversationHead, ConversationState, StoredConversation
from source.domain.errors import StoreConflictError
from source.domain.memory import MemorySource
from source.domain.message import Message, Standing
from source.domain.thread import Platform, ThreadKey
from source.domain.turn import TurnRecord
from source.ports.archives import Archive, ArchiveRule
from source.ports.metadata import MetadataChange
from tests.fakes.store_samples import GUILD, MAIN, NOW, head, said

WEEK = timedelta(days=7)
SINCE = NOW - timedelta(days=90)


@pytest.fixture
def table(sql_store: SqlStore) -> ArchiveTable:
    return ArchiveTable(sql_store)


async def put(store: SqlStore, *spoken: Message, conversation: ConversationHead | None = None) -> StoredConversation:
    """Store a conversation, ended unless given otherwise, as it is read back."""
    conversation = conversation or head(is_active=False)
    await store.commit_turn(TurnRecord(conversation.conversation_id, spoken, (conversation,)))
    stored = await store.load(conversation.conversation_id)
    assert stored is not None
    return stored


def archive_of(stored: StoredConversation, **changes: object) -> Archive:
    archive = Archive(
        conversation_id=stored.head.conversation_id,
        location="archive/one.json.zst",
        is_compressed=True,
        sha256="5" * 64,
        size_bytes=1_000,
        stored_bytes=300,
        message_count=len(stored.messages),
        reason="old",
        archived_by="schedule",
        archived_at=NOW,
    )
    return replace(archive, **changes)  # type: ignore[arg-type]  # fields by name


async def loaded(store: SqlStore, stored: StoredConversation) -> StoredConversation:
    found = await store.load(stored.head.conversation_id)
    assert found is not None
    return found


async def test_archiving_changes_the_state_and_nothing_else(sql_store: SqlStore, table: ArchiveTable) -> None:
    stored = await put(sql_store, said("One"), said("Two"))
    await table.note_archived(archive_of(stored), seen=stored)
    archived = replace(stored, head=replace(stored.head, state=ConversationState.ARCHIVED))
    assert await loaded(sql_store, stored) == archived
    assert await table.archive_of(stored.head.conversation_id) == archive_of(stored)
    assert await table.head_of(stored.head.conversation_id) == archived.head


async def test_restoring_gives_back_what_was_archived(sql_store: SqlStore, table: ArchiveTable) -> None:
    stored = await put(sql_store, said("One"))
    await table.note_archived(archive_of(stored), seen=stored)
    for _ in range(2):
        await table.note_restored(stored.head.conversation_id, filename="other.json")
        assert await loaded(sql_store, stored) == replace(stored, head=replace(stored.head, filename="other.json"))
    assert await table.archive_of(stored.head.conversation_id) is None


async def test_noting_it_twice_is_noting_it_once(sql_store: SqlStore, table: ArchiveTable) -> None:
    stored = await put(sql_store, said("One"))
    for _ in range(2):
        await table.note_archived(archive_of(stored), seen=stored)
    assert await table.count_archived() == 1


async def test_what_runs_is_not_restored_by_a_late_note(sql_store: SqlStore, table: ArchiveTable) -> None:
    stored = await put(sql_store, conversation=head())
    await table.note_restored(stored.head.conversation_id, filename="other.json")
    assert await loaded(sql_store, stored) == stored


@pytest.mark.parametrize("change", ["said", "edited", "deleted", "resumed", "renamed"])
async def test_a_conversation_that_moved_on_is_not_archived(
    sql_store: SqlStore, table: ArchiveTable, change: str
) -> None:
    first = said("One")
    stored = await put(sql_store, first)
    key = stored.head.conversation_id
    match change:
        case "said":
            await sql_store.commit_turn(TurnRecord(key, (said("Two"),)))
        case "edited":
            await sql_store.correct(key, replace(first, message_content="1", edited_at=NOW))
        case "deleted":
            await sql_store.correct(key, replace(first, message_content="", standing=Standing.DELETED))
        case "resumed":
            await sql_store.commit_turn(TurnRecord(key, heads=(stored.head.resumed(NOW),)))
        case "renamed":
            await sql_store.rename_transcript(key, "other.json")
    with pytest.raises(StoreConflictError):
        await table.note_archived(archive_of(stored), seen=stored)
    assert (await loaded(sql_store, stored)).head.state is not ConversationState.ARCHIVED
    assert await table.archive_of(key) is None


async def test_a_correction_of_what_is_archived_says_that_the_archive_is_behind(
    sql_store: SqlStore, table: ArchiveTable
) -> None:
    first = said("My number is 4711")
    stored = await put(sql_store, first)
    await table.note_archived(archive_of(stored), seen=stored)
    await sql_store.correct(stored.head.conversation_id, replace(first, message_content="", standing=Standing.DELETED))
    archive = await table.archive_of(stored.head.conversation_id)
    assert archive == archive_of(stored, sha256="")
    with pytest.raises(StoreConflictError):
        await table.put_archive(archive_of(stored), seen=loaded_before(stored))
    await table.put_archive(archive_of(stored, location="archive/new"), seen=await loaded(sql_store, stored))
    assert await table.archive_of(stored.head.conversation_id) == archive_of(stored, location="archive/new")


def loaded_before(stored: StoredConversation) -> StoredConversation:
    return replace(stored, head=replace(stored.head, state=ConversationState.ARCHIVED))


async def test_archives_are_listed_the_latest_first(sql_store: SqlStore, table: ArchiveTable) -> None:
    for number in range(4):
        stored = await put(sql_store, said(str(number)))
        archive = archive_of(stored, archived_at=NOW + timedelta(hours=number), is_compressed=number % 2 == 0)
        await table.note_archived(archive, seen=stored)
    every = await table.archived()
    assert [each.archive.archived_at.hour for each in every] == [12, 11, 10, 9]
    assert all(each.head.conversation_id == each.archive.conversation_id for each in every)
    assert await table.archived(limit=2, offset=1) == every[1:3]
    assert await table.archived(before=NOW + timedelta(hours=2)) == every[2:]
    assert await table.archived(compressed=False) == [every[0], every[2]]
    assert await table.count_archived() == 4


async def test_threads_and_their_conversations_are_found(sql_store: SqlStore, table: ArchiveTable) -> None:
    elsewhere = replace(MAIN, platform=Platform.WEB)
    first = await put(sql_store)
    second = await put(sql_store)
    other = await put(sql_store, conversation=head(thread=elsewhere))
    assert sorted(thread.key for thread in await table.threads_named("main")) == sorted([MAIN.key, elsewhere.key])
    assert await table.threads_named("nowhere") == []
    found = await table.conversations_of([MAIN.key, elsewhere.key, GUILD.key, ThreadKey(Platform.WEB, "x")])
    assert found == {
        MAIN.key: [first.head.conversation_id, second.head.conversation_id],
        elsewhere.key: [other.head.conversation_id],
    }


def rule(**changes: object) -> ArchiveRule:
    usual = ArchiveRule(inactive_before=NOW - WEEK, begun_before=NOW - 2 * WEEK, recalled_since=SINCE)
    return replace(usual, **changes)  # type: ignore[arg-type]  # fields by name


async def test_what_was_quiet_for_long_or_ended_long_ago_is_due(sql_store: SqlStore, table: ArchiveTable) -> None:
    def thread(name: str) -> ConversationHead:
        return head(thread=replace(MAIN, thread_id=name))

    old = NOW - 3 * WEEK
    quiet = await put(sql_store, conversation=replace(thread("quiet"), created_at=old, last_message_at=old))
    ended = await put(
        sql_store, conversation=replace(head(is_active=False), created_at=old + timedelta(1), last_message_at=NOW)
    )
    long_running = replace(thread("long"), created_at=old, last_message_at=NOW)
    resumed = replace(thread("resumed"), created_at=old, last_message_at=old, resumed_at=NOW)
    young = replace(head(is_active=False), created_at=NOW - WEEK / 2)
    for conversation in (long_running, resumed, young):
        await put(sql_store, conversation=conversation)
    archived = await put(sql_store, conversation=replace(head(is_active=False), created_at=old))
    await table.note_archived(archive_of(archived), seen=archived)
    first, second = quiet.head.conversation_id, ended.head.conversation_id

    assert await table.due(rule()) == [first, second]
    assert await table.due(rule(), limit=1) == [first]
    assert await table.due(rule(inactive_before=None)) == [second]
    assert await table.due(rule(begun_before=None)) == [first]
    assert await table.due(rule(begun_before=None, inactive_before=None)) == []
    covered = [each for each in (quiet.head, ended.head, long_running, resumed, young) if rule().covers(each)]
    assert covered == [quiet.head, ended.head]


async def test_what_is_starred_often_recalled_or_open_stays(sql_store: SqlStore, table: ArchiveTable) -> None:
    metadata, memories = MetadataTable(sql_store), MemoryTable(sql_store)
    kept = [await put(sql_store, said(str(number))) for number in range(6)]
    starred, recalled, seldom, open_issue, settled, without = [each.head.conversation_id for each in kept]
    await metadata.set_conversations([starred], MetadataChange(is_starred=True))
    for _ in range(3):
        await metadata.note_recalled([recalled])
    await metadata.note_recalled([seldom])
    await memories.put_memory(open_issue, {"open_issues": [{"text": "Call back"}]}, source=MemorySource.MODEL)
    await memories.put_memory(settled, {"open_issues": []}, source=MemorySource.MODEL)
    far = NOW + timedelta(days=365)
    everything = rule(inactive_before=far)

    assert await table.due(everything) == [seldom, settled, without]
    for each in kept:
        key = each.head.conversation_id
        assert await table.is_due(key, everything) == (key in {seldom, settled, without})
    for refused in (kept[0], kept[1], kept[3]):
        with pytest.raises(StoreConflictError):
            await table.note_archived(archive_of(refused), seen=refused, rule=everything)
        assert await table.archive_of(refused.head.conversation_id) is None
    # What was often recalled a year ago does not stay for ever.
    assert recalled in await table.due(replace(everything, recalled_since=far))


async def test_a_memory_of_another_shape_does_not_break_the_question(sql_store: SqlStore, table: ArchiveTable) -> None:
    stored = await put(sql_store, said("One"))
    await MemoryTable(sql_store).put_memory(
        stored.head.conversation_id, {"open_issues": "none"}, source=MemorySource.PERSON
    )
    assert await table.due(rule(inactive_before=NOW + WEEK)) == [stored.head.conversation_id]
