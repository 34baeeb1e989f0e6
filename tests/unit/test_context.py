from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from source.domain.context import ContextLimits, begins_turn, last_turn, tool_calls
from source.domain.conversation_head import StoredConversation
from source.domain.identifiers import IdGenerator
from source.domain.message import Message, MessageType, Standing
from source.domain.summary_material import chat_only
from source.domain.token_estimate import TokenEstimator
from source.services.context_service import ContextService, ContextSettings
from source.services.conversation import Conversation
from tests.fakes.dialogue_samples import head_of

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


def test_a_tool_call_of_a_superseded_turn_is_none() -> None:
    called = Message(NOW, MessageType.TOOL_CALL, "Calling", tools=[{"name": "search"}], standing=Standing.SUPERSEDED)
    assert tool_calls([called]) == []


def test_the_last_turn_is_what_was_asked_together_and_everything_that_answered_it() -> None:
    thought = Message(NOW, MessageType.THINKING, "Hm")
    messages = [*turns(2), said("One", "ana"), said("Two", "ben"), thought, said("Both")]
    last = last_turn(messages)
    assert last is not None
    assert last.asked == tuple(messages[4:6])
    assert last.said == tuple(messages[6:])


def test_where_nobody_has_spoken_there_is_no_last_turn() -> None:
    assert last_turn([]) is None
    assert last_turn([said("Hello?")]) is None


def numbered(*messages: Message) -> list[Message]:
    return [replace(message, message_id=number) for number, message in enumerate(messages, 1)]


def conversation_of(messages: list[Message]) -> Conversation:
    return Conversation.loaded(StoredConversation(head_of(), tuple(messages), {}), IdGenerator())


def context(max_messages: int) -> ContextService:
    settings = ContextSettings(max_messages, 100_000, 1_000)
    return ContextService(settings, TokenEstimator(), model="none", persona="Echo")


def shown_of(conversation: Conversation, *, without: tuple[int, ...] = ()) -> list[str]:
    prompt = context(50).build(conversation, [], without=without)
    return [message.content for message in prompt.messages if message.role != "system"]


def test_what_was_deleted_or_superseded_is_shown_to_no_model() -> None:
    deleted = replace(said("", "ana"), standing=Standing.DELETED)
    old = replace(said("Old answer"), standing=Standing.SUPERSEDED)
    messages = numbered(deleted, said("Kept", "ana"), old, said("New answer"))
    assert shown_of(conversation_of(messages)) == ["Kept", "New answer"]
    assert shown_of(conversation_of(messages), without=(4,)) == ["Kept"]
    assert [message.message_content for message in chat_only(messages)] == ["Kept", "New answer"]


def test_a_cut_counts_what_is_no_longer_shown_but_cuts_by_what_is() -> None:
    gone = [replace(message, standing=Standing.SUPERSEDED) for message in turns(10)]
    messages = numbered(*turns(3), *gone, *turns(3))
    conversation = conversation_of(messages)
    assert context(12).leaving(conversation) == []
    leaving = context(6).leaving(conversation)
    assert leaving == messages[: 6 + 20 + 4]
    assert context(6).leaving(conversation_of([*gone, *turns(1)])) == []


def test_half_of_what_is_shown_leaves_with_everything_before_it() -> None:
    gone = [replace(message, standing=Standing.SUPERSEDED) for message in turns(5)]
    messages = numbered(*gone, *turns(4))
    assert context(50).half(conversation_of(messages)) == messages[: 10 + 4]
    assert context(50).half(conversation_of(numbered(*gone))) == []
