"""`python bot.py import`: what was said elsewhere is Echo's history, once, whatever happens in between."""

import json
import zipfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, select

from source.adapters.storage.contact_table import ContactTable
from source.adapters.storage.import_reading import ImportReading
from source.adapters.storage.interaction_tables import interactions
from source.app.composition import open_reader, open_unstarted
from source.app.importing import ImportRequest, import_chat, read_chat, run_import
from source.app.settings import Settings
from source.domain.conversation_head import ConversationState, CreatedReason, StoredConversation
from source.domain.errors import FolderInUseError, RefusedInputError, StoreUnavailableError
from source.domain.message import Standing
from source.domain.thread import PersonRef, Platform, ThreadRef
from source.ports.clock import SystemClock
from source.services.import_making import ImportMaking
from source.services.import_people import ImportPeople
from source.services.importing import Import
from tests.fakes.clock import FakeClock
from tests.fakes.databases import database_of
from tests.fakes.import_samples import GARDEN, as_json, discord_export, discord_message, whatsapp
from tests.fakes.openai_server import FakeOpenAIServer
from tests.fakes.raw_files import found_in
from tests.fakes.running_echo import running_echo, settings_for, transcripts_in

LATER = f"{GARDEN}20/03/2026, 18:07 - Ann: Thank you\n21/06/2026, 08:00 - Ann: It sings now\n"
ANN = PersonRef("name:Ann", "Ann")


@pytest.fixture
async def server() -> AsyncIterator[FakeOpenAIServer]:
    async with FakeOpenAIServer() as running:
        yield running


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Settings]:
    with database_of(request.param, tmp_path / "data") as url:
        yield settings_for(tmp_path / "data", database_url=url, time_zone="UTC")


@pytest.fixture
def small(tmp_path: Path) -> Settings:
    return settings_for(tmp_path / "data", time_zone="UTC")


def a_file(folder: Path, text: str, name: str = "WhatsApp Chat with Ann.txt") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


async def imported(settings: Settings, path: Path, **more: object) -> list[StoredConversation]:
    assert await run_import(settings, ImportRequest(path, **more)) == 0  # type: ignore[arg-type]  # a test's own
    return await stored(settings)


async def stored(settings: Settings) -> list[StoredConversation]:
    async with open_reader(settings) as store:
        found = [each async for each in store.every_conversation()]
    return sorted(found, key=lambda each: each.head.created_at)


def texts(conversations: list[StoredConversation]) -> list[list[str]]:
    return [[each.message_content for each in conversation.messages] for conversation in conversations]


async def test_a_chat_becomes_ended_conversations_with_dated_transcripts(settings: Settings, tmp_path: Path) -> None:
    first, second = await imported(settings, a_file(tmp_path, GARDEN), own_names=("Bob",))
    assert texts([first, second]) == [
        ["The garden gate squeaks", "I will oil it\ntomorrow", "<Media omitted>"],
        ["It squeaks again, and the hinge is rusty", "Then I bring a new hinge"],
    ]
    assert [each.requester for each in first.messages] == ["name:Ann", None, "name:Ann"]
    assert first.head.thread == ThreadRef(Platform.WHATSAPP, "import:Ann")
    assert (first.head.state, first.head.created_reason) == (ConversationState.ENDED, CreatedReason.IMPORT)
    assert f"{first.head.created_at:%Y-%m-%d %H:%M}" == "2026-03-15 09:01"
    assert first.head.ended_at == first.messages[-1].created_at + settings.conversation_timeout
    assert second.head.parent_conversation_id == first.head.conversation_id
    assert "hinge" in second.head.summary
    assert sorted(transcripts_in(settings.conversations_dir)) == [
        "2026-03-15_conversation-with-name%3AAnn-in-whatsapp.json",
        "2026-03-20_conversation-with-name%3AAnn-in-whatsapp.json",
    ]


