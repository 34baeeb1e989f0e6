"""Where a chat in the terminal is written: one screen for people, one for pipes."""

import re
import sys
from typing import TYPE_CHECKING, Protocol, TextIO

if TYPE_CHECKING:
    from rich.console import Console

# C0 but tab and line feed, DEL, C1 (8-bit escape sequences), and what UTF-8 cannot encode.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_CONTROL_PICTURES = 0x2400
_ERASE_LINE = "\r\x1b[2K"


def printable(text: str) -> str:
    """Return `text` so that a terminal shows it and does nothing else: ESC becomes the picture ␛."""
    return _UNPRINTABLE.sub(_picture, text.replace("\r\n", "\n"))


def _picture(match: re.Match[str]) -> str:
    code = ord(match.group())
    if code < 0x20:
        return chr(_CONTROL_PICTURES + code)
    return "␡" if code == 0x7F else "�"


class Screen(Protocol):
    """What a reply and a session write to; every text is made printable here and nowhere else."""

    @property
    def is_gone(self) -> bool:
        """Whether nobody reads what is written any more."""
        ...

    def begin(self, speaker: str) -> None:
        """A reply of this speaker follows."""
        ...

    def write(self, text: str) -> None:
        """The next piece of a reply."""
        ...

    def end(self) -> None:
        """The reply is whole: what follows begins a line."""
        ...

    def answer(self, text: str) -> None:
        """What a command says."""
        ...

    @property
    def takes_files(self) -> bool:
        """Whether a file is to be written here as it is."""
        ...

    def file(self, content: bytes) -> None:
        """A file of JSON, for a screen that takes files."""
        ...

    def notice(self, line: str) -> None:
        """A line that nobody said."""
        ...

    def problem(self, sentence: str) -> None:
        """Something went wrong; the sentence is for the person."""
        ...

    def working(self) -> None:
        """Echo is at work and has nothing to show yet."""
        ...


class _Lines:
    """A stream that knows whether it is at the start of a line, and survives a reader that left.

    While the prompt is shown it stands in for `sys.stdout` and puts whole lines above what is being typed.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._is_stdout = stream is sys.stdout
        self.at_start = True
        self.broken = False

    def write(self, text: str) -> None:
        if self.broken or not text:
            return
        stream = sys.stdout if self._is_stdout else self._stream
        try:
            stream.write(_encodable(text, self._stream.encoding))
            if stream is self._stream:
                stream.flush()
        except BrokenPipeError:
            self.broken = True
        self.at_start = text.endswith("\n")

    def line(self, text: str) -> None:
        self.end_line()
        self.write(text if text.endswith("\n") else f"{text}\n")

    def end_line(self) -> None:
        if not self.at_start:
            self.write("\n")


class PlainScreen:
    """For pipes: replies, answers of commands and files on `out` and nothing else there, all else on `err`."""

    takes_files = True

    def __init__(self, out: TextIO, err: TextIO) -> None:
        self._out = _Lines(out)
        self._err = _Lines(err)
        self.failures = 0

    @property
    def is_gone(self) -> bool:
        return self._out.broken

    def begin(self, speaker: str) -> None:
        """Who speaks is not written: a pipe carries what is said."""

    def write(self, text: str) -> None:
        self._out.write(printable(text))

    def end(self) -> None:
        self._out.end_line()

    def answer(self, text: str) -> None:
        self._out.line(printable(text))

    def file(self, content: bytes) -> None:
        """Write JSON whose strings may hold what steers a terminal, which JSON can say otherwise."""
        text = content.decode("utf-8")
        self._out.line(_UNPRINTABLE.sub(lambda found: f"\\u{ord(found.group()):04x}", text))

    def notice(self, line: str) -> None:
        self._err.line(printable(line))

    def problem(self, sentence: str) -> None:
        self.failures += 1
        self._out.end_line()
        self._err.line(printable(sentence))

    def working(self) -> None:
        """A pipe is not told."""


class StyledScreen:
    """For people: light colours where the terminal has them, none with NO_COLOR or on a dumb one."""

    takes_files = False

    def __init__(self, out: TextIO) -> None:
        self._out = _Lines(out)
        self._console = _console(out)
        self._can_erase = self._console.is_terminal and not self._console.is_dumb_terminal
        self._mark_shown = False

    @property
    def is_gone(self) -> bool:
        return self._out.broken

    def begin(self, speaker: str) -> None:
        self._erase_mark()
        self._styled(f"{speaker} › ", "bold cyan")

    def write(self, text: str) -> None:
        self._erase_mark()
        self._out.write(printable(text))

    def end(self) -> None:
        self._erase_mark()
        self._out.end_line()

    def answer(self, text: str) -> None:
        self._erase_mark()
        self._out.line(printable(text))

    def file(self, content: bytes) -> None:
        """People are told where the file is."""

    def said(self, speaker: str, text: str) -> None:
        """Something said earlier."""
        self._out.end_line()
        self._styled(f"{speaker} › ", "dim bold")
        self._styled(text.rstrip("\n"), "dim")
        self._out.end_line()

    def notice(self, line: str) -> None:
        self._line(line, "dim italic")

    def problem(self, sentence: str) -> None:
        self._line(sentence, "yellow")

    def working(self) -> None:
        if self._can_erase and self._out.at_start and not self._mark_shown:
            self._styled("…", "dim")
            self._mark_shown = True

    def _line(self, text: str, style: str) -> None:
        self._erase_mark()
        self._out.end_line()
        self._styled(text, style)
        self._out.end_line()

    def _styled(self, text: str, style: str) -> None:
        from rich.text import Text

        with self._console.capture() as capture:
            self._console.print(Text(printable(text), style), end="", soft_wrap=True)
        self._out.write(capture.get())
        # An escape sequence may follow the text: the column is that of the text.
        self._out.at_start = text.endswith("\n")

    def _erase_mark(self) -> None:
        if self._mark_shown:
            self._out.write(_ERASE_LINE)
            self._out.at_start = True
            self._mark_shown = False


def _console(out: TextIO) -> "Console":
    from rich.console import Console

    return Console(file=out, highlight=False, markup=False, emoji=False)


def _encodable(text: str, encoding: str | None) -> str:
    """Replace what the terminal's encoding lacks: an emoji must not end a chat on a Latin-1 terminal."""
    if encoding is None or encoding.lower().replace("-", "") == "utf8":
        return text
    return text.encode(encoding, "replace").decode(encoding)
