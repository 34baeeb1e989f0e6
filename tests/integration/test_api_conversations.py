"""Conversations, people, searches and exports over HTTP, on both databases."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from urllib.parse import quote

import aiohttp
import pytest

from source.domain.thread import PersonRef, Platform, ThreadRef
from tests.fakes.databases import database_of
from tests.fakes.records_api import SESSIONS, RecordsCaller, problem, records_api
from tests.fakes.running_echo import archived_in, transcripts_in
from tests.fakes.store_samples import head, said, whole

CONVERSATIONS, PEOPLE, SEARCH, EXPORTS = (f"/api/{name}" for name in ("conversations", "people", "search", "exports"))
BEN = PersonRef("ben", "Ben Ü")
GUILD = ThreadRef(Platform.DISCORD, "42", guild_id="7", guild_name="Club")
CLOSED = ThreadRef(Platform.DISCORD, "43", guild_id="7", guild_name="Club", circle="staff")


@pytest.fixture(params=["sqlite", "postgresql"])
async def caller(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[RecordsCaller]:
    with database_of(request.param, tmp_path) as database:
        async with records_api(tmp_path, database) as caller:
            yield caller


async def running(caller: RecordsCaller) -> str:
    """Return the path of the conversation that runs in the main thread."""
    return f"{CONVERSATIONS}/{(await caller.talk.conversation()).head.conversation_id}"


async def test_conversations_are_listed_by_what_tells_them_apart(caller: RecordsCaller) -> None:
    await caller.talk.say("Hello")
    other = await caller.session(user_id="ann", thread_id="5", title="Boxes")
    for asked in ({"user_id": "ann"}, {"platform": "web"}, {"thread_id": "5"}, {"user_id": "ann", "state": "active"}):
        assert [each["session_id"] for each in await caller.found(CONVERSATIONS, None, **asked)] == [other]
    assert await caller.found(CONVERSATIONS, is_starred="true") == []
    assert len(await caller.found(CONVERSATIONS)) == 2
    assert len(await caller.found(CONVERSATIONS, limit=1)) == 1
    assert (await caller.got(f"{CONVERSATIONS}/{other}"))["title"] == "Boxes"
    assert "There is no conversation 7." in problem(await caller.call("GET", f"{CONVERSATIONS}/7"), 404)


async def test_a_conversation_is_read_as_its_transcript(caller: RecordsCaller) -> None:
    await caller.talk.say("We need boxes")
    transcript = await caller.got(f"{await running(caller)}/transcript")
    await caller.talk.echo.manager.write_transcripts()
    assert [transcript] == list(transcripts_in(caller.folder).values())
    assert transcript["history"][0]["message_content"] == "We need boxes"
    assert problem(await caller.call("GET", f"{CONVERSATIONS}/7/transcript"), 404)


async def test_a_conversation_ends_with_a_summary_and_goes_on_again(caller: RecordsCaller) -> None:
    await caller.talk.say("We need 400 pizza boxes by Friday")
    path = await running(caller)
    for _ in range(2):
        ended = await caller.call("POST", f"{path}/end")
        assert (ended.status, ended.json["state"]) == (200, "ended")
        assert ended.json["summary"]
    assert caller.talk.echo.manager.metrics().conversations == 0
    await caller.talk.say("Something else")
    assert await running(caller) != path
    for _ in range(2):
        resumed = await caller.call("POST", f"{path}/resume")
        assert (resumed.status, resumed.json["state"]) == (200, "active")
    assert await running(caller) == path
    assert len(await caller.found(CONVERSATIONS, state="ended")) == 1
    for action in ("end", "resume"):
        assert problem(await caller.call("POST", f"{CONVERSATIONS}/7/{action}"), 404)


async def test_an_archived_conversation_goes_on_whole(caller: RecordsCaller) -> None:
    await caller.talk.say("Hello")
    path = await running(caller)
    await caller.talk.command("archive")
    assert len(archived_in(caller.folder)) == 1
    assert (await caller.call("POST", f"{path}/resume")).json["state"] == "active"
    assert archived_in(caller.folder) == []


async def test_a_conversation_is_renamed_and_starred(caller: RecordsCaller) -> None:
    await caller.talk.say("Hello")
    path = await running(caller)
    seen = (await caller.call("GET", path)).headers["ETag"]
    renamed = await caller.call("PATCH", path, {"title": "Greetings"}, **{"If-Match": seen})
    assert (renamed.status, renamed.json["title"]) == (200, "Greetings")
    assert problem(await caller.call("PATCH", path, {"title": "x"}, **{"If-Match": seen}), 412)
    assert (await caller.call("PUT", f"{path}/star")).json["is_starred"] is True
    assert (await caller.call("DELETE", f"{path}/star")).json["is_starred"] is False
    await caller.talk.say("Again")
    assert (await caller.got(path))["title"] == "Greetings"
    assert problem(await caller.call("PUT", f"{CONVERSATIONS}/7/star"), 404)


async def test_people_are_found_by_their_names(caller: RecordsCaller) -> None:
    await caller.talk.say("Hello")
    await caller.talk.say("Hi", thread=GUILD, person=BEN)
    listed = await caller.got(PEOPLE)
    assert [person["aliases"][0]["display_name"] for person in listed["people"]] == ["Ada", "Ben Ü"]
    assert listed["next"] is None
    ben = listed["people"][1]
    alias = {"platform": "discord", "external_id": "ben", "display_name": "Ben Ü"}
    assert (ben["aliases"], ben["conversation_count"]) == ([alias], 1)
    for asked in ({"platform": "discord"}, {"external_id": "ben"}, {"name": "ben"}, {"name": "Ü"}):
        assert (await caller.got(PEOPLE, **asked))["people"] == [ben]
    assert (await caller.got(PEOPLE, platform="terminal", external_id="ben"))["people"] == []
    first = await caller.got(PEOPLE, limit=1)
    assert (await caller.got(PEOPLE, limit=1, after=first["next"]))["people"] == [ben]


async def test_a_person_is_read_with_what_they_did(caller: RecordsCaller) -> None:
    await caller.talk.say("Hello")
    began = caller.talk.clock.now()
    caller.talk.clock.advance(hours=1)
    await caller.talk.say("Again")
    await caller.talk.command("new")
    (person,) = (await caller.got(PEOPLE))["people"]
    path = f"{PEOPLE}/{person['id']}"
    read = await caller.got(path)
    assert (read["message_count"], read["conversation_count"]) == (2, 2)
    times = [read["first_message_at"], read["last_message_at"]]
    assert times == [began.isoformat().replace("+00:00", "Z"), "2026-03-02T10:00:00Z"]
    states = [each["state"] for each in await caller.found(f"{path}/conversations")]
    assert states == ["active", "ended"]
    assert len(await caller.found(f"{path}/conversations", offset=1)) == 1
    assert "There is no person 7." in problem(await caller.call("GET", f"{PEOPLE}/7"), 404)
    assert problem(await caller.call("GET", f"{PEOPLE}/7/conversations"), 404)


async def test_a_search_sees_what_its_person_may_see(caller: RecordsCaller) -> None:
    await caller.talk.say("Boxes in the guild", thread=GUILD, person=BEN)
    await caller.talk.say("Boxes among staff", thread=CLOSED, person=BEN)
    await caller.talk.say("Boxes in the terminal")

    async def seen(**asked: object) -> set[str]:
        hits = (await caller.got(SEARCH, q="boxes", **asked))["hits"]
        return {hit["content"] for hit in hits if hit["role"] == "user"}

    guild, staff, terminal = "Boxes in the guild", "Boxes among staff", "Boxes in the terminal"
    ben = {"user_id": "ben", "platform": "discord"}
    assert await seen() == {guild, staff, terminal}
    assert await seen(**ben, guild_id="7") == {guild}
    assert await seen(**ben, guild_id="7", circle="staff") == {guild, staff}
    assert await seen(**ben) == set()
    assert await seen(user_id="ada", platform="terminal") == {terminal}
    assert await seen(user_id="ada", platform="discord", guild_id="7") == set()
    (hit,) = [hit for hit in (await caller.got(SEARCH, q="staff"))["hits"] if hit["role"] == "user"]
    assert (hit["platform"], hit["thread_id"], hit["guild_id"], hit["user_id"]) == ("discord", "43", "7", "ben")
    assert problem(await caller.call("GET", SEARCH), 422)


async def test_a_conversation_is_exported_as_a_file(caller: RecordsCaller) -> None:
    await caller.talk.say("Hello")
    conversation = await caller.talk.conversation()
    exported = await caller.call("POST", EXPORTS, {"conversation_id": conversation.head.conversation_id})
    name = quote(conversation.head.filename)
    assert exported.headers["Content-Disposition"] == f"attachment; filename*=UTF-8''{name}"
    await caller.talk.echo.manager.write_transcripts()
    assert exported.content == (caller.folder / conversation.head.filename).read_bytes()
    assert problem(await caller.call("POST", EXPORTS, {"conversation_id": 7}), 404)
    assert problem(await caller.call("POST", EXPORTS, {"conversation_id": 7, "format": "pdf"}), 422)


async def test_many_conversations_are_exported_as_lines(caller: RecordsCaller) -> None:
    keys = [await caller.session(title=f"Title {number}\nwith a line") for number in range(120)]
    answer = await caller.api.get(f"{EXPORTS}/conversations")
    assert answer.headers["Content-Type"] == "application/x-ndjson"
    *transcripts, last = [json.loads(line) for line in answer.content.splitlines()]
    assert [str(each["conversation_id"]) for each in transcripts] == sorted(keys)
    assert last == {"exported": 120}
    wanted = quote(json.dumps({"session_id": {"$in": keys[:2]}}))
    answer = await caller.api.get(f"{EXPORTS}/conversations?filter={wanted}")
    assert [json.loads(line).get("exported") for line in answer.content.splitlines()] == [None, None, 2]
    assert problem(await caller.call("GET", f"{EXPORTS}/conversations?filter=%7B%22x%22%3A1%7D"), 422)


async def test_an_export_goes_no_faster_than_it_is_read(caller: RecordsCaller) -> None:
    texts = ["x" * 1_000_000] * 30
    await caller.talk.echo.store.restore([whole(head(is_active=False), said(text)) for text in texts])
    loaded = 0
    load = caller.talk.echo.store.load

    async def counted(conversation_id: int) -> object:
        nonlocal loaded
        loaded += 1
        return await load(conversation_id)

    caller.talk.echo.store.load = counted  # type: ignore[method-assign, assignment]  # looked at, not changed
    timeout = aiohttp.ClientTimeout(total=30)
    async with (
        aiohttp.ClientSession(timeout=timeout, read_bufsize=1_000) as session,
        session.get(f"{caller.api.url}{EXPORTS}/conversations") as answer,
    ):
        first = await answer.content.readany()
        await stands_still(lambda: loaded)
        # Of thirty megabytes only what fits into the buffers between here and there has been read.
        assert 0 < loaded < 25
        rest = await answer.content.read()
    assert len((first + rest).splitlines()) == 31
    assert loaded == 30


async def stands_still(number: Callable[[], int]) -> None:
    """Return once a number has not changed for many turns of the loop."""
    unchanged, last = 0, -1
    while unchanged < 200:
        await asyncio.sleep(0.001)
        unchanged, last = (unchanged + 1, last) if number() == last else (0, number())


async def test_what_is_deleted_while_it_is_exported_is_left_out(caller: RecordsCaller) -> None:
    keys = [await caller.session() for _ in range(2)]
    load = caller.talk.echo.store.load

    async def deleting(conversation_id: int) -> object:
        found = await load(conversation_id)
        if conversation_id == int(keys[0]):
            caller.talk.echo.store.load = load  # type: ignore[method-assign]  # as it was
            assert (await caller.call("DELETE", f"{SESSIONS}/{keys[1]}")).status == 204
        return found

    caller.talk.echo.store.load = deleting  # type: ignore[method-assign, assignment]  # somebody else's deletion
    lines = (await caller.api.get(f"{EXPORTS}/conversations")).content.splitlines()
    assert json.loads(lines[-1]) == {"exported": 1}
