"""A reply as it comes, on a screen."""

from collections.abc import Sequence

from source.adapters.terminal.screen import Screen
from source.domain.errors import DeliveryError
from source.domain.thread import Platform, ThreadKey, ThreadRef

SPEAKER = "Echo"


class TerminalReply:
    """One reply: pieces are written at once, the delivered text adds only what was not shown."""

    def __init__(self, screen: Screen, speaker: str = SPEAKER) -> None:
        self._screen = screen
        self._speaker = speaker
        self._shown: list[str] = []

    async def notice(self, line: str) -> None:
        self._screen.notice(line)

    def show(self, delta: str) -> None:
        if not delta:
            return
        if not self._shown:
            self._screen.begin(self._speaker)
        self._shown.append(delta)
        self._screen.write(delta)

    def thinking(self) -> None:
        if not self._shown:
            self._screen.working()

    async def deliver(self, text: str, *, interrupted: bool = False) -> None:
        shown = "".join(self._shown)
        rest = "" if interrupted and shown.startswith(text) else text_not_shown(shown, text)
        if rest is None:
            self._screen.end()
            self._screen.notice("The answer was changed to:")
            self._shown.clear()
            rest = text
        self.show(rest)
        self._screen.end()
        if interrupted:
            self._screen.notice("(stopped before its end)")
        if self._screen.is_gone:
            raise DeliveryError("nobody reads the terminal's output any more")

    async def fail(self, sentence: str) -> None:
        self._screen.end()
        if sentence:
            self._screen.problem(sentence)


class TerminalChannel:
    """The terminal as the core sees it; replies in other threads than `here` say so."""

    platform = Platform.TERMINAL

    def __init__(self, screen: Screen, here: ThreadKey) -> None:
        self._screen = screen
        self._here = here

    def open_reply(self, thread: ThreadRef, answering: Sequence[int] = ()) -> TerminalReply:  # noqa: ARG002
        elsewhere = "" if thread.key == self._here else f" in {thread.thread_id}"
        return TerminalReply(self._screen, f"{SPEAKER}{elsewhere}")


def text_not_shown(shown: str, text: str) -> str | None:
    """What of `text` is still to be shown; None when something else was shown.

    Differences of white space do not count, nor does what was said before the text proper began.
    """
    if text.startswith(shown):
        return text[len(shown) :]
    if "".join(shown.split()).endswith("".join(text.split())):
        return ""
    return None
