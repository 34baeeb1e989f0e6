"""Profiles over HTTP, on both databases."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from source.domain.thread import PersonRef, Platform, ThreadRef
from tests.fakes.databases import KINDS, database_of
from tests.fakes.records_api import RecordsCaller, problem, records_api

BEN = PersonRef("ben", "Ben")
DM = ThreadRef(Platform.DISCORD, "5")


@pytest.fixture(params=KINDS)
async def caller(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[RecordsCaller]:
    with database_of(request.param, tmp_path) as url:
        async with records_api(tmp_path, url) as running:
            await running.talk.say("My boat is Aurora")
            await running.talk.say("My boat is Bora", thread=DM, person=BEN)
            yield running


async def _ids(caller: RecordsCaller) -> list[int]:
    return [person["id"] for person in (await caller.got("/api/people"))["people"]]


async def _put(caller: RecordsCaller, person: int, body: dict[str, Any]) -> Any:
    answer = await caller.call("PUT", f"/api/people/{person}/profile", body)
    assert answer.status == 200, answer.content
    return answer.json


async def test_a_profile_is_set_read_and_forgotten(caller: RecordsCaller) -> None:
    ada = (await _ids(caller))[0]
    empty = await caller.got(f"/api/people/{ada}/profile")
    assert empty == {"person_id": ada, "found_all_info": False, "missing": ["name", "email"], "values": []}
    await caller.talk.command("profile set name Ada")
    shown = await _put(caller, ada, {"values": {"E-Mail": "ada@example.org", "name": "Ada Lovelace"}})
    assert (shown["found_all_info"], shown["missing"]) == (True, [])
    told = {(each["field"], each["value"], each["source"], each["is_current"]) for each in shown["values"]}
    assert told == {
        ("email", "ada@example.org", "operator", True),
        ("name", "Ada Lovelace", "operator", True),
        ("name", "Ada", "person", False),
    }
    assert "Ada Lovelace" in await caller.talk.command("profile")
    gone = await caller.call("DELETE", f"/api/people/{ada}/profile?field=name")
    assert gone.json == {"forgotten": 2}
    assert (await caller.got(f"/api/people/{ada}/profile"))["missing"] == ["name"]
    assert (await caller.call("DELETE", f"/api/people/{ada}/profile")).json == {"forgotten": 1}


async def test_a_value_can_have_a_place(caller: RecordsCaller) -> None:
    ben = (await _ids(caller))[1]
    await _put(caller, ben, {"values": {"company": "Club"}, "platform": "discord", "guild_id": "7"})
    guild = ThreadRef(Platform.DISCORD, "6", "7", "Club")
    assert "Club" in await caller.talk.command("profile", thread=guild, person=BEN)
    assert "Club" not in await caller.talk.command("profile", thread=DM, person=BEN)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"values": {}},
        {"values": {"email": "nonsense"}},
        {"values": {"!": "x"}},
        {"values": {"name": "Ann"}, "guild_id": "7"},
        {"values": {"name": "Ann"}, "platform": "discord", "circle": "staff"},
        {"values": {"name": "Ann"}, "colour": "red"},
    ],
)
async def test_what_has_no_form_is_refused(caller: RecordsCaller, body: dict[str, Any]) -> None:
    ada = (await _ids(caller))[0]
    problem(await caller.call("PUT", f"/api/people/{ada}/profile", body), 422)
    assert (await caller.got(f"/api/people/{ada}/profile"))["values"] == []


async def test_two_people_become_one(caller: RecordsCaller) -> None:
    ada, ben = await _ids(caller)
    await _put(caller, ben, {"values": {"company": "Acme"}})
    assert "own" in problem(await caller.call("POST", f"/api/people/{ada}/merge", {"other_id": ada}), 422)
    answer = await caller.call("POST", f"/api/people/{ada}/merge", {"other_id": ben})
    assert answer.status == 200, answer.content
    assert [value["value"] for value in answer.json["values"]] == ["Acme"]
    (person,) = (await caller.got("/api/people"))["people"]
    assert (person["id"], {each["external_id"] for each in person["aliases"]}) == (ada, {"ada", "ben"})
    assert "Bora" in await caller.talk.command("search boat")
    problem(await caller.call("POST", f"/api/people/{ada}/merge", {"other_id": ben}), 404)


async def test_nobody_has_no_profile(caller: RecordsCaller) -> None:
    assert "no person 12" in problem(await caller.api.get("/api/people/12/profile"), 404)
    problem(await caller.call("PUT", "/api/people/12/profile", {"values": {"name": "Ann"}}), 404)
    problem(await caller.call("DELETE", "/api/people/12/profile"), 404)
    problem(await caller.call("POST", "/api/people/12/merge", {"other_id": 13}), 404)
