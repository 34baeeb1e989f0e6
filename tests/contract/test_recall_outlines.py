"""What somebody sees of a long history is held between searches, and is true all the same."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import pytest
from sqlalchemy import Connection, delete, func, select, update

from source.adapters.storage import recall_likely, recall_outlines
from source.adapters.storage.recall_outlines import Outlines
from source.adapters.storage.recall_table import RecallTable
from source.adapters.storage.sql_store import SqlStore
from source.adapters.storage.tables import messages, participants, threads
from source.domain.message import Standing
from source.domain.recall.question import Question
from source.domain.thread import PersonRef, Platform, ThreadRef
from source.ports.recall import Eyes, Sought
from source.ports.store import Scope
from tests.contract.test_recall_store import likely, say
from tests.contract.test_store_linked_accounts import _same_person
from tests.fakes.recall_looks import RecallLooks
from tests.fakes.store_samples import ANN, BEN, CLOSED, GUILD, said

DM = ThreadRef(Platform.DISCORD, "dm")
DIRECT = Eyes((Scope(Platform.DISCORD, "ann", None),))
IN_GUILD = Eyes((Scope(Platform.DISCORD, "ann", "7"),))


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def moved() -> Clock:
    return Clock()


@pytest.fixture
def table(sql_store: SqlStore, moved: Clock) -> RecallLooks:
    return RecallLooks(RecallTable(sql_store, monotonic=moved))


async def _found(table: RecallLooks, eyes: Eyes = DIRECT) -> list[str]:
    return [turn.said.text for turn in await likely(table, "word", eyes=eyes)]


def _numbered(seq: int) -> Callable[[Connection, datetime], None]:
    """Have the newest message another number."""

    def apply(connection: Connection, _now: datetime) -> None:
        newest = connection.execute(select(func.max(messages.c.seq))).scalar_one()
        connection.execute(update(messages).where(messages.c.seq == newest).values(seq=seq))

    return apply


def _circle(thread: ThreadRef, circle: str | None) -> Callable[[Connection, datetime], None]:
    def apply(connection: Connection, _now: datetime) -> None:
        connection.execute(update(threads).where(threads.c.thread_id == thread.thread_id).values(circle=circle))

    return apply


@pytest.mark.parametrize("few", [400, 0], ids=["few", "many"])
async def test_what_is_said_after_a_look_is_seen_at_the_next(
    sql_store: SqlStore, table: RecallLooks, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    monkeypatch.setattr(recall_outlines, "_FEW_NEW", few)
    key = await say(sql_store, "word one", thread=DM)
    assert await _found(table) == ["word one"]
    await say(sql_store, "word two", thread=DM, key=key)
    await say(sql_store, "word of Ben", thread=ThreadRef(Platform.DISCORD, "dm-ben"), by=BEN)
    await say(sql_store, "word three", thread=DM)
    assert await _found(table) == ["word one", "word two", "word three"]
    assert await _found(table) == ["word one", "word two", "word three"]


async def test_whoever_speaks_in_a_conversation_sees_what_was_said_there_before(
    sql_store: SqlStore, table: RecallLooks
) -> None:
    await say(sql_store, "word of mine", thread=GUILD)
    theirs = await say(sql_store, said("word of Ben", by=BEN), thread=GUILD, by=BEN)
    assert await _found(table, IN_GUILD) == ["word of mine"]
    await say(sql_store, "me too", thread=GUILD, key=theirs)
    assert await _found(table, IN_GUILD) == ["word of mine", "word of Ben", "me too"]


async def test_another_account_of_a_person_is_seen_from_when_it_is_linked(
    sql_store: SqlStore, table: RecallLooks
) -> None:
    anna = PersonRef("4917", "Anna")
    await say(sql_store, "word direct", thread=DM)
    await say(sql_store, "word by phone", thread=ThreadRef(Platform.WHATSAPP, "chat"), by=anna)
    assert await _found(table) == ["word direct"]
    await sql_store.change(_same_person(ANN, anna))
    assert await _found(table) == ["word direct", "word by phone"]


async def test_what_is_out_of_sight_is_not_shown(sql_store: SqlStore, table: RecallLooks) -> None:
    await say(sql_store, "word in the open", thread=GUILD)
    mine = await say(sql_store, "word among few", thread=ThreadRef(Platform.DISCORD, "44", guild_id="7"))
    assert await _found(table, IN_GUILD) == ["word in the open", "word among few"]
    await sql_store.change(_circle(ThreadRef(Platform.DISCORD, "44"), "staff"))
    assert await _found(table, IN_GUILD) == ["word in the open"]

    def leave(connection: Connection, _now: datetime) -> None:
        connection.execute(delete(participants).where(participants.c.conversation_id != mine))

    await sql_store.change(leave)
    assert await _found(table, IN_GUILD) == []


async def test_a_place_that_is_opened_is_seen_after_a_while(
    sql_store: SqlStore, table: RecallLooks, moved: Clock
) -> None:
    await say(sql_store, "word in the open", thread=GUILD)
    await say(sql_store, "word of staff", thread=CLOSED)
    assert await _found(table, IN_GUILD) == ["word in the open"]
    await sql_store.change(_circle(CLOSED, None))
    moved.now = 600.0
    assert await _found(table, IN_GUILD) == ["word in the open", "word of staff"]


async def test_a_message_that_is_committed_after_one_with_a_higher_number_is_seen(
    sql_store: SqlStore, table: RecallLooks
) -> None:
    await say(sql_store, "word one", thread=DM)
    await say(sql_store, "word nine", thread=DM)
    await sql_store.change(_numbered(90))
    assert await _found(table) == ["word one", "word nine"]
    await say(sql_store, "word five", thread=DM)  # PostgreSQL gives it a number below 90
    assert await _found(table) == ["word one", "word nine", "word five"]


async def test_what_is_no_longer_held_is_read_again(
    sql_store: SqlStore, table: RecallLooks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recall_outlines, "_MOST_HELD", 1)
    await say(sql_store, "word direct", "another word", thread=DM)
    await say(sql_store, "word guild", thread=GUILD)
    for _ in range(2):
        assert await _found(table) == ["word direct", "another word"]
        assert await _found(table, IN_GUILD) == ["word guild"]
    table.store.forget()
    assert await _found(table) == ["word direct", "another word"]


async def test_the_conversation_before_ones_eyes_takes_no_room_in_ones_own_history(
    sql_store: SqlStore, table: RecallLooks
) -> None:
    await say(sql_store, "word long ago", thread=DM)
    now = await say(sql_store, *(f"word {number}" for number in range(5)), thread=DM)
    found = await likely(table, "word", eyes=Eyes(DIRECT.scopes, besides=now), limit=2)
    assert [turn.said.text for turn in found] == ["word long ago"]


async def test_what_is_rare_in_ones_own_history_comes_first_however_often_others_said_it(
    sql_store: SqlStore, table: RecallLooks, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the newest messages with a frequent word none is one's own: all that hold it are looked at."""
    monkeypatch.setattr(recall_likely, "_MOST_HOLDING", 3)
    await say(sql_store, "word of old", thread=DM)
    await say(sql_store, *(f"word {number}" for number in range(9)), by=BEN)
    assert await _found(table) == ["word of old"]


