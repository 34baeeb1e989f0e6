"""What is found again is counted, so that archiving leaves it where it is."""

from pathlib import Path

from source.adapters.storage.archive_table import ArchiveTable
from tests.fakes.clock import FakeClock
from tests.fakes.openai_server import FakeOpenAIServer
from tests.fakes.running_echo import database_rows, running_echo


async def test_searches_of_people_are_counted_and_what_is_found_often_stays(tmp_path: Path) -> None:
    clock = FakeClock()
    async with FakeOpenAIServer() as model:
        async with running_echo(tmp_path, model, clock) as talk:
            await talk.say("The gate code is 4711")
            await talk.command("new fresh")
            for _ in range(3):
                await talk.command("search gate code")
                await talk.echo.recalls.flush()
            clock.advance(days=70)
            (found, _) = sorted(each.head.conversation_id for each in await talk.conversations())
            due = await ArchiveTable(talk.echo.store).due(talk.echo.archive.rule())
            assert found not in due
            await talk.command("search gate code")  # counted when Echo ends

        counted = database_rows(tmp_path, "SELECT conversation_id, recall_count FROM conversation_metadata")
        assert counted == [(found, 4)]
