"""Records over HTTP, on both databases."""

from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import quote

import pytest

from source.domain.api_key import Scope
from tests.fakes.databases import database_of
from tests.fakes.records_api import MESSAGES, SESSIONS, SUMMARIES, RecordsCaller, problem, records_api
from tests.fakes.running_echo import archived_in, transcripts_in


@pytest.fixture(params=["sqlite", "postgresql"])
async def caller(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[RecordsCaller]:
    with database_of(request.param, tmp_path) as database:
        async with records_api(tmp_path, database) as caller:
            yield caller


async def test_the_seeds_example_works_over_http(caller: RecordsCaller) -> None:
    session = await caller.made(
        SESSIONS,
        user_id="6591234567",
        outlet_id=1,
        language="en",
        start_time="2026-03-01T09:00:00",
        intents={"primary": "order_placement", "confidence": 0.95},
    )
    assert session["start_time"] == session["created_at"] == "2026-03-01T09:00:00Z"
    assert session["intents"] == {"primary": "order_placement", "confidence": 0.95}
    said = await caller.made(
        MESSAGES, session_id=session["session_id"], role="user", content="Hi, we need 400 pizza boxes"
    )
    assert (said["session_id"], said["user_id"]) == (session["session_id"], "6591234567")
    history = await caller.found(MESSAGES, {"session_id": session["session_id"]}, order_by="timestamp")
    assert [record["content"] for record in history] == ["Hi, we need 400 pizza boxes"]
    assert await caller.found(SESSIONS, {"created_at": {"$gte": "2026-03-02T00:00:00"}}) == []
    assert len(await caller.found(SESSIONS, {"intents.confidence": {"$gt": 0.9}}, order_by="-start_time")) == 1


async def test_a_record_is_read_changed_and_deleted(caller: RecordsCaller) -> None:
    path = f"{SESSIONS}/{await caller.session()}"
    read = await caller.call("GET", path)
    assert (read.status, read.json["language"]) == (200, None)
    changed = await caller.call("PATCH", path, {"language": "en", "title": "Boxes"})
    assert (changed.status, changed.json["language"], changed.json["title"]) == (200, "en", "Boxes")
    assert (await caller.call("HEAD", path)).status == 200
    assert (await caller.call("DELETE", path)).status == 204
    for method in ("GET", "HEAD", "DELETE"):
        assert (await caller.call(method, path)).status == 404
    assert "There is no session" in problem(await caller.call("PATCH", path, {"language": "en"}), 404)


async def test_a_version_guards_against_lost_updates(caller: RecordsCaller) -> None:
    path = f"{SESSIONS}/{await caller.session()}"
    first = (await caller.call("GET", path)).headers["ETag"]
    assert (await caller.call("GET", path, **{"If-None-Match": first})).status == 304
    changed = await caller.call("PATCH", path, {"title": "One"}, **{"If-Match": first})
    assert changed.status == 200
    assert changed.headers["ETag"] != first
    late = await caller.call("PATCH", path, {"title": "Two"}, **{"If-Match": first})
    assert "read it again" in problem(late, 412)
    assert problem(await caller.call("DELETE", path, **{"If-Match": first}), 412)
    assert (await caller.call("DELETE", path, **{"If-Match": changed.headers["ETag"]})).status == 204


async def test_pages_follow_each_other_over_http(caller: RecordsCaller) -> None:
    await caller.call("POST", f"{SUMMARIES}/bulk", {"records": [{"user_id": str(number)} for number in range(5)]})
    answer = await caller.api.get(f"{SUMMARIES}?limit=2&order_by=-user_id")
    users = [record["user_id"] for record in answer.json["records"]]
    while answer.json["next"]:
        answer = await caller.api.get(f"{SUMMARIES}?limit=2&order_by=-user_id&after={answer.json['next']}")
        users += [record["user_id"] for record in answer.json["records"]]
    assert users == ["4", "3", "2", "1", "0"]
    asked = {"filter": {"$or": [{"user_id": "1"}, {"user_id": "3"}]}, "order_by": ["user_id"], "limit": 1}
    answer = await caller.api.post(f"{SUMMARIES}/query", asked)
    assert [record["user_id"] for record in answer.json["records"]] == ["1"]
    answer = await caller.api.post(f"{SUMMARIES}/query", {**asked, "after": answer.json["next"]})
    assert [record["user_id"] for record in answer.json["records"]] == ["3"]
    assert answer.json["next"] is None
    counted = await caller.api.get(f"{SUMMARIES}/count?filter=" + quote('{"user_id": {"$gte": "2"}}'))
    assert counted.json == {"count": 3}


async def test_many_are_made_changed_and_deleted_at_once(caller: RecordsCaller) -> None:
    key = await caller.session()
    said = {"session_id": key, "role": "user", "content": "x"}
    answer = await caller.api.post(f"{MESSAGES}/bulk", {"records": [said, said]})
    ids = [result["id"] for result in answer.json["results"]]
    assert (answer.status, answer.json["succeeded"]) == (200, 2)
    assert [record["id"] for record in await caller.found(MESSAGES)] == ids
    body = {"filter": {"session_id": key}, "changes": {"is_read": True}}
    changed = await caller.call("PATCH", f"{MESSAGES}/bulk", body)
    assert [result["status"] for result in changed.json["results"]] == [200, 200]
    assert len(await caller.found(MESSAGES, {"is_read": True})) == 2
    refused = await caller.call("PATCH", f"{MESSAGES}/bulk", {"ids": [ids[0], 7], "changes": {"is_read": False}})
    assert problem(refused, 404).startswith("Nothing was written: 1 of 2 were refused")
    assert refused.json["errors"] == [{"location": "records.1", "problem": "There is no message 7."}]
    misshapen = {"records": [said, {**said, "user_id": "ann", "role": "assistant"}], "partial": True}
    answer = await caller.api.post(f"{MESSAGES}/bulk", misshapen)
    assert [result["status"] for result in answer.json["results"]] == [201, 422]
    misshapen = {"records": [said, {**said, "confidence": 7}], "partial": True}
    refused = await caller.api.post(f"{MESSAGES}/bulk", misshapen)
    assert problem(refused, 422)
    assert refused.json["errors"] == [
        {"location": "records.1", "problem": "record.confidence: a number from 0 to 1 is expected."}
    ]
    partly = await caller.call("DELETE", f"{MESSAGES}/bulk?ids={ids[0]}&ids=7&partial=true")
    assert [result["status"] for result in partly.json["results"]] == [204, 404]
    rest = await caller.call("DELETE", f"{MESSAGES}/bulk?filter=" + quote("{}"))
    assert rest.json["succeeded"] == 2
    assert await caller.found(MESSAGES) == []


async def test_summaries_are_counted_when_asked(caller: RecordsCaller) -> None:
    made = await caller.made(SUMMARIES, user_id="ann", preferences={"a": 1})
    assert made["total_messages"] == 0
    await caller.message(await caller.session())
    answer = await caller.api.post(f"{SUMMARIES}/recount", {"filter": {"user_id": "ann"}})
    assert answer.json["succeeded"] == 1
    counted = (await caller.call("GET", f"{SUMMARIES}/{made['id']}")).json
    assert (counted["total_conversations"], counted["total_messages"]) == (1, 1)
    assert counted["first_interaction"] == "2026-03-02T09:00:00Z"


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "sentence"),
    [
        ("GET", f"{SESSIONS}?filter=x", None, 422, "JSON is expected"),
        ("GET", f"{SESSIONS}?filter=%7B%22titel%22%3A1%7D", None, 422, "did you mean title?"),
        ("GET", f"{SESSIONS}?order_by=titel", None, 422, "did you mean title?"),
        ("GET", f"{SESSIONS}?after=x", None, 422, "not a `next` of this list"),
        ("GET", f"{SESSIONS}?limit=501", None, 422, "`errors` says where"),
        ("GET", f"{SESSIONS}/7", None, 404, "There is no session 7."),
        ("GET", f"{SESSIONS}/x", None, 404, "There is no such path"),
        ("POST", SESSIONS, {"titel": "x"}, 422, "`errors` says where"),
        ("POST", SESSIONS, {"platform": "fax"}, 422, "one of discord, whatsapp, web, terminal"),
        ("POST", SESSIONS, {"session_id": "7"}, 422, "`errors` says where"),
        ("POST", MESSAGES, {"session_id": "7", "role": "user", "content": "x"}, 404, "There is no session 7."),
        ("POST", MESSAGES, {"role": "user", "content": "x"}, 422, "`errors` says where"),
        ("POST", f"{SESSIONS}/bulk", {"records": []}, 422, "`errors` says where"),
        ("PATCH", f"{SESSIONS}/bulk", {"changes": {"title": "x"}}, 422, "by `ids` or by a `filter`"),
        ("PATCH", f"{SESSIONS}/bulk", {"ids": [1], "filter": {}, "changes": {"title": "x"}}, 422, "one of both"),
        ("PATCH", f"{SESSIONS}/7", {}, 422, "at least one field to change"),
        ("DELETE", f"{SESSIONS}/bulk", None, 422, "by `ids` or by a `filter`"),
        ("PUT", f"{SESSIONS}/7", {}, 405, "does not take that method"),
    ],
)
async def test_what_is_wrong_with_a_request_is_said(
    caller: RecordsCaller, method: str, path: str, body: object, status: int, sentence: str
) -> None:
    assert sentence in problem(await caller.call(method, path, body), status)


