"""Runs commands by name."""

import difflib
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

import structlog

from source.domain.errors import RefusedInputError
from source.domain.message import Message
from source.domain.thread import Platform, ThreadRef
from source.ports.clock import Clock
from source.ports.store import ConversationCatalog, ConversationListing, ConversationStore, StatisticsStore
from source.services.archive import ArchiveService
from source.services.commands import words
from source.services.commands.answering import AnsweringCommands, Turns
from source.services.commands.attending import AttendingCommands
from source.services.commands.counting import StatsCommand
from source.services.commands.exporting import EXPORTABLE, ExportCommand
from source.services.commands.life import ARCHIVABLE, ARCHIVED, LifeCommands
from source.services.commands.messages import MessageFinder, SaidMessages
from source.services.commands.numbered import listed
from source.services.commands.offering import RESUMABLE, to_begin_with
from source.services.commands.privacy import PrivacyCommands
from source.services.commands.profile import LinkCommands, ProfileCommands
from source.services.commands.reading import ReadingCommands
from source.services.commands.remembering import MemoryCommand
from source.services.commands.searching import SearchCommand
from source.services.commands.suggesting import Suggestions
from source.services.commands.vocabulary import (
    CommandInvocation,
    CommandReply,
    CommandSpec,
    Line,
    Suggestion,
    checked,
)
from source.services.conversation_manager import InMemoryConversationManager
from source.services.export import Exporter
from source.services.linking import LinkingService
from source.services.opening import Opening
from source.services.recalling import Recalls
from source.services.statistics import Statistics
from source.services.summarizer import ConversationSummarizer

log = structlog.get_logger(__name__)

Handler = Callable[[CommandInvocation], Awaitable[CommandReply]]

_REMEMBERED_INVOCATIONS = 1_000


@dataclass(frozen=True, slots=True)
class CommandParts:
    """What the commands work with."""

    manager: InMemoryConversationManager
    store: ConversationStore
    catalog: ConversationCatalog
    recall: Recalls
    said: SaidMessages
    statistics: StatisticsStore
    opening: Opening
    archive: ArchiveService
    summarizer: ConversationSummarizer
    turns: Turns
    profile: ProfileCommands
    linking: LinkingService
    memory: MemoryCommand
    privacy: PrivacyCommands
    attending: AttendingCommands
    clock: Clock


@dataclass(frozen=True, slots=True)
class _Command:
    spec: CommandSpec
    run: Handler


