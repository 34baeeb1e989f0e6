"""What a typed line means, on every platform where commands are typed: something said, or a command."""

import difflib
import re
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field

from source.domain.errors import RefusedInputError
from source.services.commands.vocabulary import CommandOption, CommandSpec, OptionKind

# A path (`/etc/hosts is …`) is something said; `/word` and `/word …` are commands.
_COMMAND = re.compile(r"/([A-Za-z][A-Za-z-]*)(?:\s+(.*))?\s*", re.DOTALL)
_WORD = re.compile(r"(\S+)\s*(.*)", re.DOTALL)
_TO_SAY_IT = "Begin with // to say it."


@dataclass(frozen=True, slots=True)
class Said:
    """A message for Echo."""

    text: str


@dataclass(frozen=True, slots=True)
class Commanded:
    """A command; `name` is one of the words there are, `options` are those that were given."""

    name: str
    options: Mapping[str, str | bool] = field(default_factory=dict)


def understood(line: str, words: Sequence[CommandSpec]) -> Said | Commanded:
    """Tell commands from what is said; `//word` says `/word`.

    Raises: RefusedInputError: a command that does not exist, of which the nearest is named, or that is given wrongly.
    """
    if line.startswith("//"):
        return Said(line[1:])
    match = _COMMAND.fullmatch(line)
    if match is None:
        return Said(line)
    name = match[1].lower()
    spec = next((word for word in words if word.name == name), None)
    if spec is None:
        raise RefusedInputError(_no_such_command(name, words))
    return Commanded(name, options_of(spec, match[2] or ""))


def options_of(spec: CommandSpec, typed: str) -> dict[str, str | bool]:
    """Read what was typed after a command's name: its flags in any order, then one option after the other.

    Raises: RefusedInputError: something is missing or left over; the text says how it is typed.
    """
    flags = {option.name for option in spec.shown_options if option.kind is OptionKind.FLAG}
    given, rest = _flags_of(typed.strip(), flags)
    options: dict[str, str | bool] = dict.fromkeys(given, True)
    for option in spec.shown_options:
        if option.kind is OptionKind.FLAG:
            continue
        value, rest = _taken(option, rest)
        if value:
            options[option.name] = value
        elif option.required:
            raise RefusedInputError(f"What {option.name}? Write {spec.usage}.")
    if rest:
        raise RefusedInputError(_too_much(spec))
    return options


def _flags_of(rest: str, flags: Set[str]) -> tuple[list[str], str]:
    """Return the flags that a line begins with, and what is left; the same one again is no flag."""
    given: list[str] = []
    while (match := _WORD.fullmatch(rest)) and (word := match[1].lower()) in flags and word not in given:
        given.append(word)
        rest = match[2]
    return given, rest


def _taken(option: CommandOption, rest: str) -> tuple[str, str]:
    """Return the option's value, which is empty if it was not given, and what is left."""
    if option.takes_rest:
        return rest, ""
    match = _WORD.fullmatch(rest)
    if match is None:
        return "", rest
    word, left = match[1], match[2]
    if option.kind is OptionKind.CHOICE:
        return (word.lower(), left) if word.lower() in option.choices else ("", rest)
    return word, left


def _too_much(spec: CommandSpec) -> str:
    if not spec.shown_options:
        return f"/{spec.name} stands alone. {_TO_SAY_IT}"
    return f"That is more than /{spec.name} takes: write {spec.usage}. {_TO_SAY_IT}"


def _no_such_command(name: str, words: Sequence[CommandSpec]) -> str:
    near = difflib.get_close_matches(name, [word.name for word in words], 1)
    meant = f"did you mean /{near[0]}?" if near else "/help lists what there is."
    return f"There is no command /{name}: {meant} {_TO_SAY_IT}"
