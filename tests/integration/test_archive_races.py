"""Archives while conversations are written, corrected, resumed and spoken in."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from source.domain.conversation_head import ConversationState
from source.domain.errors import ArchiveUnavailableError
from source.domain.message import Standing
from source.domain.turn import TurnRecord
from source.services.archive import Archived
from tests.fakes.archive_bench import REQUEST, ArchiveBench, archive_bench
from tests.fakes.databases import KINDS, database_of
from tests.fakes.running_echo import eventually

AWAY = ArchiveUnavailableError("the storage cannot be reached")


@pytest.fixture(params=KINDS)
async def bench(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[ArchiveBench]:
    with database_of(request.param, tmp_path) as url:
        async with archive_bench(url, tmp_path) as bench:
            yield bench


def said_in(content: bytes) -> list[str]:
    return [entry["message_content"] for entry in json.loads(content)["history"]]


async def test_archiving_twice_archives_once(bench: ArchiveBench) -> None:
    key = await bench.ended()
    outcomes = await asyncio.gather(*(bench.archive.archive(key, REQUEST) for _ in range(3)))
    assert sorted(outcomes) == [Archived.ARCHIVED, Archived.ALREADY, Archived.ALREADY]
    returned = await asyncio.gather(*(bench.archive.restore(key) for _ in range(3)))
    assert sorted(each.was_archived for each in returned) == [False, False, True]


async def test_a_late_write_does_not_bring_the_file_back(bench: ArchiveBench) -> None:
    key = await bench.say("One")
    await bench.archive.archive(key, REQUEST)
    assert bench.manager.metrics().waiting_to_be_written
    await bench.manager.write_transcripts()
    await bench.home.close(timedelta(seconds=5))
    assert bench.plain_files() == {}
    assert len(bench.blobs.kept) == 1


async def test_what_still_waits_to_be_stored_is_in_the_archive(bench: ArchiveBench) -> None:
    key = await bench.ended("One")
    stored = await bench.stored(key)
    copy = bench.manager.create_conversation(stored.head.thread.thread_id, None, None, "ana")
    copy.revise(replace(stored.head, summary="They spoke of one"))
    bench.manager.remove_conversation(stored.head.thread.thread_id)
    bench.manager.retire(copy)
    await bench.archive.archive(key, REQUEST)
    [transcript] = bench.archived_content()
    assert json.loads(transcript)["summary"] == "They spoke of one"


async def test_what_is_deleted_of_an_archived_conversation_leaves_the_archive_too(bench: ArchiveBench) -> None:
    key = await bench.ended("My number is 4711", "Hello")
    await bench.archive.archive(key, REQUEST)
    await take_back(bench, key)
    await bench.manager.write_transcripts()
    await bench.home.close(timedelta(seconds=5))
    [transcript] = bench.archived_content()
    assert said_in(transcript) == ["", "Hello"]
    archive = await bench.table.archive_of(key)
    assert archive is not None
    assert archive.sha256
    assert (await bench.archive.restore(key)).remark == ""
    assert [*bench.plain_files().values()] == [transcript]


async def test_what_is_deleted_while_the_storage_is_away_leaves_it_with_the_next_clean_up(bench: ArchiveBench) -> None:
    key = await bench.ended("My number is 4711", "Hello")
    await bench.archive.archive(key, REQUEST)
    bench.blobs.away = AWAY
    await take_back(bench, key)
    await bench.manager.write_transcripts()
    await bench.home.close(timedelta(seconds=5))
    bench.blobs.away = None
    bench = bench.restarted()
    assert said_in(bench.archived_content()[0]) == ["My number is 4711", "Hello"]
    assert await bench.cleanup.unsettled() == [key]
    await bench.cleanup.mend(key)
    assert said_in(bench.archived_content()[0]) == ["", "Hello"]
    assert await bench.cleanup.unsettled() == []


async def test_what_was_deleted_is_not_brought_back_by_an_archive_that_is_behind(bench: ArchiveBench) -> None:
    key = await bench.ended("My number is 4711", "Hello")
    await bench.archive.archive(key, REQUEST)
    message = (await bench.stored(key)).messages[0]
    await bench.store.correct(key, replace(message, message_content="", standing=Standing.DELETED))
    returned = await bench.archive.restore(key)
    assert "changed since" in returned.remark
    assert [said_in(content) for content in bench.plain_files().values()] == [["", "Hello"]]


async def take_back(bench: ArchiveBench, key: int) -> None:
    """What `Corrections` does when somebody deletes a message of a conversation that is not running."""
    stored = await bench.stored(key)
    await bench.store.correct(key, replace(stored.messages[0], message_content="", standing=Standing.DELETED))
    changed = bench.manager.create_conversation(stored.head.thread.thread_id, None, None, "ana")
    bench.manager.remove_conversation(stored.head.thread.thread_id)
    changed.keep_committed((), head=(await bench.stored(key)).head)
    changed.mark_unwritten()
    bench.manager.retire(changed)


async def test_what_is_spoken_in_again_meanwhile_is_not_archived_by_a_rule(bench: ArchiveBench) -> None:
    quiet, running = await bench.ended("Quiet"), await bench.say("Running")
    bench.clock.advance(days=61)
    rule = bench.archive.rule()
    assert sorted(await bench.archive.due(rule)) == sorted([quiet, running])
    thread = (await bench.stored(running)).head.thread
    request = replace(REQUEST, rule=rule)
    async with bench.manager.turn(thread) as seat:
        archiving = asyncio.create_task(bench.archive.archive(running, request))
        await asyncio.sleep(0)
        assert seat.conversation is not None
        message = seat.conversation.take(bench.said("Hello again"))
        await bench.store.commit_turn(TurnRecord(running, (message,)))
        seat.conversation.keep_committed((message,))
    assert await archiving is Archived.IN_USE
    assert await bench.archive.archive(quiet, request) is Archived.ARCHIVED
    assert await bench.state(running) is ConversationState.ACTIVE


async def test_a_conversation_that_is_resumed_while_it_waits_to_be_archived_is_ended_again_first(
    bench: ArchiveBench,
) -> None:
    key = await bench.ended("One")
    thread = (await bench.stored(key)).head.thread
    async with bench.manager.turn(thread) as seat:
        archiving = asyncio.create_task(bench.archive.archive(key, REQUEST))
        await eventually(lambda: bench.is_waited_for(thread.key))
        await bench.opening.resume(seat, key)
    assert await archiving is Archived.ARCHIVED
    assert await bench.state(key) is ConversationState.ARCHIVED
    assert bench.manager.get_conversation(thread.thread_id, platform=thread.platform) is None
