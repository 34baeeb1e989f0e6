"""The chat in the terminal, connected to a running Echo."""

import asyncio
import getpass
import os
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Literal, TextIO

import structlog

from source.adapters.terminal.partner import Place
from source.adapters.terminal.screen import PlainScreen, StyledScreen
from source.adapters.web.local_token import LocalToken
from source.app.composition import open_echo
from source.app.echo import Echo
from source.app.event_loop import INTERRUPTED, leave_output
from source.app.exports import EXPORT_FOLDER, write_export
from source.app.log_scrubbing import scrub_of
from source.app.log_setup import set_up_logging
from source.app.models import warm_up
from source.app.settings import Settings
from source.domain.errors import EchoError, FolderInUseError, SettingsError, StoreUnavailableError
from source.domain.message import OF_BUSINESS, Message
from source.domain.thread import PersonRef, Platform, ThreadKey, ThreadRef
from source.domain.turn import InboundMessage
from source.ports.channel import Channel
from source.ports.clock import SystemClock
from source.ports.store import ConversationListing
from source.services.commands import CommandInvocation, CommandReply, CommandSpec, ExportedFile
from source.services.turn_service import NOT_KEPT

if TYPE_CHECKING:
    from source.adapters.terminal.partner import Partner

log = structlog.get_logger(__name__)


class EchoPartner:
    """A running Echo, as a chat in the terminal needs it."""

    def __init__(self, echo: Echo, exports: Path) -> None:
        self._echo = echo
        self._exports = exports

    @property
    def model_name(self) -> str:
        return self._echo.model_name

    @property
    def is_offline(self) -> bool:
        return self._echo.is_offline

    @property
    def words(self) -> Sequence[CommandSpec]:
        return self._echo.commands.vocabulary

    async def answer(self, inbound: InboundMessage, channel: Channel) -> None:
        try:
            await self._echo.turns.handle(inbound, channel)
        except StoreUnavailableError as error:
            raise StoreUnavailableError(f"{str(error).removesuffix('.')}. {NOT_KEPT}") from error

    async def recover(self, channel: Channel) -> None:
        await self._echo.turns.recover(channel)

    def stop(self, thread: ThreadKey) -> bool:
        return self._echo.turns.stop(thread)

    async def command(self, invocation: CommandInvocation) -> CommandReply:
        return await self._echo.commands.run(invocation)

    async def keep_file(self, file: ExportedFile) -> str:
        return str(await asyncio.to_thread(write_export, self._exports, file))

    async def history(self, thread: ThreadRef, limit: int) -> Sequence[Message]:
        return await self._echo.commands.history(thread, limit)

    async def listing(self, place: Place) -> Sequence[ConversationListing]:
        return await self._echo.commands.listing(CommandInvocation("conversations", place.thread, place.person))


async def run_chat(settings: Settings, *, user: str | None, thread: str) -> int:
    """Chat with a person when both ends are a terminal, else with a pipe; return the exit code."""
    name = user or _account_name()
    if name == OF_BUSINESS:
        raise SettingsError(f"{name} is who answers for the business: choose another name with --user.")
    is_person = _is_terminal(sys.stdin) and _is_terminal(sys.stdout)
    # A person is told on the screen what went wrong.
    quiet: Literal["error", "warning"] = "error" if is_person else "warning"
    level = settings.log_level if settings.is_set("LOG_LEVEL") else quiet
    set_up_logging(level=level, form=settings.log_format, secrets=settings.secrets, scrub=scrub_of(settings))
    place = Place(ThreadRef(Platform.TERMINAL, thread), PersonRef(name, name))
    async with _partner(settings, place) as partner:
        return await (_with_person(partner, place) if is_person else _with_pipe(partner, place))


@asynccontextmanager
async def _partner(settings: Settings, place: Place) -> AsyncIterator["Partner"]:
    """Talk with an Echo of this process, or with the one that owns the data folder.

    Raises: FolderInUseError: one does that cannot be talked with.
    """
    async with AsyncExitStack() as stack:
        try:
            echo = await stack.enter_async_context(
                open_echo(settings, command=f"chat --thread {place.thread.thread_id}")
            )
        except FolderInUseError:
            token = LocalToken.read(settings.conversations_dir)
            if token is None:
                raise
            yield await _remote(stack, settings, token)
        else:
            await stack.enter_async_context(_preparing(echo, place.thread))
            yield EchoPartner(echo, settings.conversations_dir / EXPORT_FOLDER)


async def _remote(stack: AsyncExitStack, settings: Settings, token: LocalToken) -> "Partner":
    from source.adapters.remote.api_client import ApiClient
    from source.adapters.remote.partner import RemotePartner

    async def keep(file: ExportedFile) -> str:
        return str(await asyncio.to_thread(write_export, settings.conversations_dir / EXPORT_FOLDER, file))

    client = await stack.enter_async_context(ApiClient(token.url, token.secret, is_local=True))
    partner = await RemotePartner.connected(client, keep)
    stack.push_async_callback(partner.close)
    return partner


async def _with_person(partner: "Partner", place: Place) -> int:
    from source.adapters.terminal.interactive import InteractiveChat

    interrupted = await InteractiveChat(partner, place, StyledScreen(sys.stdout), SystemClock()).run()
    return INTERRUPTED if interrupted else 0


async def _with_pipe(partner: "Partner", place: Place) -> int:
    from source.adapters.terminal.piped import PipedChat

    screen = PlainScreen(sys.stdout, sys.stderr)
    chat = PipedChat(partner, place, screen, SystemClock())
    complete = await chat.run(_stdin(), recovery=PlainScreen(sys.stderr, sys.stderr))
    if screen.is_gone:
        leave_output()
    return 0 if complete else 1


@asynccontextmanager
async def _preparing(echo: Echo, thread: ThreadRef) -> AsyncIterator[None]:
    """Do what can be done while the person reads and types."""
    task = asyncio.create_task(_prepare(echo, thread), name="preparing")
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _prepare(echo: Echo, thread: ThreadRef) -> None:
    """Load the model's package, make the summary that the next message will need, write late transcripts."""
    steps = (
        partial(warm_up, echo.model),
        partial(echo.opening.prepare, thread),
        echo.privacy.take_up,
        echo.catch_up.run,
    )
    for step in steps:
        try:
            await step()
        except EchoError as error:
            log.warning("preparation_failed", error=type(error).__name__, reason=str(error))


def _is_terminal(stream: TextIO | None) -> bool:
    """Whether a person sits there; a stream that was closed before the start is None."""
    return stream is not None and stream.isatty()


def _stdin() -> BinaryIO:
    """A reader of its own: at exit the interpreter waits for the one of `sys.stdin`, which a silent pipe may hold."""
    if sys.stdin is None:
        return open(os.devnull, "rb")  # noqa: PTH123  (the chat reads it to its end)
    return os.fdopen(os.dup(sys.stdin.fileno()), "rb")


def _account_name() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "person"
