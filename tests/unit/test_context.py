from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from source.domain.context import ContextLimits, begins_turn, tool_calls
from source.domain.message import Message, MessageType

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def said(text: str, requester: str | None = None) -> Message:
    return Message(NOW, MessageType.CHAT, text, requester=requester)


def turns(count: int, text: str = "x" * 10) -> list[Message]:
    return [said(text, requester) for _ in range(count) for requester in ("ana", None)]


def test_a_cut_goes_down_to_half_of_the_mark_in_one_go() -> None:
    limits = ContextLimits(max_messages=50, budget_bytes=1_000_000)
    messages = turns(26)
    assert limits.overflows(messages)
    assert len(messages) - limits.cut(messages) == 24


def test_a_cut_by_size_keeps_half_of_the_bytes() -> None:
    limits = ContextLimits(max_messages=1000, budget_bytes=400)
    kept = turns(30)[limits.cut(turns(30)) :]
    assert 100 < sum(message.size_bytes for message in kept) <= 200


def test_the_last_turn_stays_however_long_it_is() -> None:
    messages = [*turns(2), said("y" * 10_000, "ana")]
    limits = ContextLimits(max_messages=50, budget_bytes=100)
    assert messages[limits.cut(messages) :] == messages[-1:]


@given(st.lists(st.sampled_from(["ana", "ben", None]), min_size=1, max_size=80), st.integers(2, 40))
def test_what_stays_begins_with_a_person_and_is_never_empty(speakers: list[str | None], most: int) -> None:
    messages = [said("hello", speaker) for speaker in speakers]
    cut = ContextLimits(most, 10_000).cut(messages)
    assert cut < len(messages)
    assert cut == 0 or begins_turn(messages, cut)


def test_tool_calls_are_paired_with_their_answers() -> None:
    history = [
        Message(NOW, MessageType.TOOL_CALL, "Calling", tools=[{"name": "search", "params": {"q": 1}, "id": "a"}]),
        Message(NOW, MessageType.TOOL_CALL, "Calling", tools=[{"name": "weather", "params": {}, "id": "b"}]),
        Message(NOW, MessageType.TOOL_CALL_RESPONSE, "sunny", tools=[{"name": "weather", "id": "b"}]),
    ]
    assert tool_calls(history) == [
        {"name": "search", "params": {"q": 1}, "id": "a"},
        {"name": "weather", "params": {}, "id": "b", "response": "sunny"},
    ]
