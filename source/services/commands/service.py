"""Runs commands by name."""

import difflib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from source.domain.errors import RefusedInputError
from source.domain.message import Message
from source.domain.thread import ThreadRef
from source.services.commands.life import LifeCommands
from source.services.commands.reading import ReadingCommands
from source.services.commands.vocabulary import (
    CommandInvocation,
    CommandOption,
    CommandReply,
    CommandSpec,
    OptionKind,
)

_WHICH = CommandOption("which", "its number in /conversations", is_suggested=True)
_MESSAGE = CommandOption("message", "the id of a message of the conversation that is meant", is_hidden=True)

Handler = Callable[[CommandInvocation], Awaitable[CommandReply]]


@dataclass(frozen=True, slots=True)
class _Command:
    spec: CommandSpec
    run: Handler


class CommandService:
    """The vocabulary, and the functions behind it."""

    def __init__(self, life: LifeCommands, reading: ReadingCommands) -> None:
        self._reading = reading
        commands = (
            _Command(
                CommandSpec(
                    "new",
                    "start a new conversation",
                    (
                        CommandOption("fresh", "start without memory of the last one", OptionKind.FLAG),
                        CommandOption("topic", "what it will be about", takes_rest=True),
                    ),
                    is_private=False,
                ),
                life.new,
            ),
            _Command(
                CommandSpec("resume", "go on with an ended conversation", (_WHICH,), is_private=False), life.resume
            ),
            _Command(CommandSpec("archive", "put a conversation away, compressed", (_WHICH,)), life.archive),
            _Command(CommandSpec("unarchive", "bring an archived one back", (_WHICH,)), life.unarchive),
            _Command(CommandSpec("conversations", "list your conversations here"), reading.conversations),
            _Command(CommandSpec("summary", "what this conversation is about so far", (_MESSAGE,)), reading.summary),
            _Command(
                CommandSpec(
                    "search",
                    "find what was said before",
                    (CommandOption("words", "what to look for", required=True, takes_rest=True),),
                ),
                reading.search,
            ),
            _Command(CommandSpec("help", "what Echo can do here"), self._help),
        )
        self._commands = {command.spec.name: command for command in commands}

    @property
    def vocabulary(self) -> Sequence[CommandSpec]:
        return tuple(command.spec for command in self._commands.values())

    async def run(self, invocation: CommandInvocation) -> CommandReply:
        """Run a command.

        Raises: RefusedInputError: there is no such command, or its argument is wrong; the text is for the person.
            StoreError: it could not be done; nothing was changed.
        """
        command = self._commands.get(invocation.name)
        if command is None:
            near = difflib.get_close_matches(invocation.name, self._commands, n=1)
            hint = f" Did you mean /{near[0]}?" if near else " /help lists the commands."
            raise RefusedInputError(f"There is no command /{invocation.name[:40]}.{hint}")
        return await command.run(invocation)

    async def history(self, thread: ThreadRef, limit: int) -> Sequence[Message]:
        """Return the last `limit` messages of the thread's active conversation."""
        return await self._reading.history(thread, limit)

    async def _help(self, _: CommandInvocation) -> CommandReply:
        width = max(len(spec.usage) for spec in self.vocabulary)
        lines = [f"{spec.usage:<{width}}  {spec.summary}" for spec in self.vocabulary]
        return CommandReply("\n".join(["Write anything to talk with me. Commands:", *lines]))