class CommandService:
    """The vocabulary, and the functions behind it."""

    def __init__(self, parts: CommandParts) -> None:
        self._catalog = parts.catalog
        self._linking = parts.linking
        finder = MessageFinder(parts.said, parts.catalog)
        self._reading = ReadingCommands(parts.manager, parts.store, parts.catalog, finder, parts.summarizer)
        life = LifeCommands(parts.manager, parts.catalog, parts.opening, parts.archive, parts.clock)
        answering = AnsweringCommands(parts.turns, parts.clock)
        linking = LinkCommands(parts.linking)
        commands = (
            _Command(words.NEW, life.new),
            _Command(words.RESUME, life.resume),
            _Command(words.ARCHIVE, life.archive),
            _Command(words.UNARCHIVE, life.unarchive),
            _Command(words.CONVERSATIONS, self._reading.conversations),
            _Command(words.SUMMARY, self._reading.summary),
            _Command(words.SEARCH, SearchCommand(parts.recall, parts.catalog, finder).search),
            _Command(words.MEMORY, parts.memory.memory),
            _Command(words.PROFILE, parts.profile.profile),
            _Command(words.LINK, linking.link),
            _Command(words.UNLINK, linking.unlink),
            _Command(words.EXPORT, ExportCommand(Exporter(parts.manager, parts.catalog), parts.catalog).export),
            _Command(words.FORGET_ME, parts.privacy.forget_me),
            _Command(words.MY_DATA, parts.privacy.my_data_as_file),
            _Command(words.STATS, StatsCommand(Statistics(parts.statistics)).stats),
            _Command(words.STOP, answering.stop),
            _Command(words.RETRY, answering.retry),
            _Command(words.HUMAN, parts.attending.human),
            _Command(words.BOT, parts.attending.bot),
            _Command(words.HELP, self._help),
        )
        self._commands = {command.spec.name: command for command in commands}
        applies = {"resume": RESUMABLE, "archive": ARCHIVABLE, "unarchive": ARCHIVED, "export": EXPORTABLE}
        self._suggestions = Suggestions(parts.catalog, applies)
        self._recent: OrderedDict[tuple[Platform, str], None] = OrderedDict()

    @property
    def vocabulary(self) -> Sequence[CommandSpec]:
        return tuple(command.spec for command in self._commands.values())

    async def run(self, invocation: CommandInvocation) -> CommandReply:
        """Run a command; the same invocation again does nothing and is told nothing, as far back as memory goes.

        Raises: RefusedInputError: there is no such command, or its options are wrong; the text is for the person.
            StoreError: it could not be done; nothing was changed.
        """
        command = self._commands.get(invocation.name)
        if command is None:
            near = difflib.get_close_matches(invocation.name, self._commands, n=1)
            hint = f" Did you mean /{near[0]}?" if near else " /help lists the commands."
            raise RefusedInputError(f"There is no command /{invocation.name[:40]}.{hint}")
        checked(command.spec, invocation.options)
        platform = invocation.thread.platform
        if self._is_repeat(platform, invocation.invocation_id):
            log.info("repeated_command_ignored", command=invocation.name, platform=platform.value)
            return CommandReply("")
        log.info("command", command=invocation.name, platform=platform.value)
        try:
            reply = await command.run(invocation)
        except BaseException:
            # Nothing was done: whoever asks again is no repeat.
            self._recent.pop((platform, invocation.invocation_id), None)
            raise
        return await self._with_notices(reply, invocation)

    async def suggestions(
        self, command: str, option: str, typed: str, invocation: CommandInvocation
    ) -> list[Suggestion]:
        """Return values to offer for an option while it is filled in, the best first; none when that fails."""
        return await self._suggestions.offered(command, option, typed, invocation)

    async def history(self, thread: ThreadRef, limit: int) -> Sequence[Message]:
        """Return the last messages of the thread's active conversation, at most `limit`."""
        return await self._reading.history(thread, limit)

    async def listing(self, invocation: CommandInvocation) -> Sequence[ConversationListing]:
        """Return the conversations that `/conversations` would list, in the order of their numbers."""
        return await listed(self._catalog, invocation)

    async def _with_notices(self, reply: CommandReply, invocation: CommandInvocation) -> CommandReply:
        """Add what waits to be told to the asker; what answers through the channel tells it there."""
        if not reply.text:
            return reply
        notices = await self._linking.lines(invocation.thread, invocation.person.external_id)
        lines = (*reply.lines, *map(Line, notices)) if reply.lines else ()
        return replace(reply, text="\n".join((reply.text, *notices)), lines=lines)

    def _is_repeat(self, platform: Platform, invocation_id: str) -> bool:
        """Note an invocation; whether it was noted before."""
        key = (platform, invocation_id)
        if not invocation_id:
            return False
        if key in self._recent:
            return True
        self._recent[key] = None
        if len(self._recent) > _REMEMBERED_INVOCATIONS:
            self._recent.popitem(last=False)
        return False

    async def _help(self, _: CommandInvocation) -> CommandReply:
        width = max(len(spec.usage) for spec in self.vocabulary)
        lines = [f"{spec.usage:<{width}}  {spec.summary}" for spec in self.vocabulary]
        told = "\n".join(["Write anything to talk with me. Commands:", *lines])
        return CommandReply(told, choices=to_begin_with(self.vocabulary))
