"""What a typed line means, and what the prompt offers."""

from datetime import UTC, timedelta

import pytest
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document

from source.adapters.terminal.completion import CommandCompleter
from source.adapters.terminal.history_view import DateLine, SpokenLine, history_lines, shortened
from source.adapters.terminal.typed_line import Left, understood
from source.domain.errors import RefusedInputError
from source.domain.message import Message, MessageType
from source.services.commands.typed_words import Commanded, Said
from tests.fakes.terminal import PLACE, SOME_DAY, FakePartner, chat, conversation

WORDS = FakePartner().words


@pytest.mark.parametrize(
    ("line", "meaning"),
    [
        ("hello", Said("hello")),
        ("/new", Commanded("new")),
        ("/NEW  the garden ", Commanded("new", {"topic": "the garden"})),
        ("/new two\nlines", Commanded("new", {"topic": "two\nlines"})),
        ("//new is a command", Said("/new is a command")),
        ("/etc/hosts is a file", Said("/etc/hosts is a file")),
        ("/ alone", Said("/ alone")),
        (" /new", Said(" /new")),
        ("/quit", Left()),
        ("/exit", Left()),
    ],
)
def test_a_line_is_said_or_a_command(line: str, meaning: Said | Commanded | Left) -> None:
    assert understood(line, WORDS) == meaning


def test_an_unknown_command_is_refused_with_the_nearest() -> None:
    with pytest.raises(RefusedInputError, match=r"no command /resme: did you mean /resume\? Begin"):
        understood("/resme", WORDS)


def test_a_command_like_no_other_is_refused_with_the_list() -> None:
    with pytest.raises(RefusedInputError, match="/help lists what there is"):
        understood("/zzz", WORDS)


def offered(typed: str, *, before: tuple[str, ...] = ()) -> list[str]:
    listings = [conversation(12, "garden"), conversation(31, "bicycle")]
    completer = CommandCompleter(WORDS, lambda: listings, lambda: before)
    return [completion.text for completion in completer.get_completions(Document(typed), CompleteEvent())]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("", []),
        ("hello /n", []),
        ("/", ["/new", "/resume", "/export", "/retry", "/help"]),
        ("/re", ["/resume", "/retry"]),
        ("/resume ", ["1", "2"]),
        ("/resume 2", []),
        ("/new ", ["fresh"]),
        ("/new f", ["fresh"]),
        ("/export ", ["json", "1", "2"]),
        ("/nothing ", []),
        ("/help ", []),
    ],
)
def test_commands_and_conversations_are_offered(typed: str, expected: list[str]) -> None:
    assert offered(typed) == expected


def test_what_a_command_was_given_before_is_offered_again() -> None:
    before = ("/new the garden", "hello", "/new the garden", "/new tomatoes", "/resume 12")
    assert offered("/new ", before=before) == ["fresh", "the garden", "tomatoes"]
    assert offered("/new to", before=before) == ["tomatoes"]


def test_history_has_a_line_for_each_day_and_the_time_of_each_message() -> None:
    said = [
        chat("hello"),
        chat("Good day", None, at=SOME_DAY + timedelta(minutes=1)),
        chat("me too", "leo", at=SOME_DAY + timedelta(days=1)),
    ]
    assert list(history_lines(said, PLACE.person, zone=UTC)) == [
        DateLine("— Monday, 2 March 2026 —"),
        SpokenLine("Ana 09:00", "hello"),
        SpokenLine("Echo 09:01", "Good day"),
        DateLine("— Tuesday, 3 March 2026 —"),
        SpokenLine("leo 09:00", "me too"),
    ]


def test_history_shows_only_what_was_said() -> None:
    unseen = [Message(SOME_DAY, kind, "x") for kind in MessageType if kind is not MessageType.CHAT]
    assert list(history_lines(unseen, PLACE.person)) == []


def test_a_long_message_of_the_history_is_cut_and_says_so() -> None:
    assert shortened("x" * 1_500) == "x" * 1_500
    assert shortened("x" * 3_000).endswith("x … (1,500 more characters)")
