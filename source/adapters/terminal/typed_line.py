"""What a typed line means: something said, or a command."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from source.domain.errors import RefusedInputError
from source.services.commands.vocabulary import CommandSpec

# A path (`/etc/hosts is …`) is something said; `/word` and `/word …` are commands.
_COMMAND = re.compile(r"/([A-Za-z][A-Za-z-]*)(?:\s+(.*))?\s*", re.DOTALL)
QUIT = CommandSpec("quit", "leave; the conversation is kept")
_LEAVING = frozenset({"quit", "exit"})


@dataclass(frozen=True, slots=True)
class Said:
    """A message for Echo."""

    text: str


@dataclass(frozen=True, slots=True)
class Commanded:
    """A command; `name` is one of the words there are."""

    name: str
    argument: str


@dataclass(frozen=True, slots=True)
class Left:
    """The person leaves."""


def understood(line: str, words: Sequence[CommandSpec]) -> Said | Commanded | Left:
    """Tell commands from what is said; `//word` says `/word`.

    Raises: RefusedInputError: a command that does not exist; the nearest is named.
    """
    if line.startswith("//"):
        return Said(line[1:])
    match = _COMMAND.fullmatch(line)
    if match is None:
        return Said(line)
    name, argument = match[1].lower(), (match[2] or "").strip()
    if name in _LEAVING:
        return Left()
    if name in {word.name for word in words}:
        return Commanded(name, argument)
    raise RefusedInputError(_no_such_command(name, [*words, QUIT]))


def _no_such_command(name: str, words: Sequence[CommandSpec]) -> str:
    import difflib

    near = difflib.get_close_matches(name, [word.name for word in words], 1)
    meant = f"did you mean /{near[0]}?" if near else "/help lists what there is."
    return f"There is no command /{name}: {meant} Begin with // to say it."
