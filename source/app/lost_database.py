"""Refusing to begin anew beside what is left of an installation whose database is not there."""

import asyncio
from typing import Final

from source.adapters.storage import read_queries
from source.adapters.storage.engine import ensure_there, is_there
from source.adapters.storage.sql_store import SqlStore
from source.app.archives import ARCHIVE
from source.app.settings import Settings
from source.domain.errors import StoreError, StoreUnavailableError
from source.ports.clock import SystemClock

# What every transcript of Echo's begins with stands within so many bytes.
_HEAD_BYTES: Final = 64
_REBUILD: Final = (
    "`python bot.py rebuild --from transcripts` brings the conversations back; to begin anew, move the transcripts away"
)
_MIGRATE: Final = (
    "take DATABASE_URL out, move everything there with `python bot.py migrate --to` that URL, and put it back; "
    "to begin anew, move the file and the transcripts away"
)


def refuse_a_lost_file(settings: Settings) -> None:
    """A database that was lost must not be followed by an empty one: the transcripts have what was in it.

    Raises: StoreUnavailableError: it says what to do.
    """
    file = settings.sqlite_file
    if file is not None and not is_there(file) and (transcripts := _transcripts(settings)):
        raise StoreUnavailableError(f"there is no database, but there {_are(transcripts)}: {_REBUILD}")


def refuse_a_missing_file(settings: Settings) -> None:
    """What goes on with what is there makes no database.

    Raises: StoreUnavailableError: it says what to do.
    """
    refuse_a_lost_file(settings)
    if settings.sqlite_file is not None:
        ensure_there(settings.sqlite_file)


async def refuse_an_empty_store(settings: Settings, store: SqlStore) -> None:
    """A database without conversations must not be begun beside transcripts, or beside what was to be moved to it.

    Raises: StoreUnavailableError: it says what to do. StoreError: the database cannot be read.
    """
    if not await store.read(read_queries.has_conversations):
        await _refuse_beside_others(settings)


async def refuse_an_unmade_server(settings: Settings) -> None:
    """A server on which nobody has made Echo's tables is as empty as one without conversations.

    Raises: StoreUnavailableError: it says what to do. StoreError: the database cannot be read.
    """
    if settings.server_url is None:
        return
    from source.adapters.storage.server_state import state_of

    state = await asyncio.to_thread(state_of, settings.server_url)
    if not state.conversations:
        await _refuse_beside_others(settings)


async def _refuse_beside_others(settings: Settings) -> None:
    is_file = settings.sqlite_file is not None
    if not is_file and await _has_conversations_in_a_file(settings):
        raise StoreUnavailableError(f"the database at DATABASE_URL is empty, but there is an echo.db here: {_MIGRATE}")
    if transcripts := _transcripts(settings):
        empty = "the database has no conversations" if is_file else "the database at DATABASE_URL is empty"
        raise StoreUnavailableError(f"{empty}, but there {_are(transcripts)}: {_REBUILD}")


def _are(transcripts: int) -> str:
    return "is 1 transcript" if transcripts == 1 else f"are {transcripts:,} transcripts"


def _transcripts(settings: Settings) -> int:
    named = settings.conversations_dir.glob("*_conversation-with-*-in-*.json")
    there = sum(path.read_bytes()[:_HEAD_BYTES].find(b'"schema_version"') >= 0 for path in named)
    return there + sum(1 for _ in (settings.conversations_dir / ARCHIVE).glob("*_conversation-with-*-in-*.json*"))


async def _has_conversations_in_a_file(settings: Settings) -> bool:
    """Whether there is the SQLite database of before; one that cannot be read may have some."""
    file = settings.conversations_dir / "echo.db"
    if not is_there(file):
        return False
    try:
        store = await SqlStore.open(file, clock=SystemClock(), read_only=True)
    except StoreError:
        return True
    try:
        return await store.count() > 0 or bool(await store.unanswered())
    except StoreError:
        return True
    finally:
        await store.close()
