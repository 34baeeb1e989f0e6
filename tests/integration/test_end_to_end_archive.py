"""The archive as people meet it: by commands, by replies to what is archived, by taking back what they said."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from source.adapters.blobs.zstandard import Zstandard
from source.domain.conversation_head import ConversationState
from source.domain.errors import RefusedInputError
from source.domain.thread import Platform
from tests.fakes.clock import FakeClock
from tests.fakes.openai_server import FakeOpenAIServer
from tests.fakes.running_echo import MAIN, archived_in, running_echo, transcripts_in


@pytest.fixture
async def server() -> AsyncIterator[FakeOpenAIServer]:
    async with FakeOpenAIServer() as running:
        yield running


def put_away_in(folder: Path) -> list[str]:
    """What was said in the one archived transcript."""
    [path] = (folder / "archive").iterdir()
    document = json.loads(Zstandard().decompress(path.read_bytes(), max_bytes=1_000_000))
    return [entry["message_content"] for entry in document["history"]]


async def test_an_archive_that_cannot_be_reached_is_told_and_nothing_is_lost(
    tmp_path: Path, server: FakeOpenAIServer
) -> None:
    (tmp_path / "blocked").write_text("a file where a folder should be")
    storage = f"file://{tmp_path / 'blocked'}"
    folder = tmp_path / "conversations"
    async with running_echo(folder, server, FakeClock(), archive_storage=storage) as talk:
        await talk.say("My boat is called Aurora")
        with pytest.raises(RefusedInputError, match="cannot be reached right now"):
            await talk.command("archive")
        [conversation] = await talk.conversations()
        (tmp_path / "blocked").unlink()
        await talk.command("archive")
        [archived] = await talk.conversations()
        (tmp_path / "blocked").rename(tmp_path / "moved")
        (tmp_path / "blocked").write_text("again")
        with pytest.raises(RefusedInputError, match="cannot be reached right now"):
            await talk.command("unarchive")
        resumed = await talk.command("resume")
        [again] = await talk.conversations()

    assert conversation.head.state is ConversationState.ENDED
    assert archived.head.state is ConversationState.ARCHIVED
    assert "Back in the conversation" in resumed
    assert again.head.is_active
    assert len(transcripts_in(folder)) == 1


async def test_archives_are_put_where_the_settings_say(tmp_path: Path, server: FakeOpenAIServer) -> None:
    elsewhere, folder = tmp_path / "elsewhere", tmp_path / "conversations"
    settings = {"archive_storage": f"file://{elsewhere}", "compress_archives": False}
    async with running_echo(folder, server, FakeClock(), **settings) as talk:
        await talk.say("My boat is called Aurora")
        await talk.command("archive")
        [path] = elsewhere.iterdir()
        archive = await talk.echo.archives.table.archive_of((await talk.conversations())[0].head.conversation_id)
    async with running_echo(folder, server, FakeClock()) as talk:
        await talk.command("unarchive")

    assert archive is not None
    assert (archive.location, archive.archived_by) == (f"file://{path}", "person:ada")
    assert path.name.endswith(".json")
    assert not path.exists()
    assert len(transcripts_in(folder)) == 1


async def test_what_somebody_takes_back_leaves_the_archive(tmp_path: Path, server: FakeOpenAIServer) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        await talk.say("My number is 4711", event_id="number")
        await talk.say("Hello")
        await talk.command("archive")
        before = put_away_in(tmp_path)
        await talk.echo.corrections.deleted(Platform.TERMINAL, ["number"])
        await talk.echo.manager.write_transcripts()
        await talk.echo.transcripts.close(timedelta(seconds=5))
        after = put_away_in(tmp_path)

    assert before[0] == "My number is 4711"
    assert after[0] == ""
    assert after[1:] == before[1:]
    assert transcripts_in(tmp_path) == {}


async def test_a_start_leaves_the_archive_alone(tmp_path: Path, server: FakeOpenAIServer) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        await talk.say("My boat is called Aurora")
        await talk.command("archive")
    kept = archived_in(tmp_path)
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        assert await talk.echo.catch_up.run() == 0
    assert (archived_in(tmp_path), transcripts_in(tmp_path)) == (kept, {})


async def test_a_new_conversation_may_have_the_name_of_an_archived_one(
    tmp_path: Path, server: FakeOpenAIServer
) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        await talk.say("First")
        await talk.command("archive")
        await talk.say("Second")
        await talk.echo.manager.write_transcripts()
        [name] = transcripts_in(tmp_path)
        await talk.command("unarchive")
        first, second = await talk.conversations(thread=MAIN)

    assert second.head.filename == name
    assert first.head.filename == name.replace(".json", f"_{first.head.conversation_id}.json")
    assert len(transcripts_in(tmp_path)) == 2
