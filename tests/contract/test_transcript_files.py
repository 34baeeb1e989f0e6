"""What every home of transcripts does."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from source.adapters.storage.transcript_files import ConversationFileManagerService
from source.domain.conversation_head import StoredConversation
from source.domain.errors import TranscriptMissingError
from source.domain.thread import Platform, ThreadRef
from source.ports.files import TranscriptFiles
from tests.fakes.transcript_samples import MORNING, a_conversation, a_head, named
from tests.fakes.transcripts import InMemoryTranscripts

NAME = "2026-03-02_conversation-with-42-in-987654321.json"
HOSTILE = ["../../etc/passwd", "..", "", "a/b\\c", "CON", "x" * 5000, "a\x00b", "\ud800", "\u202egnp"]


@pytest.fixture(params=["folder", "memory"])
def files(request: pytest.FixtureRequest, tmp_path: Path) -> TranscriptFiles:
    if request.param == "memory":
        return InMemoryTranscripts()
    return ConversationFileManagerService(tmp_path / "conversations", durable=False)


async def saved(files: TranscriptFiles, conversation: StoredConversation) -> StoredConversation:
    return named(conversation, await files.save(conversation))


async def contents(files: TranscriptFiles) -> list[StoredConversation]:
    entries = [entry async for entry in files.entries()]
    assert [entry.problem for entry in entries] == [None] * len(entries)
    return [entry.conversation for entry in entries if entry.conversation]


async def test_what_was_saved_is_loaded_exactly(files: TranscriptFiles) -> None:
    conversation = await saved(files, a_conversation(1, "Hi \x00 \ud800 \u202e 世界", "x" * 1_000_000))
    assert conversation.head.filename == NAME
    assert await files.load(NAME) == conversation


async def test_saving_again_replaces_the_file(files: TranscriptFiles) -> None:
    first = await saved(files, a_conversation(1, "one"))
    second = replace(a_conversation(1, "one", "two"), head=first.head)
    assert await files.save(second) == first.head.filename
    assert await contents(files) == [second]


async def test_a_second_conversation_of_that_user_guild_and_day_gets_a_file_of_its_own(files: TranscriptFiles) -> None:
    first = await saved(files, a_conversation(1, "one"))
    second = await saved(files, a_conversation(2, "two"))
    assert second.head.filename == NAME.replace(".json", "_2.json")
    assert await files.load(first.head.filename) == first
    assert await files.load(second.head.filename) == second


async def test_conversations_saved_at_once_under_one_name_get_a_file_each(files: TranscriptFiles) -> None:
    conversations = [a_conversation(number, f"text {number}") for number in range(1, 21)]
    names = await asyncio.gather(*map(files.save, conversations))
    expected = [named(conversation, name) for conversation, name in zip(conversations, names, strict=True)]
    assert sorted(await contents(files), key=lambda found: found.head.conversation_id) == expected


async def test_a_conversation_that_was_not_told_its_new_name_keeps_its_file(files: TranscriptFiles) -> None:
    await files.save(a_conversation(1))
    given = named(a_conversation(2, "one"), NAME)
    name = await files.save(given)
    assert await files.save(replace(given, messages=a_conversation(2, "one", "two").messages)) == name
    assert len(await contents(files)) == 2


async def test_a_conversation_keeps_its_file_when_the_name_it_wanted_becomes_free(files: TranscriptFiles) -> None:
    await files.save(a_conversation(1))
    name = await files.save(a_conversation(2))
    await files.delete(NAME)
    assert await files.save(a_conversation(2)) == name
    assert len(await contents(files)) == 1


async def test_the_same_id_on_another_platform_or_at_another_time_is_another_conversation(
    files: TranscriptFiles,
) -> None:
    here = a_conversation(1, filename="x.json")
    elsewhere = a_conversation(1, filename="x.json", thread=ThreadRef(Platform.WEB, "1234567890"))
    earlier = a_conversation(1, filename="x.json", created_at=MORNING - timedelta(seconds=1))
    names = [await files.save(conversation) for conversation in (here, elsewhere, earlier)]
    assert len(set(names)) == 3
    assert await files.load("x.json") == here


async def test_saves_of_one_conversation_at_once_leave_the_newest(files: TranscriptFiles) -> None:
    texts = [str(number) for number in range(30)]
    versions = [a_conversation(1, *texts[:length]) for length in range(1, 31)]
    await asyncio.gather(*map(files.save, versions))
    assert await contents(files) == [named(versions[-1], NAME)]


@pytest.mark.parametrize("hostile", HOSTILE)
async def test_hostile_ids_and_names_are_saved_and_found(files: TranscriptFiles, hostile: str) -> None:
    thread = ThreadRef(Platform.DISCORD, hostile, hostile, hostile)
    conversation = await saved(files, a_conversation(1, thread=thread, requester=hostile, filename=hostile))
    assert await files.load(conversation.head.filename) == conversation


async def test_what_is_not_there_is_missing(files: TranscriptFiles) -> None:
    for name in (NAME, "../outside.json", "", "a\x00.json", "\ud800.json"):
        for ask in (files.load, files.content):
            with pytest.raises(TranscriptMissingError):
                await ask(name)
        assert not await files.take_away(a_head(filename=name), b"")
        assert not await files.delete(name)


async def test_what_was_deleted_is_gone(files: TranscriptFiles) -> None:
    await files.save(a_conversation())
    assert await files.delete(NAME)
    assert not await files.delete(NAME)
    assert await contents(files) == []


async def test_what_is_taken_away_and_put_back_is_as_it_was(files: TranscriptFiles) -> None:
    conversation = await saved(files, a_conversation())
    content = await files.content(NAME)
    assert await files.take_away(conversation.head, content)
    assert not await files.take_away(conversation.head, content)
    assert await contents(files) == []
    assert await files.put_back(conversation.head, b" " + content) == NAME
    assert await files.content(NAME) == b" " + content
    assert await contents(files) == [conversation]


async def test_a_file_that_holds_more_of_the_conversation_than_is_known_is_taken_away_all_the_same(
    files: TranscriptFiles,
) -> None:
    conversation = await saved(files, a_conversation())
    assert await files.take_away(conversation.head, b"what it held before")


async def test_another_conversation_s_file_is_not_taken_away(files: TranscriptFiles) -> None:
    first = await saved(files, a_conversation(1))
    await files.delete(NAME)
    second = await saved(files, a_conversation(2))
    assert second.head.filename == first.head.filename
    assert not await files.take_away(first.head, b"")
    assert await contents(files) == [second]


async def test_what_is_put_back_under_a_name_that_is_taken_gets_one_of_its_own(files: TranscriptFiles) -> None:
    first = await saved(files, a_conversation(1))
    content = await files.content(NAME)
    await files.take_away(first.head, content)
    second = await saved(files, a_conversation(2))
    name = await files.put_back(first.head, content)
    assert name == NAME.replace(".json", "_1.json")
    assert await contents(files) == [second, named(first, name)]


async def test_entries_come_in_order_of_name(files: TranscriptFiles) -> None:
    for number, name in enumerate(["c.json", "a.json", "d.json", "b.json"], 1):
        await files.save(a_conversation(number, filename=name))
    assert [found.head.filename for found in await contents(files)] == ["a.json", "b.json", "c.json", "d.json"]
