"""What is alike in all collections of records, on every kind of database."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import pytest

from source.adapters.storage.sql_store import SqlStore
from source.domain.errors import RefusedInputError
from source.domain.record_cursor import LONGEST_CURSOR_CHARS
from source.ports.records import Refusal
from source.services.records import MOST_IN_BULK
from tests.fakes.clock import FakeClock
from tests.fakes.records_desk import RecordsDesk
from tests.fakes.store_samples import head, said


@pytest.fixture
async def desk(sql_store: SqlStore, clock: FakeClock) -> AsyncIterator[RecordsDesk]:
    made = RecordsDesk(sql_store, clock)
    yield made
    await made.manager.shutdown()


async def test_a_field_named_twice_in_an_order_counts_once(desk: RecordsDesk) -> None:
    for title in ("a", "b"):
        await desk.session(title=title)
    found = await desk.found("sessions", order_by=["-title", "title"])
    assert [record["title"] for record in found] == ["b", "a"]


@pytest.mark.parametrize(
    ("collection", "changes"),
    [
        ("sessions", {"title": "x"}),
        ("sessions", {"language": "en"}),
        ("messages", {"content": "x"}),
        ("messages", {"is_read": True}),
        ("user_summaries", {"language": "en"}),
    ],
)
async def test_a_change_of_another_version_than_the_one_seen_is_refused(
    desk: RecordsDesk, collection: str, changes: dict[str, object]
) -> None:
    key = await record_in(desk, collection)
    seen = (await desk.records.read_all(collection, [key]))[key]
    desk.clock.advance(seconds=1)
    changed = await desk.change(collection, key, **changes)
    [late] = await desk.records.change(collection, [key], changes, version=int(str(seen["version"])))
    assert late.refusal is Refusal.CONFLICT
    assert f"version {changed['version']} now" in late.sentence
    [removed] = await desk.records.delete(collection, [key], version=int(str(seen["version"])))
    assert removed.refusal is Refusal.CONFLICT
    assert await desk.records.read(collection, key) == changed
    [in_time] = await desk.records.delete(collection, [key], version=int(str(changed["version"])))
    assert in_time.key == key


@pytest.mark.parametrize("collection", ["sessions", "messages", "user_summaries"])
async def test_what_is_not_there_is_said(desk: RecordsDesk, collection: str) -> None:
    await record_in(desk, collection)
    both: list[dict[str, object]] = [{"language": "en"}, {"content" if collection == "messages" else "language": "x"}]
    for changes in both:
        [changed] = await desk.records.change(collection, [7], changes)
        assert (changed.key, changed.refusal) == (None, Refusal.MISSING)
        assert changed.sentence.startswith("There is no ")
        assert changed.sentence.endswith(" 7.")
    assert (await desk.delete(collection, 7)).refusal is Refusal.MISSING
    assert await desk.records.read(collection, 7) is None


async def test_a_bulk_is_written_whole_or_not_at_all(desk: RecordsDesk) -> None:
    key = await desk.session()
    good = {"session_id": str(key), "role": "user", "content": "x"}
    items = [good, {**good, "session_id": "7"}, {**good, "user_id": "ann", "role": "assistant"}]
    outcomes = await desk.records.create("messages", items)
    assert [outcome.key for outcome in outcomes] == [None] * 3
    assert await desk.records.count("messages") == 0
    outcomes = await desk.records.create("messages", items, partial=True)
    assert [outcome.refusal for outcome in outcomes] == [None, Refusal.MISSING, Refusal.INVALID]
    assert "what the assistant says has none" in outcomes[2].sentence
    assert await desk.contents(key) == ["x"]


async def test_a_bulk_with_something_of_a_wrong_shape_is_refused_as_a_whole(desk: RecordsDesk) -> None:
    for partial in (False, True):
        outcomes = await desk.records.create("sessions", [{}, {"titel": "x"}, {"title": 1}], partial=partial)
        assert [outcome.refusal for outcome in outcomes] == [None, Refusal.INVALID, Refusal.INVALID]
        assert "did you mean title?" in outcomes[1].sentence
    assert await desk.records.count("sessions") == 0


async def test_a_bulk_of_changes_is_made_whole_or_not_at_all(desk: RecordsDesk) -> None:
    first, second = await desk.session(), await desk.session()
    for changes in ({"title": "x"}, {"language": "en"}):
        outcomes = await desk.records.change("sessions", [first, 7, second], changes)
        assert [outcome.refusal for outcome in outcomes] == [None, Refusal.MISSING, None]
        assert [outcome.key for outcome in outcomes] == [None, None, None]
    assert await desk.records.count("sessions", filter={"$or": [{"title": "x"}, {"language": "en"}]}) == 0
    outcomes = await desk.records.change("sessions", [first, 7, second, first], {"title": "x"}, partial=True)
    assert [outcome.key for outcome in outcomes] == [first, None, second]
    assert await desk.records.count("sessions", filter={"title": "x"}) == 2


async def test_a_bulk_of_deletions_is_done_whole_or_not_at_all(desk: RecordsDesk) -> None:
    keys = [await desk.session(), await desk.session()]
    assert not any(outcome.key for outcome in await desk.records.delete("sessions", [*keys, 7]))
    assert await desk.records.count("sessions") == 2
    assert [outcome.key for outcome in await desk.records.delete("sessions", [*keys, 7], partial=True)] == [*keys, None]
    assert await desk.records.count("sessions") == 0


async def test_a_bulk_across_sessions_keeps_every_memory_right(desk: RecordsDesk) -> None:
    running, resting = await desk.session(), head(is_active=False)
    await desk.put(resting, said("Old"))
    sessions = [running, resting.conversation_id] * 3
    items = [{"session_id": key, "role": "user", "content": str(n)} for n, key in enumerate(sessions)]
    outcomes = await desk.records.create("messages", items)
    assert await desk.contents(running) == ["0", "2", "4"]
    assert await desk.contents(resting.conversation_id) == ["Old", "1", "3", "5"]
    keys = [outcome.key for outcome in outcomes if outcome.key is not None]
    await desk.records.change("messages", keys, {"content": "same"})
    assert await desk.contents(running) == ["same"] * 3
    assert await desk.contents(resting.conversation_id) == ["Old", "same", "same", "same"]


async def test_pages_follow_each_other(desk: RecordsDesk) -> None:
    for number in range(5):
        await desk.session(title=str(number))
        desk.clock.advance(seconds=1)
    page = await desk.records.list("sessions", limit=2)
    titles = [record["title"] for record in page.records]
    while page.next is not None:
        page = await desk.records.list("sessions", limit=2, after=page.next)
        titles += [record["title"] for record in page.records]
    assert titles == ["4", "3", "2", "1", "0"]
    assert [record["title"] for record in await desk.found("sessions", offset=3)] == ["1", "0"]
    assert [record["title"] for record in await desk.found("sessions", order_by=["title"], limit=1)] == ["0"]


@pytest.mark.parametrize("order", ["content", "-content"])
async def test_pages_of_long_texts_follow_each_other(desk: RecordsDesk, order: str) -> None:
    key = await desk.session()
    alike = "\U0001f600\t" * 1_000
    ids = [await desk.message(key, text + alike) for text in ("b", "", "a", "")]
    page = await desk.records.list("messages", order_by=[order], limit=1)
    found = [record["id"] for record in page.records]
    while page.next is not None:
        assert len(page.next) <= LONGEST_CURSOR_CHARS
        page = await desk.records.list("messages", order_by=[order], limit=1, after=page.next)
        found += [record["id"] for record in page.records]
    # Those that begin alike are in the order of their ids.
    upwards = [ids[2], ids[0], ids[1], ids[3]]
    assert found == (upwards if order == "content" else upwards[::-1])


async def test_the_history_of_a_user_is_what_the_seeds_ask_for(desk: RecordsDesk) -> None:
    for day in range(3):
        await desk.session(user_id="ann" if day != 1 else "bob")
        desk.clock.advance(days=1)
    found = await desk.found("sessions", filter={"user_id": "ann"}, order_by=["-start_time"], limit=50)
    began = [record["start_time"] for record in found]
    assert began == [datetime.fromisoformat("2026-03-04T09:00:00+00:00"), began[1]]
    today = {"created_at": {"$gte": "2026-03-03T00:00:00"}}
    assert await desk.records.count("sessions", filter=today) == 2


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"collection": "session"}, "did you mean sessions?"),
        ({"collection": "sessions", "limit": 0}, "limit: 1 to 500"),
        ({"collection": "sessions", "limit": 501}, "limit: 1 to 500"),
        ({"collection": "sessions", "order_by": ["intents"]}, "no field to order by"),
        ({"collection": "sessions", "order_by": ["title"] * 6}, "at most 5 fields"),
        ({"collection": "sessions", "after": "x"}, "not a `next` of this list"),
        ({"collection": "sessions", "after": "bnVsbA"}, "not a `next` of this list"),
        ({"collection": "sessions", "filter": {"x": 1}}, "there is no field 'x'"),
    ],
)
async def test_what_is_wrong_with_a_list_is_said(desk: RecordsDesk, asked: dict[str, Any], sentence: str) -> None:
    with pytest.raises(RefusedInputError, match=sentence):
        await desk.records.list(**asked)


async def test_a_page_follows_only_in_the_order_that_it_was_made_for(desk: RecordsDesk) -> None:
    await desk.session()
    await desk.session()
    page = await desk.records.list("sessions", limit=1)
    with pytest.raises(RefusedInputError, match="not a `next` of this list"):
        await desk.records.list("sessions", limit=1, order_by=["start_time"], after=page.next)


async def test_a_bulk_is_bounded(desk: RecordsDesk) -> None:
    with pytest.raises(RefusedInputError, match="at most 500"):
        await desk.records.create("sessions", [{}] * (MOST_IN_BULK + 1))
    with pytest.raises(RefusedInputError, match="at most 500"):
        await desk.records.change("sessions", range(MOST_IN_BULK + 1), {"title": "x"})
    await desk.records.create("user_summaries", [{"user_id": str(n)} for n in range(MOST_IN_BULK)])
    assert len(await desk.records.keys("user_summaries", filter={})) == MOST_IN_BULK
    await desk.make("user_summaries", user_id="more")
    with pytest.raises(RefusedInputError, match="matches more than 500"):
        await desk.records.keys("user_summaries", filter={})


async def record_in(desk: RecordsDesk, collection: str) -> int:
    if collection == "user_summaries":
        return int(str((await desk.make(collection, user_id="ann"))["id"]))
    session = await desk.session()
    return session if collection == "sessions" else await desk.message(session)
