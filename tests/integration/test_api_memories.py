"""Messages and memories of conversations over HTTP, on both databases."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from source.domain.thread import ThreadRef
from source.domain.turn import TurnRecord
from tests.fakes.databases import KINDS, database_of
from tests.fakes.operations_api import Desk, a_desk
from tests.fakes.running_echo import MAIN
from tests.fakes.store_samples import ANN, head, said


@pytest.fixture(params=KINDS)
async def desk(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Desk]:
    with database_of(request.param, tmp_path) as url:
        async with a_desk(tmp_path, url) as desk:
            yield desk


async def conversation(desk: Desk, *texts: str, thread: ThreadRef = MAIN) -> tuple[int, list[int]]:
    """Have Ann and Echo say these in turn; return the ids of the conversation and of its messages."""
    messages = [said(text, by=None if number % 2 else ANN) for number, text in enumerate(texts)]
    begun = head(thread=thread, is_active=False)
    record = TurnRecord(begun.conversation_id, tuple(messages), (begun,), (ANN,))
    kept = await desk.api.talk.echo.store.commit_turn(record)
    return begun.conversation_id, [message.message_id for message in kept]


async def test_messages_come_as_they_were_said(desk: Desk) -> None:
    number, ids = await conversation(desk, 'Hello "you" \u2028 \U0001f600\n', "Good day")
    answer = await desk.api.get(f"/conversations/{number}/messages")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/json")
    assert answer.json == [
        {
            "id": ids[0],
            "role": "user",
            "content": 'Hello "you" \u2028 \U0001f600\n',
            "created_at": "2026-03-02T09:00:00.123456Z",
            "requester": "ann",
            "name": "Ann",
            "edited_at": None,
            "interrupted": False,
            "pii": [],
            "delivery": None,
            "delivery_error": None,
        },
        {
            "id": ids[1],
            "role": "assistant",
            "content": "Good day",
            "created_at": "2026-03-02T09:00:00.123456Z",
            "requester": None,
            "name": None,
            "edited_at": None,
            "interrupted": False,
            "pii": [],
            "delivery": None,
            "delivery_error": None,
        },
    ]


async def test_messages_come_in_pages(desk: Desk) -> None:
    number, ids = await conversation(desk, *map(str, range(5)))
    pages, after = [], 0
    while page := (await desk.api.get(f"/conversations/{number}/messages?limit=2&after={after}")).json:
        pages.append([each["content"] for each in page])
        after = page[-1]["id"]
    assert pages == [["0", "1"], ["2", "3"], ["4"]]
    assert after == ids[-1]
    assert (await desk.api.get(f"/conversations/{number}/messages?limit=0")).status == 422
    assert (await desk.api.get(f"/conversations/{number}/messages?limit=501")).status == 422


async def test_a_long_conversation_comes_whole(desk: Desk) -> None:
    for length in (999, 1_000, 1_001, 2_500):
        number, ids = await conversation(desk, *map(str, range(length)))
        answer = await desk.api.get(f"/conversations/{number}/messages")
        assert [each["id"] for each in json.loads(answer.content)] == ids


async def test_an_unknown_conversation_is_not_found_and_an_empty_one_is_empty(desk: Desk) -> None:
    number, _ = await conversation(desk)
    assert (await desk.api.get(f"/conversations/{number}/messages")).json == []
    assert (await desk.api.get("/conversations/7777777/messages")).status == 404
    assert (await desk.api.get("/conversations/seven/messages")).status == 422


async def test_a_memory_is_put_read_and_forgotten(desk: Desk) -> None:
    number, ids = await conversation(desk, "I live in Lisbon and plan a picnic", "A picnic in Lisbon, how nice")
    data = {
        "summary": {"text": "Ann plans a picnic in Lisbon.", "message_ids": [ids[0]]},
        "facts": [
            {"text": "Ann lives in Lisbon.", "message_ids": [ids[0]]},
            {"text": "Ann owns a zeppelin.", "message_ids": [ids[0]]},
        ],
        "source": "model",
    }
    put = await desk.api.post("/memories", {"conversation_id": number, "memory_data": data})
    assert put.status == 200
    memory = put.json
    assert (memory["conversation_id"], memory["version"], memory["covers_to"]) == (number, 1, ids[1])
    assert [fact["text"] for fact in memory["memory_data"]["facts"]] == ["Ann lives in Lisbon."]
    assert memory["memory_data"]["dropped"] == 1
    read = await desk.api.get(f"/memories/{number}")
    assert (read.json, read.headers["ETag"]) == (memory, '"1"')
    assert (await desk.api.get("/memories")).json == {"memories": [memory]}
    assert (await desk.api.call("DELETE", f"/memories/{number}")).status == 204
    assert (await desk.api.call("DELETE", f"/memories/{number}")).status == 404
    assert (await desk.api.get(f"/memories/{number}")).status == 404


async def test_what_a_memory_cost_is_counted_with_its_conversation(desk: Desk) -> None:
    number, ids = await conversation(desk, "I live in Lisbon", "In Lisbon")
    data = {"summary": {"text": "I live in Lisbon.", "message_ids": [ids[0]]}, "source": "model"}
    usage = [{"model": "m", "input_tokens": 120, "output_tokens": 30, "cost": 7}]
    body = {"conversation_id": number, "memory_data": data, "usage": usage}
    assert (await desk.api.post("/memories", body)).status == 200
    counted = (await desk.api.talk.echo.store.thread_statistics(MAIN.key)).usage
    assert (counted.calls, counted.input_tokens, counted.output_tokens, counted.cost) == (1, 120, 30, 7)
    assert (await desk.api.post("/memories", {**body, "usage": [{"model": "m", "input_tokens": -1}]})).status == 422


async def test_a_second_memory_takes_the_place_of_the_first(desk: Desk) -> None:
    number, ids = await conversation(desk, "I live in Lisbon", "In Lisbon")
    first, second = (
        {"summary": {"text": text, "message_ids": [ids[0]]}, "source": "person"} for text in ("One.", "Two.")
    )
    made = (await desk.api.post("/memories", {"conversation_id": number, "memory_data": first})).json
    made_again = (await desk.api.post("/memories", {"conversation_id": number, "memory_data": second})).json
    assert (made_again["id"], made_again["version"]) == (made["id"], 2)
    assert made_again["memory_data"]["summary"]["text"] == "Two."
    body = {"conversation_id": number, "memory_data": first}
    stale = await desk.api.post("/memories", body, headers={"If-Match": '"1"'})
    assert stale.status == 412
    fresh = await desk.api.post("/memories", body, headers={"If-Match": '"2"'})
    assert (fresh.status, fresh.headers["ETag"]) == (200, '"3"')


async def test_a_memory_that_cannot_be_kept_is_refused(desk: Desk) -> None:
    number, ids = await conversation(desk, "I live in Lisbon", "In Lisbon")
    unknown = await desk.api.post("/memories", {"conversation_id": 7_777_777, "memory_data": {"source": "model"}})
    assert unknown.status == 404
    for data in ({"facts": "many"}, {}, {"summary": {"text": "Zeppelins fly", "message_ids": [ids[0]]}}):
        answer = await desk.api.post("/memories", {"conversation_id": number, "memory_data": data})
        assert (answer.status, answer.headers["Content-Type"]) == (422, "application/problem+json")
    assert (await desk.api.get("/memories")).json == {"memories": []}


async def test_memories_are_made_when_somebody_asks(desk: Desk) -> None:
    nothing = await desk.api.post("/tasks/trigger-memory-generation")
    assert (nothing.status, nothing.json) == (
        202,
        {"task_id": None, "conversation_ids": [], "reason": "Nobody needs one."},
    )
    desk.operations.triggered.extend([11, 12])
    answer = await desk.api.post("/tasks/trigger-memory-generation")
    task_id = answer.json["task_id"]
    assert answer.json == {"task_id": task_id, "conversation_ids": [11, 12], "reason": None}
    assert answer.headers["Location"] == f"/api/conversations/tasks/{task_id}"
    task = await desk.operations.queue.get(task_id)
    assert task is not None
    assert (task.type, task.requested_by) == ("GENERATE_MEMORY_BATCH", "api:local")
