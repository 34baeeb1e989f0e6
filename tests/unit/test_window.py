from datetime import UTC, datetime, timedelta

from source.domain.conversation_head import ConversationHead, CreatedReason
from source.domain.message import Message, MessageType
from source.domain.thread import Platform, ThreadRef
from source.domain.window import Window

BEGAN = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
WINDOW = Window(timedelta(hours=48))


def head() -> ConversationHead:
    thread = ThreadRef(Platform.TERMINAL, "main")
    return ConversationHead(1, thread, "ana", BEGAN, BEGAN, CreatedReason.FIRST_MESSAGE, "file.json")


def said(at: datetime) -> Message:
    return Message(at, MessageType.CHAT, "hello", requester="ana")


def test_a_conversation_goes_on_until_its_window_has_passed() -> None:
    talked = head().with_message(said(BEGAN + timedelta(hours=1)))
    assert not WINDOW.has_passed(talked, BEGAN + timedelta(hours=48, minutes=59))
    assert WINDOW.has_passed(talked, BEGAN + timedelta(hours=49))


def test_a_clock_that_jumped_back_ends_nothing() -> None:
    talked = head().with_message(said(BEGAN + timedelta(days=10)))
    assert not WINDOW.has_passed(talked, BEGAN)


def test_a_message_from_the_past_does_not_turn_the_clock_back() -> None:
    talked = head().with_message(said(BEGAN + timedelta(hours=5))).with_message(said(BEGAN + timedelta(hours=1)))
    assert talked.last_message_at == BEGAN + timedelta(hours=5)
    assert talked.updated_at == BEGAN + timedelta(hours=5)


def test_a_resumed_conversation_has_its_whole_window_again() -> None:
    long_after = BEGAN + timedelta(days=30)
    resumed = head().ended(BEGAN + timedelta(days=3)).resumed(long_after)
    assert resumed.is_active
    assert not WINDOW.has_passed(resumed, long_after + timedelta(hours=47))
    assert WINDOW.has_passed(resumed, long_after + timedelta(hours=48))
