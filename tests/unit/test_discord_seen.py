"""How far each place was read."""

from hypothesis import given
from hypothesis import strategies as st

from source.adapters.discord.seen import SeenMarks
from source.domain.thread import Platform
from tests.fakes.clock import FakeClock
from tests.fakes.store import InMemoryStore


def _marks() -> tuple[SeenMarks, InMemoryStore]:
    store = InMemoryStore(FakeClock())
    return SeenMarks(store, FakeClock()), store


def _kept(store: InMemoryStore) -> dict[str, str]:
    return {place: last for (_, place), last in store.marks.items()}


async def test_a_mark_moves_forward_and_is_handed_over_once() -> None:
    marks, store = _marks()
    marks.pass_by("1", 10)
    marks.pass_by("1", 5)
    marks.flush()
    assert _kept(store) == {"1": "10"}
    store.marks.clear()
    marks.flush()
    assert not store.marks


async def test_a_message_in_hand_holds_the_mark_before_it() -> None:
    marks, store = _marks()
    marks.begin("1", 10)
    marks.pass_by("1", 11)
    marks.begin("1", 12)
    marks.end("1", 12)
    marks.flush()
    assert _kept(store) == {"1": "9"}
    marks.end("1", 10)
    marks.flush()
    assert _kept(store) == {"1": "12"}


async def test_what_is_held_stays_until_it_is_released() -> None:
    marks, store = _marks()
    marks.pass_by("1", 5)
    marks.hold("1", 5)
    marks.begin("1", 10)
    marks.end("1", 10)
    marks.flush()
    assert _kept(store) == {"1": "5"}
    marks.release("1")
    marks.flush()
    assert _kept(store) == {"1": "10"}


async def test_marks_of_earlier_processes_are_read_and_what_is_no_mark_is_passed_over() -> None:
    marks, store = _marks()
    store.note_seen(Platform.DISCORD, {"1": "10", "dm:2": "20", "commands:3": "a1b2", "4": "x"})
    await marks.load()
    assert (marks.mark("1"), marks.mark("dm:2"), marks.mark("4"), marks.mark("9")) == (10, 20, None, None)
    assert list(marks.direct()) == [(2, 20)]


async def test_a_place_that_is_gone_has_no_mark_any_more() -> None:
    marks, store = _marks()
    marks.pass_by("1", 10)
    marks.pass_by("2", 20)
    marks.flush()
    marks.begin("1", 11)
    marks.forget(["1", "3"])
    marks.end("1", 11)
    marks.flush()
    assert _kept(store) == {"2": "20"}
    assert (marks.mark("1"), marks.mark("2")) == (None, 20)


@given(st.lists(st.tuples(st.sampled_from(["begin", "end", "pass_by", "flush"]), st.integers(1, 8)), max_size=30))
def test_the_kept_mark_is_never_past_a_message_in_hand_when_messages_come_in_order(
    steps: list[tuple[str, int]],
) -> None:
    marks, store = _marks()
    in_hand: set[int] = set()
    newest = 0
    for name, number in steps:
        if name == "flush":
            marks.flush()
        elif name == "end":
            marks.end("1", number)
            in_hand.discard(number)
        else:
            newest += 1
            getattr(marks, name)("1", newest)
            in_hand |= {newest} if name == "begin" else set()
        kept = int(_kept(store).get("1", "0"))
        assert all(kept < message for message in in_hand)
