"""What is plugged into what."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Literal

import structlog

from source.adapters.llm.offline import OfflineModel
from source.adapters.storage.folder_lock import FolderLock
from source.adapters.storage.interaction_table import InteractionTable
from source.adapters.storage.sql_store import SqlStore
from source.adapters.storage.transcript_progress import TranscriptProgress
from source.app.archives import ArchiveHomes
from source.app.early import folders_of
from source.app.echo import Echo
from source.app.lost_database import (
    refuse_a_lost_file,
    refuse_a_missing_file,
    refuse_an_empty_store,
    refuse_an_unmade_server,
)
from source.app.models import choose_model
from source.app.settings import Settings
from source.domain.errors import StoreError, StoreVersionError
from source.ports.clock import Clock, SystemClock
from source.ports.llm import LanguageModel
from source.services.interactions import recounted
from source.services.rebuild import Progress, Rebuild, RebuildReport
from source.services.rebuild_archive import ArchiveRebuild

log = structlog.get_logger(__name__)

_DRAIN = timedelta(seconds=10)


@asynccontextmanager
async def open_echo(
    settings: Settings, *, model: LanguageModel | None = None, clock: Clock | None = None, command: str = "echo"
) -> AsyncIterator[Echo]:
    """Take the data folder, start everything and, at the end, drain, write and close it.

    Raises: FolderInUseError, StoreError, SettingsError: nothing was started.
    """
    clock = clock or SystemClock()
    refuse_a_lost_file(settings)
    async with AsyncExitStack() as stack:
        store = await _own_store(stack, settings, clock, command=command)
        await refuse_an_empty_store(settings, store)
        if model is None:
            model = await choose_model(settings)
            stack.push_async_callback(model.close)
        echo = Echo(settings, store, model, clock)
        if echo.embeddings is not None:
            stack.push_async_callback(echo.embeddings.close)
        await echo.limits.load(store)
        await echo.people.attending.load()
        # All of it is made now: a setting that is wrong is told before anything begins.
        _ = echo.people.wishes, echo.commands
        await echo.manager.start()
        echo.facts.reading.start()
        stack.push_async_callback(echo.facts.reading.stop)
        stack.push_async_callback(echo.recalls.flush)
        stack.push_async_callback(echo.transcripts.close, _DRAIN)
        stack.push_async_callback(_write_everything, echo)
        stack.push_async_callback(echo.turns.drain, _DRAIN)
        stack.push_async_callback(echo.sending.close)
        stack.push_async_callback(echo.privacy.close)
        yield echo


async def _write_everything(echo: Echo) -> None:
    """Write every transcript; a crash before the end leaves the next start to find out which are behind."""
    if not await echo.manager.shutdown():
        return
    try:
        await echo.catch_up.finish()
    except StoreError as error:
        log.warning("transcripts_not_noted", reason=str(error))


@asynccontextmanager
async def open_reader(settings: Settings) -> AsyncIterator[SqlStore]:
    """Read what is stored beside whichever process owns the data folder.

    Raises: StoreError: there is nothing to read, or it cannot be read.
    """
    refuse_a_lost_file(settings)
    try:
        store = await SqlStore.open(settings.database, clock=SystemClock(), read_only=True)
    except StoreVersionError:
        await refuse_an_unmade_server(settings)
        raise
    try:
        await refuse_an_empty_store(settings, store)
        yield store
    finally:
        await store.close()


async def rebuild(settings: Settings, source: Literal["transcripts", "store"], progress: Progress) -> RebuildReport:
    """Restore the store from the transcripts, or the transcripts from the store, while nothing else runs.

    Raises: FolderInUseError, StoreError, TranscriptUnwritableError; run again, it goes on.
    """
    if source == "store":
        refuse_a_missing_file(settings)
    async with AsyncExitStack() as stack:
        store = await _own_store(stack, settings, SystemClock(), command=f"rebuild --from {source}")
        homes = ArchiveHomes(settings, store, SystemClock())
        work = Rebuild(store, homes.files, ArchiveRebuild(homes.archived, homes.mending))
        if source == "transcripts":
            report = await work.from_transcripts(progress)
        else:
            await refuse_an_empty_store(settings, store)
            report = await work.from_store(progress)
            await TranscriptProgress(store).note_all_written()
        counted = await recounted(InteractionTable(store))
        return replace(report, recounted=counted.corrected)


@asynccontextmanager
async def open_unstarted(settings: Settings, *, clock: Clock, command: str) -> AsyncIterator[Echo]:
    """Own the data folder with everything wired and nothing started: nothing is answered, and no model is asked.

    Raises: FolderInUseError, StoreError.
    """
    refuse_a_lost_file(settings)
    async with AsyncExitStack() as stack:
        store = await _own_store(stack, settings, clock, command=command)
        await refuse_an_empty_store(settings, store)
        yield Echo(settings, store, OfflineModel(), clock)


async def _own_store(stack: AsyncExitStack, settings: Settings, clock: Clock, *, command: str) -> SqlStore:
    hold_folders(stack, settings, command=command)
    store = await SqlStore.open(settings.database, clock=clock, durability=settings.durability, is_owner=True)
    stack.push_async_callback(store.close)
    return store


def hold_folders(stack: AsyncExitStack, settings: Settings, *, command: str) -> None:
    """Own the folders of the transcripts and of the database until the stack closes.

    Raises: FolderInUseError: another process does; it is named.
    """
    for folder in folders_of(settings):
        stack.enter_context(FolderLock(folder, command=command))
