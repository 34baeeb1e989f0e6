"""What a command is called, takes and gives back, the same on every platform."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from source.domain.errors import RefusedInputError
from source.domain.thread import PersonRef, ThreadRef
from source.ports.channel import Channel

# Discord: 25 suggestions, each with a label of up to 100 characters.
MOST_SUGGESTIONS = 25
LONGEST_LABEL_CHARS = 100


class OptionKind(StrEnum):
    """What the value of an option is: text, true or absent, or one of its choices."""

    TEXT = "text"
    FLAG = "flag"
    CHOICE = "choice"


@dataclass(frozen=True, slots=True)
class CommandOption:
    """One value that a command takes.

    `is_suggested`: `CommandService.suggestions` offers values while it is filled in. `takes_rest`: typed, it is
    everything that is left of the line. `is_hidden`: people never fill it in; a platform gives it by itself, such
    as the id of the message that a context menu was opened on.
    """

    name: str
    summary: str
    kind: OptionKind = OptionKind.TEXT
    required: bool = False
    choices: tuple[str, ...] = ()
    is_suggested: bool = False
    takes_rest: bool = False
    is_hidden: bool = False

    @property
    def usage(self) -> str:
        word = self.name if self.kind is not OptionKind.CHOICE else "|".join(self.choices)
        return word if self.required else f"[{word}]"


@dataclass(frozen=True, slots=True)
class CommandSpec:
    """A word of the vocabulary; `is_private`: its answer is for the asker alone where a platform can do that."""

    name: str
    summary: str
    options: tuple[CommandOption, ...] = ()
    is_private: bool = True

    @property
    def shown_options(self) -> tuple[CommandOption, ...]:
        """The options that people fill in."""
        return tuple(option for option in self.options if not option.is_hidden)

    @property
    def usage(self) -> str:
        """How it is typed: `/new [fresh] [topic]`."""
        return " ".join([f"/{self.name}", *(option.usage for option in self.shown_options)])


@dataclass(frozen=True, slots=True)
class CommandInvocation:
    """A command as somebody gave it; `options` has only those that were given, flags as true.

    `invocation_id` is unique on its platform: the same one again acts once. `is_in_thread` is False in a place
    that holds no dialogue, such as a text channel: there 'here' is the whole guild. `channel` is where a reply
    goes that is more than the command's own answer. No limit binds who is `is_unlimited`.
    """

    name: str
    thread: ThreadRef
    person: PersonRef
    options: Mapping[str, str | bool] = field(default_factory=dict)
    channel: Channel | None = None
    invocation_id: str = ""
    is_in_thread: bool = True
    is_unlimited: bool = False

    def text(self, option: str) -> str:
        """Return the text given for an option, stripped; empty when there was none."""
        value = self.options.get(option, "")
        return value.strip() if isinstance(value, str) else ""

    def flag(self, option: str) -> bool:
        """Whether a flag was given."""
        return self.options.get(option) is True


@dataclass(frozen=True, slots=True)
class ExportedFile:
    """A file for the person."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an answer, and what it is about: a thread, and in it the platform's message of this id."""

    text: str
    thread: ThreadRef | None = None
    event_id: str | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """What may be done next, for platforms where it can be tapped: `command` is what else would be typed for it.

    `about` is a line about it, where a list has room for one.
    """

    label: str
    command: str
    about: str = ""


@dataclass(frozen=True, slots=True)
class CommandReply:
    """What the person is told; empty when the answer comes through the channel.

    `lines` are the lines of `text` with what each is about, for platforms that can link there; empty when there
    is nothing to link. `thread` is where it happened, when that is not where it was asked. `archived` is whether
    the platform should put that thread away (True) or bring it back (False) too. `choices` are what may be done next.
    """

    text: str
    file: ExportedFile | None = None
    thread: ThreadRef | None = None
    archived: bool | None = None
    lines: tuple[Line, ...] = ()
    choices: tuple[Choice, ...] = ()


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A value offered for an option, and how it is shown."""

    label: str
    value: str


def checked(spec: CommandSpec, options: Mapping[str, str | bool]) -> None:
    """Refuse options that the command does not take, or lacks.

    Raises: RefusedInputError: the text says how it is used.
    """
    known = {option.name: option for option in spec.options}
    for name, value in options.items():
        option = known.get(name)
        if option is None:
            raise RefusedInputError(f"/{spec.name} does not take that: {spec.usage}.")
        if option.kind is OptionKind.CHOICE and value and value not in option.choices:
            raise RefusedInputError(f"{name.capitalize()} is one of: {', '.join(option.choices)}.")
    for option in spec.options:
        given = options.get(option.name)
        if option.required and not (given.strip() if isinstance(given, str) else given):
            raise RefusedInputError(f"What {option.name}? Write {spec.usage}.")
