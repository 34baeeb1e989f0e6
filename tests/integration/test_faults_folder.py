"""Files in the folder that are damaged, somebody else's or in the way."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from source.app.composition import rebuild
from source.domain.errors import FolderInUseError, StoreDamagedError, StoreError
from source.services.rebuild import RebuildReport
from tests.fakes.clock import FakeClock
from tests.fakes.openai_server import FakeOpenAIServer
from tests.fakes.running_echo import database_rows, forget_database, running_echo, settings_for, transcripts_in

NAME = "2026-03-02_conversation-with-ada-in-terminal.json"
MESSAGES = "SELECT id, conversation_id, content, requester, event_id FROM messages ORDER BY id"


@pytest.fixture
async def server() -> AsyncIterator[FakeOpenAIServer]:
    async with FakeOpenAIServer() as running:
        yield running


async def _rebuild(folder: Path) -> RebuildReport:
    return await rebuild(settings_for(folder), "transcripts", lambda _done, _total: None)


@pytest.mark.parametrize(
    "content", [b'{"created_at": "2026', b"[1, 2]", b'{"name": "package.json"}', b"\xff\xfe\x00", b""], ids=repr
)
async def test_a_file_that_is_not_echo_s_is_left_alone(
    tmp_path: Path, server: FakeOpenAIServer, content: bytes
) -> None:
    (tmp_path / NAME).write_bytes(content)
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        await talk.say("Hello")

    assert (tmp_path / NAME).read_bytes() == content
    (tmp_path / NAME).unlink()
    [(own, transcript)] = transcripts_in(tmp_path).items()
    assert len(transcript["history"]) == 2
    assert database_rows(tmp_path, "SELECT filename FROM conversations") == [(own,)]


async def test_a_damaged_transcript_hides_no_other_from_a_rebuild(tmp_path: Path, server: FakeOpenAIServer) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        await talk.say("Hello")
        await talk.command("new")
        await talk.say("Again")
    (tmp_path / "notes.json").write_text("{")
    (tmp_path / "other.json").write_text('{"a": 1}')
    before = database_rows(tmp_path, MESSAGES)
    forget_database(tmp_path)
    report = await _rebuild(tmp_path)

    assert {skipped.filename for skipped in report.skipped} == {"notes.json", "other.json"}
    assert database_rows(tmp_path, MESSAGES) == before


async def test_a_transcript_that_was_lost_or_cut_is_written_again_at_the_next_start(
    tmp_path: Path, server: FakeOpenAIServer
) -> None:
    clock = FakeClock()
    async with running_echo(tmp_path, server, clock) as talk:
        await talk.say("Hello")
        await talk.command("new")
        await talk.say("Again")
    first, second = (tmp_path / name for name in transcripts_in(tmp_path))
    whole = second.read_bytes()
    first.unlink()
    second.write_bytes(whole[:-40])
    async with running_echo(tmp_path, server, clock) as talk:
        written = await talk.echo.catch_up.run()
        names = {each.head.filename for each in await talk.conversations()}
        again = await talk.echo.catch_up.run()

    assert written == 2
    assert again == 0, "the store knows the names under which the transcripts are now"
    assert first.exists()
    assert second.read_bytes() == whole[:-40], "a damaged file may be all that is left of something: it stays"
    assert all((tmp_path / name).exists() for name in names)


async def test_a_database_with_overwritten_bytes_is_reported_and_restored_from_the_transcripts(
    tmp_path: Path, server: FakeOpenAIServer
) -> None:
    clock = FakeClock()
    async with running_echo(tmp_path, server, clock) as talk:
        for number in range(20):
            await talk.say(f"Number {number} " + "and many more words " * 20)
    before = database_rows(tmp_path, MESSAGES)
    database = tmp_path / "echo.db"
    content = bytearray(database.read_bytes())
    content[4096:] = b"\xa5" * (len(content) - 4096)
    database.write_bytes(content)
    with pytest.raises(StoreDamagedError, match="rebuild --from transcripts"):
        async with running_echo(tmp_path, server, clock) as talk:
            await talk.say("Hello")
    database.rename(tmp_path / "damaged.db")
    await _rebuild(tmp_path)

    assert database_rows(tmp_path, MESSAGES) == before


async def test_a_file_that_is_no_database_is_reported(tmp_path: Path, server: FakeOpenAIServer) -> None:
    (tmp_path / "echo.db").write_bytes(b"my diary, volume one\n" * 500)
    with pytest.raises(StoreDamagedError):
        async with running_echo(tmp_path, server, FakeClock()):
            pass

    assert (tmp_path / "echo.db").read_bytes().startswith(b"my diary")


async def test_a_second_echo_is_told_who_has_the_folder(tmp_path: Path, server: FakeOpenAIServer) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        with pytest.raises(FolderInUseError, match=r"\d+"):
            async with running_echo(tmp_path, server, FakeClock()):
                pass
        with pytest.raises(FolderInUseError):
            await _rebuild(tmp_path)
        reply = await talk.say("Hello")

    assert reply.delivered == "You said: Hello"


async def test_a_file_where_the_folder_should_be_is_reported(tmp_path: Path, server: FakeOpenAIServer) -> None:
    (tmp_path / "data").write_text("in the way")
    with pytest.raises(StoreError):
        async with running_echo(tmp_path / "data", server, FakeClock()):
            pass

    assert (tmp_path / "data").read_text() == "in the way"
