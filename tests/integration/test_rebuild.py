"""Either home of the conversations, restored from the other."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from source.adapters.storage.transcript_files import ConversationFileManagerService
from source.domain.conversation_head import ConversationState, StoredConversation
from source.domain.errors import StoreUnavailableError, TranscriptUnwritableError
from source.domain.message import Message, MessageType, Standing
from source.domain.thread import ThreadRef
from source.domain.transcript import encode_transcript
from source.ports.files import TranscriptEntry
from source.services.rebuild import Rebuild
from tests.fakes.restoring_store import MemoryStore
from tests.fakes.transcript_samples import GUILD, MORNING, a_conversation, in_state, named
from tests.fakes.transcripts import InMemoryTranscripts
from tests.unit.test_transcript_older import NAME as OLDER_NAME
from tests.unit.test_transcript_older import OLDER

NAME = "2026-03-02_conversation-with-42-in-987654321.json"


def in_thread(conversation: StoredConversation, thread_id: str) -> StoredConversation:
    return replace(conversation, head=replace(conversation.head, thread=replace(GUILD, thread_id=thread_id)))


class FakeArchive:
    """The archive beside a store: the conversations in it, by id."""

    def __init__(self, store: MemoryStore) -> None:
        self.store = store
        self.kept: dict[int, StoredConversation] = {}

    async def entries(self) -> AsyncIterator[TranscriptEntry]:
        for conversation in list(self.kept.values()):
            await asyncio.sleep(0)
            yield TranscriptEntry(f"archive/{conversation.head.filename}", conversation)

    async def put_right(self, conversation_id: int) -> bool:
        await asyncio.sleep(0)
        wanted = self.store.kept[conversation_id]
        was_right = self.kept.get(conversation_id) == wanted
        self.kept[conversation_id] = wanted
        return not was_right


def rebuild(
    store: MemoryStore, files: InMemoryTranscripts | ConversationFileManagerService, archive: FakeArchive | None = None
) -> Rebuild:
    archive = archive or FakeArchive(store)
    archive.store = store
    return Rebuild(store, files, archive)


async def a_full_store(
    files: InMemoryTranscripts | ConversationFileManagerService, many: int, archive: FakeArchive | None = None
) -> MemoryStore:
    """Conversations as Echo leaves them: one a thread, all but the first a child, every third in the archive."""
    store = MemoryStore()
    for number in range(1, many + 1):
        conversation = in_thread(a_conversation(number, "Hi \u202e 世界", "x" * number), str(number))
        head = replace(conversation.head, parent_conversation_id=number - 1 or None, running_summary="so far")
        conversation = replace(conversation, head=head)
        if archive is not None and number % 3 == 0:
            store.kept[number] = named(in_state(conversation, ConversationState.ARCHIVED), f"{number}.json")
            archive.kept[number] = store.kept[number]
        else:
            store.kept[number] = named(conversation, await files.save(conversation))
    return store


@pytest.mark.parametrize("home", ["folder", "memory"])
async def test_an_empty_store_gets_back_exactly_what_it_had(tmp_path: Path, home: str) -> None:
    files = ConversationFileManagerService(tmp_path) if home == "folder" else InMemoryTranscripts()
    archive = FakeArchive(MemoryStore())
    before = await a_full_store(files, 25, archive)
    store = MemoryStore()
    report = await rebuild(store, files, archive).from_transcripts()
    assert store.kept == before.kept
    assert (report.written, report.unchanged, report.skipped) == (25, 0, ())


@pytest.mark.parametrize("home", ["folder", "memory"])
async def test_an_empty_folder_gets_back_exactly_what_it_had(tmp_path: Path, home: str) -> None:
    files = ConversationFileManagerService(tmp_path / "a") if home == "folder" else InMemoryTranscripts()
    archive = FakeArchive(MemoryStore())
    store = await a_full_store(files, 25, archive)
    lost = ConversationFileManagerService(tmp_path / "b") if home == "folder" else InMemoryTranscripts()
    emptied = FakeArchive(store)
    report = await rebuild(store, lost, emptied).from_store()
    assert [entry async for entry in lost.entries()] == [entry async for entry in files.entries()]
    assert emptied.kept == archive.kept
    assert (report.written, report.unchanged, report.skipped) == (25, 0, ())


async def test_what_is_right_already_is_not_written_again() -> None:
    files = InMemoryTranscripts()
    store = await a_full_store(files, 20)
    files.files["spoilt.json"] = files.files.pop(store.kept[5].head.filename)
    saves = files.saves
    to_files = await rebuild(store, files).from_store()
    assert (to_files.written, to_files.unchanged) == (1, 19)
    assert files.saves == saves + 1
    del files.files["spoilt.json"]
    to_store = await rebuild(store, files).from_transcripts()
    assert (to_store.written, to_store.unchanged, store.transactions) == (0, 20, [])


async def test_an_edited_transcript_is_written_as_the_store_has_it() -> None:
    files = InMemoryTranscripts()
    store = await a_full_store(files, 2)
    name = store.kept[1].head.filename
    files.files[name] = files.files[name].replace("世界".encode(), b"moon")
    assert (await rebuild(store, files).from_store()).written == 1
    assert files.files[name] == encode_transcript(store.kept[1])


async def test_edits_deletions_and_circles_go_both_ways() -> None:
    files, thread = InMemoryTranscripts(), replace(GUILD, circle="staff")
    plain = a_conversation(1, "edited", "superseded", "", filename="a.json", thread=thread)
    edited, old, gone = plain.messages
    changed = (
        replace(edited, edited_at=MORNING + timedelta(hours=1)),
        replace(old, standing=Standing.SUPERSEDED),
        replace(gone, standing=Standing.DELETED),
    )
    conversation = replace(plain, messages=changed)
    store = MemoryStore(conversation)
    assert (await rebuild(store, files).from_store()).written == 1
    restored = MemoryStore()
    await rebuild(restored, files).from_transcripts()
    assert restored.kept == {1: conversation}
    assert (await rebuild(restored, files).from_store()).unchanged == 1


async def test_a_transcript_from_before_a_deletion_an_edit_or_a_closing_undoes_none_of_them() -> None:
    files = InMemoryTranscripts()
    before = a_conversation(1, "secret", "answer", "typo", "other", filename="a.json")
    await files.save(before)
    secret, answer, typo, other = before.messages
    after = (
        replace(secret, message_content="", standing=Standing.DELETED),
        replace(answer, standing=Standing.SUPERSEDED),
        replace(typo, message_content="no typo", edited_at=MORNING + timedelta(hours=1)),
        other,
    )
    closed = replace(before.head, thread=replace(GUILD, circle="staff"))
    stored = replace(before, head=closed, messages=after)
    store = MemoryStore(stored)
    report = await rebuild(store, files).from_transcripts()
    assert store.kept == {1: stored}
    assert report.unchanged == 1


async def test_a_transcript_from_after_an_edit_or_a_deletion_is_followed() -> None:
    files = InMemoryTranscripts()
    before = a_conversation(1, "secret", "answer", "first edit", filename="a.json")
    secret, answer, typo = before.messages
    edited = replace(typo, edited_at=MORNING + timedelta(hours=1))
    after = (
        replace(secret, message_content="", standing=Standing.DELETED),
        replace(answer, message_content="by hand"),
        replace(typo, message_content="second edit", edited_at=MORNING + timedelta(hours=2)),
    )
    await files.save(replace(before, messages=after))
    known = (replace(secret, edited_at=MORNING + timedelta(hours=1)), answer, edited)
    store = MemoryStore(replace(before, messages=known))
    await rebuild(store, files).from_transcripts()
    assert store.kept[1].messages == after


async def test_a_file_in_the_wrong_place_is_put_where_its_state_belongs() -> None:
    files, archive = InMemoryTranscripts(), FakeArchive(MemoryStore())
    store = await a_full_store(files, 3, archive)
    away, here = store.kept[3], store.kept[1]
    await files.take_away(here.head, b"")
    await files.put_back(away.head, encode_transcript(away))
    archive.kept.clear()
    report = await rebuild(store, files, archive).from_store()
    assert sorted(files.files) == sorted([here.head.filename, store.kept[2].head.filename])
    assert archive.kept == {3: away}
    assert (report.written, report.unchanged) == (2, 1)


async def test_what_is_in_the_folder_and_in_the_archive_is_not_archived() -> None:
    files, archive = InMemoryTranscripts(), FakeArchive(MemoryStore())
    before = await a_full_store(files, 3, archive)
    plain = in_state(before.kept[3], ConversationState.ENDED)
    name = await files.save(plain)
    store = MemoryStore()
    report = await rebuild(store, files, archive).from_transcripts()
    assert store.kept[3] == named(plain, name)
    assert [skipped.filename for skipped in report.skipped] == ["3.json"]


async def test_bad_files_are_reported_and_left_and_the_store_learns_the_new_name() -> None:
    files = InMemoryTranscripts()
    store = await a_full_store(files, 1)
    files.files[NAME] = b'{"half'
    files.files["package.json"] = b"{}"
    to_store = await rebuild(store, files).from_transcripts()
    assert [skipped.filename for skipped in to_store.skipped] == [NAME, "package.json"]
    assert "not whole JSON" in to_store.skipped[0].reason
    await rebuild(store, files).from_store()
    assert files.files[NAME] == b'{"half'
    assert store.kept[1].head.filename == NAME.replace(".json", "_1.json")
    assert (await rebuild(store, files).from_store()).unchanged == 1


async def test_a_child_may_come_before_its_parent() -> None:
    files = InMemoryTranscripts()
    parent = named(in_state(a_conversation(1), ConversationState.ENDED), "z.json")
    child = a_conversation(2, filename="a.json", parent_conversation_id=1)
    for conversation in (parent, child):
        await files.save(conversation)
    store = MemoryStore()
    await rebuild(store, files).from_transcripts()
    assert store.kept == {1: parent, 2: child}


@pytest.mark.parametrize(("older", "newer"), [("a.json", "z.json"), ("z.json", "a.json")])
@pytest.mark.parametrize("in_store", [set[int](), {1}, {2}])
async def test_of_two_active_conversations_in_a_thread_the_later_stays(
    older: str, newer: str, in_store: set[int]
) -> None:
    files = InMemoryTranscripts()
    first = a_conversation(1, filename=older)
    second = a_conversation(2, filename=newer, last_message_at=MORNING + timedelta(days=3))
    for conversation in (first, second):
        await files.save(conversation)
    store = MemoryStore(*(kept for kept in (first, second) if kept.head.conversation_id in in_store))
    await rebuild(store, files).from_transcripts()
    states = {number: kept.head.state for number, kept in store.kept.items()}
    assert states == {1: ConversationState.ENDED, 2: ConversationState.ACTIVE}
    assert store.kept[1].head.ended_at == first.head.last_message_at


async def test_a_transcript_that_is_behind_takes_nothing_back() -> None:
    files = InMemoryTranscripts()
    name = await files.save(a_conversation(1, "one", "two"))
    later = a_conversation(1, "one", "two", "three", updated_at=MORNING + timedelta(days=1))
    ended = named(in_state(later, ConversationState.ENDED), name)
    store = MemoryStore(ended)
    report = await rebuild(store, files).from_transcripts()
    assert store.kept == {1: ended}
    assert (report.written, report.unchanged) == (0, 1)


@pytest.mark.parametrize("copy", ["1 copy.json", "z copy.json"])
async def test_a_copy_of_a_file_is_reported_and_the_conversation_restored_once(copy: str) -> None:
    files = InMemoryTranscripts()
    await files.save(a_conversation(1))
    files.files[copy] = files.files[NAME]
    store = MemoryStore()
    report = await rebuild(store, files).from_transcripts()
    assert [(item.filename, item.reason) for item in report.skipped] == [(copy, f"the same conversation as {NAME}")]
    assert store.kept == {1: named(a_conversation(1), NAME)}


async def test_of_two_copies_the_later_one_is_restored() -> None:
    files = InMemoryTranscripts()
    stale = encode_transcript(a_conversation(1, "one"))
    fresh = encode_transcript(a_conversation(1, "one", "two", updated_at=MORNING + timedelta(days=1)))
    for contents in ((stale, fresh), (fresh, stale)):
        files.files = dict(zip(("a.json", "b.json"), contents, strict=True))
        store = MemoryStore()
        await rebuild(store, files).from_transcripts()
        assert len(store.kept[1].messages) == 2
        assert store.kept[1].head.updated_at == MORNING + timedelta(days=1)


async def test_text_that_the_store_cannot_keep_is_refused_with_a_reason_and_the_rest_goes_on() -> None:
    files = InMemoryTranscripts()
    await files.save(a_conversation(1, "a\x00b"))
    await files.save(in_thread(a_conversation(2, "fine"), "other"))
    store = MemoryStore()
    report = await rebuild(store, files).from_transcripts()
    assert set(store.kept) == {2}
    assert [(item.filename, "NUL" in item.reason) for item in report.skipped] == [(NAME, True)]


async def test_an_older_transcript_is_restored_and_left_as_it_was() -> None:
    files = InMemoryTranscripts()
    files.files[OLDER_NAME] = OLDER.encode()
    store = MemoryStore()
    assert (await rebuild(store, files).from_transcripts()).written == 1
    assert (await rebuild(store, files).from_store()).unchanged == 1
    assert files.files[OLDER_NAME] == OLDER.encode()


async def test_many_conversations_go_in_transactions_of_bounded_size() -> None:
    files = InMemoryTranscripts()
    before = await a_full_store(files, 450)
    store = MemoryStore()
    seen: list[tuple[int, int | None]] = []
    await rebuild(store, files).from_transcripts(lambda done, total: seen.append((done, total)))
    assert store.kept == before.kept
    assert store.transactions == [200, 200, 50]
    assert seen == [(100, None), (200, None), (300, None), (400, None), (450, 450)]


async def test_long_conversations_go_in_transactions_of_fewer() -> None:
    files = InMemoryTranscripts()
    for number in range(1, 4):
        said = tuple(Message(MORNING, MessageType.CHAT, "x", message_id=number * 20_000 + i) for i in range(11_000))
        await files.save(replace(in_thread(a_conversation(number), str(number)), messages=said))
    store = MemoryStore()
    await rebuild(store, files).from_transcripts()
    assert store.transactions == [2, 1]


async def test_progress_from_the_store_knows_its_end() -> None:
    seen: list[tuple[int, int | None]] = []
    store = await a_full_store(InMemoryTranscripts(), 40)
    await rebuild(store, InMemoryTranscripts()).from_store(lambda done, total: seen.append((done, total)))
    assert seen == [(16, 40), (32, 40), (40, 40)]


async def test_a_rebuild_that_was_broken_off_is_finished_by_the_next() -> None:
    files = InMemoryTranscripts()
    before = await a_full_store(files, 300)
    store = MemoryStore()
    store.fails_at = 1
    with pytest.raises(StoreUnavailableError):
        await rebuild(store, files).from_transcripts()
    assert len(store.kept) == 200
    store.fails_at = None
    report = await rebuild(store, files).from_transcripts()
    assert (report.written, report.unchanged) == (100, 200)
    assert store.kept == before.kept


async def test_a_folder_that_refuses_stops_the_rebuild_with_its_reason() -> None:
    store = await a_full_store(InMemoryTranscripts(), 40)
    files = InMemoryTranscripts()
    files.unwritable = TranscriptUnwritableError("the disk is full")
    with pytest.raises(TranscriptUnwritableError, match="full"):
        await rebuild(store, files).from_store()
    assert files.files == {}


async def test_a_guildless_thread_comes_back_without_a_guild() -> None:
    files = InMemoryTranscripts()
    direct = a_conversation(1, thread=ThreadRef(GUILD.platform, "dm"))
    name = await files.save(direct)
    store = MemoryStore()
    await rebuild(store, files).from_transcripts()
    assert store.kept == {1: named(direct, name)}
