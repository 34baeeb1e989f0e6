"""What a line that was typed at the terminal means; only how to leave is the terminal's own."""

from collections.abc import Sequence
from dataclasses import dataclass

from source.services.commands.typed_words import Commanded, Said
from source.services.commands.typed_words import understood as understood_everywhere
from source.services.commands.vocabulary import CommandSpec

QUIT = CommandSpec("quit", "leave; the conversation is kept")
_LEAVING = (QUIT, CommandSpec("exit", QUIT.summary))


@dataclass(frozen=True, slots=True)
class Left:
    """The person leaves."""


def understood(line: str, words: Sequence[CommandSpec]) -> Said | Commanded | Left:
    """Tell commands from what is said, and both from leaving.

    Raises: RefusedInputError: a command that does not exist, or that is given wrongly.
    """
    meaning = understood_everywhere(line, [*words, *_LEAVING])
    if isinstance(meaning, Commanded) and meaning.name in {word.name for word in _LEAVING}:
        return Left()
    return meaning