async def test_a_second_run_adds_nothing_and_a_longer_export_what_is_new(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    once = await imported(settings, a_file(tmp_path, GARDEN))
    assert await imported(settings, a_file(tmp_path, GARDEN)) == once
    capsys.readouterr()
    longer = await imported(settings, a_file(tmp_path, LATER, "WhatsApp Chat with Ann (1).txt"))
    assert [len(each.messages) for each in longer] == [3, 3, 1]
    assert texts(longer)[1][-1] == "Thank you"
    assert longer[1].head.conversation_id == once[1].head.conversation_id
    assert "Imported 2 messages" in capsys.readouterr().out
    written = transcripts_in(settings.conversations_dir).values()
    assert sorted(len(each["history"]) for each in written) == [1, 3, 3]


async def test_what_an_earlier_export_lacked_becomes_conversations_of_its_own(small: Settings, tmp_path: Path) -> None:
    lines = GARDEN.splitlines(keepends=True)
    await imported(small, a_file(tmp_path, "".join(lines[2:])))
    whole = await imported(small, a_file(tmp_path, GARDEN))
    assert texts(whole)[0] == ["The garden gate squeaks"]
    assert [len(each.messages) for each in whole] == [1, 2, 2]


async def test_parts_of_one_channel_go_on_where_the_last_one_ended(small: Settings, tmp_path: Path) -> None:
    parts = [discord_message(1, "Ann", "The gate"), discord_message(2, "Berta", "squeaks")]
    for number, part in enumerate(parts):
        found = await imported(small, a_file(tmp_path, as_json(discord_export(part)), f"part{number}.json"))
    assert texts(found) == [["The gate", "squeaks"]]
    assert found[0].head.thread.guild_id == "900"
    assert found[0].people == {"503": "Ann", "505": "Berta"}


async def test_a_channel_that_echo_knows_as_open_stays_open(
    small: Settings, tmp_path: Path, server: FakeOpenAIServer
) -> None:
    path = a_file(tmp_path, as_json(discord_export(discord_message(1, "Ann", "The gate squeaks"))), "gates.json")
    known = ThreadRef(Platform.DISCORD, "700", "900", "Garden club")
    other, unknown = replace(known, thread_id="701"), replace(known, thread_id="702")
    ann = PersonRef("503", "Ann")
    async with running_echo(small.conversations_dir, server, FakeClock()) as talk:
        await talk.say("Hello", thread=known, person=ann)
    text = path.read_text().replace('"700"', '"702"').replace("squeaks", "rusts").replace("1300", "1400")
    await imported(small, path)
    await imported(small, a_file(tmp_path, text, "unknown.json"))
    async with running_echo(small.conversations_dir, server, FakeClock()) as talk:
        assert "squeaks" in await talk.command("search gate", thread=other, person=ann)
        assert "rusts" not in await talk.command("search gate", thread=other, person=ann)
        assert "rusts" in await talk.command("search gate", thread=replace(unknown, circle="702"), person=ann)


async def test_what_echo_heard_itself_is_not_taken_twice(
    small: Settings, tmp_path: Path, server: FakeOpenAIServer
) -> None:
    heard, missed = discord_message(1, "Ann", "The gate squeaks"), discord_message(2, "Ann", "And rusts")
    thread = ThreadRef(Platform.DISCORD, "700", "900", "Garden club")
    async with running_echo(small.conversations_dir, server, FakeClock()) as talk:
        await talk.say("The gate squeaks", thread=thread, person=PersonRef("503", "Ann"), event_id=str(heard["id"]))
        await talk.command("new", thread=thread, person=PersonRef("503", "Ann"))
        live = await talk.conversations(thread=thread)
        heard["timestamp"] = talk.clock.now().isoformat()
        missed["timestamp"] = (talk.clock.now() + timedelta(minutes=1)).isoformat()
    found = await imported(small, a_file(tmp_path, as_json(discord_export(heard, missed)), "gates.json"))
    said_live = {each.head.conversation_id: each.messages for each in live}
    assert said_live.items() <= {each.head.conversation_id: each.messages for each in found}.items()
    assert texts([each for each in found if each.head.conversation_id not in said_live]) == [["And rusts"]]


async def test_what_was_edited_or_deleted_since_is_followed(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await imported(settings, a_file(tmp_path, GARDEN))
    changed = GARDEN.replace("gate squeaks", "door squeaks <This message was edited>")
    changed = changed.replace("Then I bring a new hinge", "This message was deleted")
    capsys.readouterr()
    for _ in range(2):
        first, second = await imported(settings, a_file(tmp_path, changed))
        assert first.messages[0].message_content == "The garden door squeaks"
        assert [each.standing for each in second.messages] == [Standing.KEPT, Standing.DELETED]
        assert [len(first.messages), len(second.messages)] == [3, 2]
    assert capsys.readouterr().out.count("2 messages edited or deleted") == 1
    assert found_in(settings.conversations_dir, ["new hinge"]) == {}


async def test_other_words_of_the_same_minute_are_no_change(small: Settings, tmp_path: Path) -> None:
    await imported(small, a_file(tmp_path, GARDEN))
    other = GARDEN.replace("Then I bring a new hinge", "And a new lock")
    _, *others = await imported(small, a_file(tmp_path, other))
    assert sorted(text for some in texts(others) for text in some) == [
        "And a new lock",
        "It squeaks again, and the hinge is rusty",
        "Then I bring a new hinge",
    ]


async def test_a_kill_between_two_transactions_is_gone_on_with(
    small: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("source.services.importing._CONVERSATIONS_A_TRANSACTION", 1)
    chat, restores = whatsapp(GARDEN, chat="Ann"), 0

    async with open_unstarted(small, clock=SystemClock(), command="import") as echo:
        store, window = echo.store, timedelta(hours=48)
        restore = store.restore

        async def killed_at_the_second(conversations: list[StoredConversation]) -> None:
            nonlocal restores
            restores += 1
            if restores == 2:
                raise StoreUnavailableError("killed")
            await restore(conversations)

        monkeypatch.setattr(store, "restore", killed_at_the_second)
        making = ImportMaking(echo.summarizer, echo.scrubbing, window=window, now=SystemClock().now())
        people = ImportPeople(ContactTable(store))
        work = Import(store, ImportReading(store), making, people, echo.corrections, window=window)
        with pytest.raises(StoreUnavailableError):
            await work.take(chat, _silently)
    monkeypatch.undo()
    assert [len(each.messages) for each in await stored(small)] == [3]
    assert [len(each.messages) for each in await imported(small, a_file(tmp_path, GARDEN))] == [3, 2]
    assert len(transcripts_in(small.conversations_dir)) == 2


async def test_nothing_imported_is_answered_and_all_of_it_is_found(
    small: Settings, tmp_path: Path, server: FakeOpenAIServer
) -> None:
    await imported(small, a_file(tmp_path, GARDEN))
    thread = ThreadRef(Platform.WHATSAPP, "import:Ann")
    async with running_echo(small.conversations_dir, server, FakeClock()) as talk:
        assert await talk.echo.store.unanswered() == []
        assert await talk.echo.store.undelivered() == []
        assert "hinge" in await talk.command("search hinge", thread=thread, person=ANN)
        assert "2026-03-20" in await talk.command("conversations", thread=thread, person=ANN)
        asked = await talk.command("search hinge", thread=thread, person=PersonRef("name:Zoe", "Zoe"))
        assert "rusty" not in asked
        counted = await talk.echo.store.read(_interactions)
    assert server.requests == []
    assert counted == [("name:Ann", 1), ("name:Ann", 2), ("name:Bob", 1), ("name:Bob", 1)]


def _interactions(connection: Connection) -> list[tuple[str, int]]:
    rows = connection.execute(select(interactions.c.external_id, interactions.c.messages)).all()
    return sorted((row.external_id, row.messages) for row in rows)


async def test_who_is_known_by_a_number_is_who_writes_from_it(small: Settings, tmp_path: Path) -> None:
    number = "491701234567"
    text = f"{GARDEN}20/03/2026, 18:06 - +49 170 7654321: me too\n"
    async with open_unstarted(small, clock=SystemClock(), command="chat") as echo:
        ann = await ContactTable(echo.store).met(Platform.WHATSAPP, [f"phone:{number}"], "Ann G.")
    club = await imported(small, a_file(tmp_path, text, "Club.txt"), ids=(("Ann", number),))
    assert {each.requester for each in club[0].messages} == {str(ann.contact_id), "name:Bob"}
    assert club[1].people[str(ann.contact_id)] == "Ann"
    assert "Somebody …21" in club[1].people.values()
    direct = await imported(small, a_file(tmp_path, GARDEN), ids=(("Ann", number),))
    with_ann = ThreadRef(Platform.WHATSAPP, str(ann.contact_id))
    assert {each.head.thread for each in direct} == {club[0].head.thread, with_ann}
    assert not any(number in json.dumps(each) for each in transcripts_in(small.conversations_dir).values())


async def test_who_is_forgotten_stays_forgotten_when_the_chat_is_imported_again(
    settings: Settings, tmp_path: Path, server: FakeOpenAIServer
) -> None:
    folder, words = settings.conversations_dir, ["garden gate", "rusty"]
    path = a_file(tmp_path, GARDEN, "Club.txt")
    await imported(settings, path)
    assert set(found_in(folder, words, url=str(settings.database_url))) == set(words)
    database = {"database_url": settings.database_url}
    async with running_echo(folder, server, FakeClock(), **database) as talk:
        told = await talk.command("forget-me confirm", thread=ThreadRef(Platform.WHATSAPP, "import:Club"), person=ANN)
        assert "forgotten" in told
    again = await imported(settings, path)
    assert found_in(folder, words, url=str(settings.database_url)) == {}
    assert any("I bring a new hinge" in text for each in texts(again) for text in each)


async def test_personal_data_is_kept_as_the_settings_say(tmp_path: Path) -> None:
    settings = settings_for(tmp_path / "data", pii_scrub_stored=True, time_zone="UTC")
    text = "20/03/2026, 18:00 - Ann: Write to ann.garden@example.org\n"
    (conversation,) = await imported(settings, a_file(tmp_path, text))
    assert "example.org" not in conversation.messages[0].message_content
    assert conversation.messages[0].pii == ("email",)
    assert found_in(settings.conversations_dir, ["ann.garden"]) == {}


async def test_a_zip_is_read_and_a_dry_run_writes_nothing(
    small: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "WhatsApp Chat - Ann.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("_chat.txt", GARDEN)
        archive.writestr("00001-notes.txt", "a text that somebody sent")
    assert await run_import(small, ImportRequest(path, dry_run=True)) == 0
    assert "Would import 5 messages of 2 people in “Ann”: 2 conversations." in capsys.readouterr().out
    assert not small.conversations_dir.exists()
    assert len(await imported(small, path)) == 2
    capsys.readouterr()
    assert await run_import(small, ImportRequest(path, dry_run=True)) == 0
    assert "Would import 0 messages" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("chat.txt", b"Dear Ann", "line 1: this is no exported WhatsApp chat"),
        ("chat.txt", b"20/11/2026, 17:53 - Ann: a\n\xff\xff", "line 2: chat.txt is no text in UTF-8"),
        ("chat.json", b'{"channel": {"id": "7"},\n "messages": [', "line 2: this is not JSON"),
        ("chat.json", b"{}", "no channel exported by DiscordChatExporter"),
        ("chat.zip", b"PK\x03\x04 and nothing else", "damaged or encrypted"),
    ],
)
async def test_bad_files_are_refused_with_the_line_and_nothing_is_imported(
    small: Settings, tmp_path: Path, name: str, content: bytes, told: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(RefusedInputError, match=told):
        await run_import(small, ImportRequest(path))
    assert not small.conversations_dir.exists()
    with pytest.raises(RefusedInputError, match="cannot be read"):
        await run_import(small, ImportRequest(tmp_path / "nothing.txt"))


async def test_beside_a_running_echo_it_is_refused(small: Settings, tmp_path: Path) -> None:
    request = ImportRequest(a_file(tmp_path, GARDEN))
    chat = read_chat(request, small, SystemClock().now())
    async with open_unstarted(small, clock=SystemClock(), command="another"):
        with pytest.raises(FolderInUseError, match="another"):
            await import_chat(small, chat, SystemClock(), _silently)


def _silently(_done: int, _total: int | None) -> None:
    pass
