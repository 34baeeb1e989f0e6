import marshal
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from source.domain.history import CHUNK, History
from source.domain.message import Message, MessageType, Standing
from source.domain.outcome import Outcome

BEGAN = datetime(2026, 3, 2, 9, 0, 0, 123456, tzinfo=UTC)


def message(number: int, text: str = "hello") -> Message:
    return Message(
        BEGAN + timedelta(seconds=number),
        MessageType.CHAT,
        text,
        requester="ana" if number % 2 == 0 else None,
        message_id=number + 1,
        event_id=f"event-{number}" if number % 2 == 0 else None,
    )


@given(
    texts=st.lists(st.text(st.characters(codec=None), max_size=20), max_size=3 * CHUNK),
    packs=st.sets(st.integers(0, 3 * CHUNK)),
)
def test_what_is_packed_comes_back_as_it_was(texts: list[str], packs: set[int]) -> None:
    said = [message(number, text) for number, text in enumerate(texts)]
    history = History()
    for number, each in enumerate(said):
        history.append(each)
        if number in packs:
            history.pack()
            assert history.since(number // 2) == said[number // 2 : number + 1]
    assert list(history) == said
    assert len(history) == len(said)
    assert [history[index] for index in range(len(said))] == said


def test_slices_and_negative_indices_read_like_a_list() -> None:
    said = [message(number) for number in range(CHUNK * 2 + 5)]
    history = History(said)
    history.pack()
    for where in (slice(3, 9), slice(-7, None), slice(None, None, 2), slice(60, 70), slice(9, 3), slice(9, 3, -1)):
        assert history[where] == said[where]
    assert history[-1] == said[-1]
    assert history.since(CHUNK + 2) == said[CHUNK + 2 :]


def test_tools_and_naive_times_survive_packing() -> None:
    call = Message(
        datetime(2026, 3, 2, 9, 0),
        MessageType.TOOL_CALL,
        "Calling search",
        tools=[{"name": "search", "params": {"query": "x", "limit": 5, "deep": [1, None, True]}}],
        message_id=7,
        interrupted=True,
    )
    history = History([call])
    history.pack()
    assert history[0] == call


@given(st.datetimes(min_value=datetime(1900, 1, 1), timezones=st.sampled_from([UTC, timezone(timedelta(hours=2))])))
def test_every_moment_survives_packing(moment: datetime) -> None:
    history = History([Message(moment, MessageType.CHAT, "hello")])
    history.pack()
    assert history[0].created_at == moment
    assert history[0].created_at.utcoffset() == moment.utcoffset()


CHANGED = (
    replace(message(1, "ümlaut"), edited_at=BEGAN + timedelta(hours=1)),
    replace(message(2, ""), standing=Standing.DELETED, interrupted=True),
    replace(message(4), pii=("email", "card")),
    replace(message(5), delivery=Outcome.DELIVERED),
    replace(message(6), delivery=Outcome.FAILED, interrupted=True, pii=("iban",)),
    replace(message(3), standing=Standing.SUPERSEDED, edited_at=datetime(2026, 3, 2, 9, 0)),
)


def test_edits_and_standings_survive_packing() -> None:
    history = History([message(0), *CHANGED, message(4)])
    history.pack()
    assert list(history) == [message(0), *CHANGED, message(4)]


def test_an_ordinary_message_takes_no_more_room_for_what_others_tell() -> None:
    history = History([message(1)])
    history.pack()
    assert history._packed_tail is not None
    ((*_, marks),) = marshal.loads(history._packed_tail)
    assert marks is False


def test_a_delivered_reply_takes_no_more_room_than_the_word() -> None:
    history = History([replace(message(1), delivery=Outcome.READ)])
    history.pack()
    assert history._packed_tail is not None
    ((*_, marks),) = marshal.loads(history._packed_tail)
    assert marks == "read"


@given(
    where=st.integers(0, 3 * CHUNK),
    text=st.text(st.characters(codec=None), max_size=20),
    reads=st.sampled_from([None, 0, CHUNK]),
    packed=st.booleans(),
)
def test_a_message_is_replaced_wherever_it_is(where: int, text: str, reads: int | None, packed: bool) -> None:
    said = [message(number) for number in range(2 * CHUNK + 7)]
    history = History(said)
    if packed:
        history.pack()
    if reads is not None:
        history.since(reads)
    edited = replace(message(where, text), edited_at=BEGAN)
    assert history.replace(edited) == (where < len(said))
    said[where : where + 1] = [edited] if where < len(said) else []
    assert history.since(0) == list(history) == said
    assert history.size_bytes == sum(each.size_bytes for each in said)
    history.append(message(999))
    history.pack()
    assert list(history) == [*said, message(999)]


def test_replacing_at_rest_leaves_the_history_at_rest() -> None:
    history = History([message(number) for number in range(CHUNK + 7)])
    history.pack()
    for number in (3, CHUNK + 3):
        assert history.replace(message(number, "new"))
    assert (history._tail, history._newest_chunk) == (None, None)


def test_an_empty_history_has_nothing_to_replace() -> None:
    assert not History().replace(message(1))


@given(where=st.integers(0, 3 * CHUNK), packed=st.booleans())
def test_a_message_is_found_wherever_it_is(where: int, packed: bool) -> None:
    said = [message(number) for number in range(2 * CHUNK + 7)]
    history = History(said)
    if packed:
        history.pack()
    assert history.find(where + 1) == (said[where] if where < len(said) else None)


def test_the_size_is_that_of_the_text_in_utf8() -> None:
    history = History([message(0, "ab"), message(1, "é"), message(2, "\ud800")])
    assert history.size_bytes == 2 + 2 + 3
