"""The line where a person types."""

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, redirect_stderr, redirect_stdout
from typing import TextIO, cast

from prompt_toolkit import PromptSession
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.history import InMemoryHistory
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.output.color_depth import ColorDepth
from prompt_toolkit.patch_stdout import StdoutProxy
from prompt_toolkit.styles import Style

from source.adapters.terminal.completion import CommandCompleter
from source.adapters.terminal.screen import printable
from source.ports.store import ConversationListing
from source.services.commands.vocabulary import CommandSpec

_STYLE = Style.from_dict({"prompt": "bold", "bottom-toolbar": "noreverse dim"})


class LineClearedError(Exception):
    """Ctrl-C took away what was typed."""


class Prompt:
    """Reads what is typed: Enter sends, Alt-Enter begins a line, a paste of many lines is one message."""

    def __init__(
        self,
        name: str,
        words: Sequence[CommandSpec],
        *,
        conversations: Callable[[], Sequence[ConversationListing]],
        status: Callable[[], str],
        typed: Callable[[], None],
        colours: bool = True,
    ) -> None:
        self._name = printable(name).replace("\n", " ")
        self._status = status
        self._typed = InMemoryHistory()
        self._session: PromptSession[str] = PromptSession(
            history=self._typed,
            completer=CommandCompleter(words, conversations, lambda: reversed(self._typed.get_strings())),
            complete_while_typing=True,
            bottom_toolbar=self._toolbar,
            prompt_continuation="  ",
            key_bindings=_bindings(),
            reserve_space_for_menu=5,
            style=_STYLE,
            color_depth=None if colours else ColorDepth.DEPTH_1_BIT,
        )

        self._session.default_buffer.on_text_changed += lambda _buffer: typed()

    def remember(self, texts: Iterable[str]) -> None:
        """Let the arrow keys find what was typed in an earlier session."""
        for text in texts:
            self._typed.append_string(text)

    async def line(self) -> str:
        """Return what was typed.

        Raises: KeyboardInterrupt: Ctrl-C on an empty line. LineClearedError: Ctrl-C on any other.
            EOFError: Ctrl-D on an empty line, or the terminal is gone.
        """
        with _others_above_the_prompt():
            # The chat listens to Ctrl-C all the time; here it comes as a key.
            try:
                return await self._session.prompt_async([("class:prompt", f"{self._name} › ")], handle_sigint=False)
            except KeyboardInterrupt:
                if self._session.default_buffer.text:
                    raise LineClearedError from None
                raise

    def interrupt(self) -> bool:
        """Do what the key Ctrl-C does; False when nobody is being asked now."""
        asking = self._session.app.future
        if asking is None or asking.done():
            return False
        self._session.app.exit(exception=KeyboardInterrupt)
        return True

    def _toolbar(self) -> StyleAndTextTuples:
        return [("", printable(self._status()).replace("\n", " "))]


def _bindings() -> KeyBindings:
    bindings = KeyBindings()

    @bindings.add("escape", "enter")
    def _begin_a_line(event: KeyPressEvent) -> None:
        event.current_buffer.insert_text("\n")

    return bindings


@contextmanager
def _others_above_the_prompt() -> Iterator[None]:
    """Keep late replies and log lines out of what is being typed; log lines sent to a file go there as always."""
    with StdoutProxy(raw=True) as above:
        stream = cast("TextIO", above)  # it has what a stream needs and is no subclass
        try:
            with redirect_stdout(stream), redirect_stderr(stream) if sys.stderr.isatty() else nullcontext():
                yield
        finally:
            above.flush()  # half a line, which closing would drop
