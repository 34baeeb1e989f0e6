"""What a command is called, takes and gives back."""

from dataclasses import dataclass

from source.domain.thread import PersonRef, ThreadRef


@dataclass(frozen=True, slots=True)
class CommandSpec:
    """A word of the vocabulary; `usage` shows its arguments, `choices` are words its argument may begin with."""

    name: str
    usage: str
    summary: str
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CommandInvocation:
    """A command as somebody gave it; `argument` is everything after its name, stripped."""

    name: str
    argument: str
    thread: ThreadRef
    person: PersonRef


@dataclass(frozen=True, slots=True)
class CommandReply:
    """What the person is told; `switched` when the thread goes on with another conversation now."""

    text: str
    switched: bool = False


def parsed_command(text: str) -> tuple[str, str] | None:
    """Return name and argument of a typed `/word argument`; None when the text is no command."""
    if not text.startswith("/") or len(text) < 2 or text[1].isspace() or text[1] == "/":
        return None
    name, _, argument = text[1:].partition(" ")
    return name.strip().lower(), argument.strip()