async def test_reading_takes_a_key_that_may_read_and_writing_one_that_may_write(caller: RecordsCaller) -> None:
    reading = await caller.api.make_key(Scope.READ, name="reader")
    writing = await caller.api.make_key(Scope.WRITE, name="writer")
    assert (await caller.api.get(SESSIONS, key=reading)).status == 200
    assert (await caller.api.get(SESSIONS, key=writing)).status == 403
    assert (await caller.api.post(SESSIONS, {}, key=reading)).status == 403
    assert (await caller.api.post(SESSIONS, {}, key=writing)).status == 201
    assert (await caller.api.get(SESSIONS)).status == 401


async def test_what_echo_says_in_a_session_is_where_programs_read_it(caller: RecordsCaller) -> None:
    await caller.talk.say("We need boxes")
    (session,) = await caller.found(SESSIONS, {"user_id": "ada"})
    assert (session["platform"], session["message_count"]) == ("terminal", 2)
    said = await caller.found(MESSAGES, {"session_id": session["session_id"]})
    assert (said[0]["role"], said[0]["content"]) == ("user", "We need boxes")
    await caller.message(session["session_id"], "By the way", user_id="bob")
    await caller.call("PATCH", f"{MESSAGES}/{said[0]['id']}", {"content": "We need cups"})
    await caller.talk.say("How many?")
    stored = await caller.talk.conversation()
    people = [message.message_content for message in stored.messages if message.is_from_person]
    assert people == ["We need cups", "By the way", "How many?"]