async def test_what_is_deleted_takes_no_room_of_what_is_left(sql_store: SqlStore, table: RecallLooks) -> None:
    await say(sql_store, *(f"word {number}" for number in range(3)), thread=DM)
    gone = [said(f"word gone {number}") for number in range(9)]
    key = await say(sql_store, *gone, thread=DM)
    of_ann = Sought((), Question((), speakers=frozenset({"discord:ann"})))
    assert len((await table.likely(of_ann, DIRECT, limit=5)).turns) == 5
    for message in gone:
        await sql_store.correct(key, replace(message, message_content="", standing=Standing.DELETED))
    left = (await table.likely(of_ann, DIRECT, limit=5)).turns
    assert [turn.said.text for turn in left] == ["word 0", "word 1", "word 2"]


async def test_what_was_being_read_when_somebody_was_forgotten_is_not_held(sql_store: SqlStore) -> None:
    outlines = Outlines(Clock())
    await say(sql_store, "word direct", thread=DM)

    def look(connection: Connection) -> bool:
        class Forgetting(Clock):
            def __call__(self) -> float:
                outlines.forget()
                return 0.0

        outlines._monotonic = Forgetting()
        outlines.of(connection, DIRECT)
        return DIRECT in outlines._held

    assert not await sql_store.read(look)


async def test_each_word_that_others_said_often_is_looked_for_among_what_is_seen(
    sql_store: SqlStore, table: RecallLooks, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where another word has hits enough."""
    monkeypatch.setattr(recall_likely, "_MOST_HOLDING", 10)
    await say(sql_store, "a birthday long ago", thread=DM)
    await say(sql_store, *(f"birthday {number}" for number in range(12)), by=BEN)
    await say(sql_store, *(f"my sister {number}" for number in range(9)), thread=DM)
    found = await likely(table, "sister", "birthday", eyes=DIRECT)
    assert "a birthday long ago" in [turn.said.text for turn in found]
