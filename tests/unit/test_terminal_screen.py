"""What reaches a terminal and a pipe, and what never does."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from source.adapters.terminal.live_reply import TerminalChannel, TerminalReply, text_not_shown
from source.adapters.terminal.screen import PlainScreen, StyledScreen, printable
from source.domain.errors import DeliveryError
from source.domain.thread import Platform, ThreadRef
from tests.fakes.terminal import PLACE, Terminal


class Piped:
    """A plain screen with both of its ends."""

    def __init__(self) -> None:
        self.out = io.StringIO()
        self.err = io.StringIO()
        self.screen = PlainScreen(self.out, self.err)


@pytest.fixture
def piped() -> Piped:
    return Piped()


@pytest.fixture
def coloured(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    return Terminal()


@given(st.text())
def test_nothing_that_steers_a_terminal_is_printable(text: str) -> None:
    steering = {*range(0x20), 0x7F, *range(0x80, 0xA0)} - {ord("\n"), ord("\t")}
    shown = printable(text)
    assert not steering & set(map(ord, shown))
    shown.encode("utf-8")


@given(st.text(alphabet=st.characters(exclude_categories=("Cc", "Cs"))))
def test_ordinary_text_is_shown_as_it_is(text: str) -> None:
    assert printable(text) == text


def test_an_escape_sequence_is_seen_not_obeyed() -> None:
    assert printable("\x1b[2J\x9b31m\x07\x7f") == "␛[2J�31m␇␡"


async def test_a_streamed_reply_is_written_once(piped: Piped) -> None:
    reply = TerminalReply(piped.screen)
    reply.thinking()
    reply.show("Good ")
    assert piped.out.getvalue() == "Good "
    reply.show("day")
    await reply.deliver("Good day.")
    assert piped.out.getvalue() == "Good day.\n"
    assert piped.err.getvalue() == ""


async def test_a_reply_that_was_not_streamed_is_written_whole(piped: Piped) -> None:
    await TerminalReply(piped.screen).deliver("Good day.\n")
    assert piped.out.getvalue() == "Good day.\n"


async def test_a_reply_that_differs_from_what_was_streamed_is_written_after_it(piped: Piped) -> None:
    reply = TerminalReply(piped.screen)
    reply.show("Good mor")
    await reply.deliver("I cannot say that.")
    assert piped.out.getvalue() == "Good mor\nI cannot say that.\n"
    assert piped.err.getvalue() == "The answer was changed to:\n"


async def test_a_stopped_reply_ends_where_it_was_stopped_and_says_so(piped: Piped) -> None:
    reply = TerminalReply(piped.screen)
    reply.show("Good day, and ")
    await reply.deliver("Good day,", interrupted=True)
    assert piped.out.getvalue() == "Good day, and \n"
    assert piped.err.getvalue() == "(stopped before its end)\n"


async def test_a_pipe_gets_replies_and_nothing_else(piped: Piped) -> None:
    reply = TerminalReply(piped.screen)
    await reply.notice("A new conversation begins.")
    reply.show("half")
    await reply.fail("The model cannot be reached.")
    assert piped.out.getvalue() == "half\n"
    assert piped.err.getvalue() == "A new conversation begins.\nThe model cannot be reached.\n"
    assert piped.screen.failures == 1


async def test_control_characters_of_the_model_reach_neither_stream(piped: Piped) -> None:
    reply = TerminalReply(piped.screen)
    await reply.notice("a\x1bb")
    reply.show("c\x1b")
    reply.show("]0;title\x07")
    await reply.deliver("c\x1b]0;title\x07")
    assert piped.out.getvalue() == "c␛]0;title␇\n"
    assert piped.err.getvalue() == "a␛b\n"


@pytest.mark.parametrize(
    ("shown", "text", "rest"),
    [
        ("", "all", "all"),
        ("al", "all", "l"),
        ("all\n", "all", ""),
        ("one two", "one\n\ntwo", ""),
        ("Let me look.\n\nFound it", "Found it", ""),
        ("all", "else", None),
    ],
)
def test_only_what_was_not_shown_is_added(shown: str, text: str, rest: str | None) -> None:
    assert text_not_shown(shown, text) == rest


async def test_a_reader_that_left_ends_only_the_writing_and_has_not_got_the_reply() -> None:
    class Closed(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    screen = PlainScreen(Closed(), io.StringIO())
    reply = TerminalReply(screen)
    reply.show("to nobody")
    with pytest.raises(DeliveryError):
        await reply.deliver("to nobody")
    assert screen.is_gone


async def test_a_narrow_encoding_loses_a_character_not_the_reply() -> None:
    raw = io.BytesIO()
    out = io.TextIOWrapper(raw, encoding="latin-1", write_through=True)
    await TerminalReply(PlainScreen(out, out)).deliver("café 👋")
    assert raw.getvalue() == "café ?\n".encode("latin-1")


async def test_a_reply_in_another_thread_says_where(coloured: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    channel = TerminalChannel(StyledScreen(coloured), PLACE.thread.key)
    await channel.open_reply(ThreadRef(Platform.TERMINAL, "work")).deliver("late")
    await channel.open_reply(PLACE.thread).deliver("now")
    assert "Echo in work › late\n" in coloured.plain
    assert "Echo › now\n" in coloured.plain


async def test_a_terminal_gets_colours(coloured: Terminal) -> None:
    await TerminalReply(StyledScreen(coloured)).deliver("hello")
    assert "\x1b[1;36mEcho › \x1b[0mhello\n" in coloured.getvalue()


async def test_no_color_means_no_colours(coloured: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    reply = TerminalReply(StyledScreen(coloured))
    await reply.notice("new")
    await reply.deliver("hello")
    assert "\x1b[36m" not in coloured.getvalue()
    assert ";36m" not in coloured.getvalue()


async def test_a_dumb_terminal_gets_plain_lines(coloured: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    reply = TerminalReply(StyledScreen(coloured))
    reply.thinking()
    await reply.notice("A new conversation begins.")
    reply.show("hel")
    await reply.deliver("hello")
    assert coloured.getvalue() == "A new conversation begins.\nEcho › hello\n"


async def test_the_mark_of_work_goes_when_text_comes(coloured: Terminal) -> None:
    reply = TerminalReply(StyledScreen(coloured))
    reply.thinking()
    reply.thinking()
    reply.show("hello")
    assert coloured.getvalue().count("…") == 1
    assert coloured.getvalue().index("\r\x1b[2K") < coloured.getvalue().index("hello")


async def test_a_failure_amid_a_reply_begins_a_line(coloured: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    reply = TerminalReply(StyledScreen(coloured))
    reply.show("half")
    await reply.fail("Cut.")
    assert coloured.getvalue() == "Echo › half\nCut.\n"