async def test_a_deleted_session_is_gone_from_memory_and_folder_too(caller: RecordsCaller, tmp_path: Path) -> None:
    await caller.talk.say("Secret")
    (session,) = await caller.found(SESSIONS)
    await caller.talk.echo.manager.write_transcripts()
    assert len(transcripts_in(tmp_path)) == 1
    assert (await caller.call("DELETE", f"{SESSIONS}/{session['session_id']}")).status == 204
    assert (transcripts_in(tmp_path), archived_in(tmp_path)) == ({}, [])
    assert caller.talk.echo.manager.metrics().conversations == 0
    await caller.talk.say("Hello")
    (later,) = await caller.found(SESSIONS)
    assert later["session_id"] != session["session_id"]


async def test_what_is_described_is_what_is_answered(caller: RecordsCaller) -> None:
    description = (await caller.api.get("/openapi.json")).json
    schemas = description["components"]["schemas"]
    assert {"Session", "SessionFilter", "NewMessage", "UserSummaryPage"} <= schemas.keys()
    session = (await caller.call("GET", f"{SESSIONS}/{await caller.session()}")).json
    assert session.keys() == schemas["Session"]["properties"].keys()
    parameters = description["paths"][SESSIONS]["get"]["parameters"]
    assert [each["name"] for each in parameters] == ["limit", "offset", "after", "filter", "order_by"]
