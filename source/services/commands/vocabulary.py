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
    """What the person is told."""

    text: str
