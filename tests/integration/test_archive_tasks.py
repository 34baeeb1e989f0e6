"""Archiving and restoring as tasks."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from source.adapters.storage.metadata_table import MetadataTable
from source.domain.conversation_head import ConversationState
from source.domain.errors import ArchiveUnavailableError, RefusedInputError, StoreUnavailableError
from source.domain.task import TaskStatus, TaskType
from source.domain.thread import Platform
from source.ports.metadata import MetadataChange
from source.services.archive import Archived
from tests.fakes.archive_bench import REQUEST, ArchiveBench, archive_bench
from tests.fakes.archive_desk import ArchiveDesk
from tests.fakes.blobs import InMemoryBlobs
from tests.fakes.databases import KINDS, database_of

ARCHIVE, UNARCHIVE = TaskType.ARCHIVE_CONVERSATIONS, TaskType.UNARCHIVE_CONVERSATION
AWAY = ArchiveUnavailableError("s3://bucket: it cannot be reached")


@pytest.fixture(params=KINDS)
async def bench(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[ArchiveBench]:
    with database_of(request.param, tmp_path) as url:
        async with archive_bench(url, tmp_path) as bench:
            yield bench


class Flickering(InMemoryBlobs):
    """Refuses to keep what is of these conversations."""

    refused: frozenset[int] = frozenset()

    async def put(self, name: str, data: bytes) -> None:
        if any(str(key) in name for key in self.refused):
            raise AWAY
        await super().put(name, data)


async def test_what_is_due_is_archived_and_what_is_young_or_kept_is_not(bench: ArchiveBench) -> None:
    old = [await bench.ended(f"Number {number}") for number in range(30)]
    running = await bench.say("Left alone")
    bench.clock.advance(days=61)
    young = await bench.ended("Young")
    output = await ArchiveDesk(bench).done(ARCHIVE)
    assert output["archived"] == [*old, running]
    assert (output["skipped"], output["failed"]) == ({}, {})
    assert await bench.state(young) is ConversationState.ENDED
    archive = await bench.table.archive_of(old[0])
    assert archive is not None
    assert (archive.archived_by, archive.reason) == ("schedule", "old enough")


async def test_all_conversations_of_the_named_chats_are_archived_and_come_back(bench: ArchiveBench) -> None:
    first = await bench.ended("One", thread_id="kitchen")
    second = await bench.say("Two", thread_id="kitchen")
    other = await bench.ended("Three", thread_id="cellar")
    before = bench.plain_files()
    desk = ArchiveDesk(bench)
    output = await desk.done(ARCHIVE, chat_ids=["kitchen", "attic"], reason="moved", compress=False)
    archive = await bench.table.archive_of(first)
    assert output == {"archived": [first, second], "skipped": {}, "failed": {"attic": "There is no such chat."}}
    assert archive is not None
    assert (archive.is_compressed, archive.reason) == (False, "moved")
    assert await bench.state(other) is ConversationState.ENDED
    output = await desk.done(UNARCHIVE, chat_id="kitchen")
    assert output == {"restored": [first, second], "rewritten": {}, "failed": {}}
    restored = bench.plain_files()
    assert restored.keys() >= before.keys()
    assert len(restored) == 3


async def test_two_platforms_may_share_a_chat_id(bench: ArchiveBench) -> None:
    here = await bench.ended("Here", thread_id="main")
    there = await bench.say("There", thread_id="main", platform=Platform.WEB)
    desk = ArchiveDesk(bench)
    assert (await desk.done(ARCHIVE, chat_ids=["web:main"]))["archived"] == [there]
    bench.clock.advance(seconds=1)
    assert (await desk.done(ARCHIVE, chat_ids=["main"]))["archived"] == [here]


async def test_what_was_archived_before_is_skipped_and_says_so(bench: ArchiveBench) -> None:
    key = await bench.ended("One", thread_id="kitchen")
    desk = ArchiveDesk(bench)
    await desk.done(ARCHIVE, chat_ids=["kitchen"])
    bench.clock.advance(minutes=1)
    output = await desk.done(ARCHIVE, conversation_ids=[key, str(key)])
    assert output == {
        "archived": [],
        "skipped": {str(key): Archived.ALREADY.value},
        "failed": {},
        "remark": "Nothing was archived: `skipped` says why.",
    }


async def test_a_piece_that_was_cut_off_counts_what_it_had_archived(bench: ArchiveBench) -> None:
    first, second = await bench.ended("One"), await bench.ended("Two")
    desk = ArchiveDesk(bench)
    [piece] = await desk.archive.plan(desk.archive.checked({"conversation_ids": [first, second]}))
    await bench.archive.archive(first, REQUEST)
    assert (await desk.archive.perform(piece))["archived"] == [first, second]


async def test_a_piece_that_was_cut_off_counts_what_it_had_brought_back(bench: ArchiveBench) -> None:
    keys = [await bench.ended(text, thread_id="kitchen") for text in ("One", "Two", "Three")]
    for key in keys[:2]:
        await bench.archive.archive(key, REQUEST)
    desk = ArchiveDesk(bench)
    [piece] = await desk.unarchive.plan(desk.unarchive.checked({"chat_id": "kitchen"}))
    await bench.archive.restore(keys[0])
    assert (await desk.unarchive.perform(piece))["restored"] == keys[:2]
    output = await desk.done(UNARCHIVE, chat_id="kitchen")
    assert (output["restored"], output["remark"]) == ([], "Nothing was brought back: none of it is archived.")


async def test_what_fails_of_one_conversation_stops_no_other(bench: ArchiveBench) -> None:
    storage = Flickering()
    bench = bench.restarted(storage=storage)
    keys = [await bench.ended(f"Number {number}") for number in range(30)]
    storage.refused = frozenset(keys[::10])
    task = await ArchiveDesk(bench).task(ARCHIVE, conversation_ids=[*keys, 4_711])
    assert task.status is TaskStatus.COMPLETED
    assert task.output_data is not None
    failed = {str(key): str(AWAY) for key in keys[::10]} | {"4711": "That conversation has just been deleted."}
    assert task.output_data["failed"] == failed
    assert task.output_data["archived"] == [key for key in keys if key not in storage.refused]
    states = [await bench.state(key) for key in keys]
    assert states.count(ConversationState.ENDED) == 3
    assert len(bench.plain_files()) == 3


async def test_a_storage_that_is_away_from_the_beginning_fails_the_task_with_its_sentence(
    bench: ArchiveBench,
) -> None:
    keys = [await bench.ended(f"Number {number}") for number in range(30)]
    bench.blobs.away = AWAY
    desk = ArchiveDesk(bench)
    for task in (await desk.task(ARCHIVE, conversation_ids=keys), await desk.task(UNARCHIVE, conversation_id=keys[0])):
        assert task.status is TaskStatus.FAILED
        assert task.error is not None
        assert str(AWAY) in task.error
    assert len(bench.plain_files()) == 30


async def test_a_storage_that_goes_away_is_not_asked_for_every_single_conversation(bench: ArchiveBench) -> None:
    class Counting(InMemoryBlobs):
        puts = 0

        async def put(self, name: str, data: bytes) -> None:
            self.puts += 1
            raise AWAY

    storage = Counting()
    bench = bench.restarted(storage=storage)
    keys = [await bench.ended(f"Number {number}") for number in range(25)]
    desk = ArchiveDesk(bench)
    [piece] = await desk.archive.plan(desk.archive.checked({"conversation_ids": keys}))
    with pytest.raises(ArchiveUnavailableError):
        await desk.archive.perform(piece)
    assert storage.puts < 16


async def test_a_store_that_is_away_has_the_piece_tried_again(
    bench: ArchiveBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = await bench.ended()
    desk = ArchiveDesk(bench)
    [piece] = await desk.archive.plan(desk.archive.checked({"conversation_ids": [key]}))
    note = bench.store.change

    async def away(*_: object) -> None:
        raise StoreUnavailableError("the disk is full")

    monkeypatch.setattr(bench.store, "change", away)
    with pytest.raises(StoreUnavailableError):
        await desk.archive.perform(piece)
    monkeypatch.setattr(bench.store, "change", note)
    assert (await desk.archive.perform(piece))["archived"] == [key]


async def test_what_had_to_be_written_again_is_said(bench: ArchiveBench) -> None:
    key = await bench.ended("One", thread_id="kitchen")
    desk = ArchiveDesk(bench)
    await desk.done(ARCHIVE, chat_ids=["kitchen"])
    bench.blobs.kept.clear()
    output = await desk.done(UNARCHIVE, chat_id="kitchen")
    assert output["restored"] == [key]
    assert "is gone: written again from the store" in str(output["rewritten"])


@pytest.mark.parametrize(
    ("type_of_it", "given", "told"),
    [
        (ARCHIVE, {"chat_ids": "kitchen"}, "must be a list"),
        (ARCHIVE, {"chat_ids": [], "conversation_ids": []}, "either"),
        (ARCHIVE, {"reason": 5}, "reason"),
        (ARCHIVE, {"reason": "x" * 501}, "reason"),
        (ARCHIVE, {"compress": "yes"}, "true or false"),
        (ARCHIVE, {"chats": []}, "There is no 'chats'"),
        (UNARCHIVE, {}, "Name either"),
        (UNARCHIVE, {"chat_id": "x", "conversation_id": 5}, "Name either"),
        (UNARCHIVE, {"chat_id": 5}, "list of texts"),
        (UNARCHIVE, {"conversation_id": "x"}, "list of ids"),
    ],
)
async def test_what_cannot_be_done_is_refused(
    tmp_path: Path, type_of_it: TaskType, given: dict[str, object], told: str
) -> None:
    async with archive_bench(f"sqlite:///{tmp_path / 'echo.db'}", tmp_path) as bench:
        with pytest.raises(RefusedInputError, match=told):
            await ArchiveDesk(bench).task(type_of_it, **given)


async def test_nothing_is_due_when_both_ages_are_off(bench: ArchiveBench) -> None:
    await bench.ended()
    bench.clock.advance(days=1_000)
    off = bench.restarted(settings=replace(bench.settings, ended_after=None, inactive_after=None))
    remark = "Nothing was archived: no conversation is due."
    assert await ArchiveDesk(off).done(ARCHIVE) == {"archived": [], "skipped": {}, "failed": {}, "remark": remark}


async def test_what_is_starred_after_the_plan_stays(bench: ArchiveBench) -> None:
    keys = [await bench.ended(f"Number {number}") for number in range(2)]
    running = await bench.say("Running")
    bench.clock.advance(days=61)
    desk = ArchiveDesk(bench)
    [piece] = await desk.archive.plan(desk.archive.checked({}))
    await MetadataTable(bench.store).set_conversations([keys[0], running], MetadataChange(is_starred=True))
    result = await desk.archive.perform(piece)
    assert result["archived"] == [keys[1]]
    assert result["skipped"] == {str(keys[0]): Archived.IN_USE.value, str(running): Archived.IN_USE.value}
    assert await bench.state(running) is ConversationState.ACTIVE
