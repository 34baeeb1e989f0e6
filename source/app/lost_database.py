"""Refusing to begin anew beside what is left of an installation whose database is not there."""

from typing import Final

from source.adapters.storage.engine import is_there
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
        raise StoreUnavailableError(f"there is no database, but there are {transcripts} transcripts: {_REBUILD}")


async def refuse_an_empty_server(settings: Settings, store: SqlStore) -> None:
    """A database on a server that nobody has moved to must not be begun beside what was to be moved.

    Raises: StoreUnavailableError: it says what to do. StoreError: the database cannot be read.
    """
    if settings.sqlite_file is not None or await store.count():
        return
    if await _has_conversations_in_a_file(settings):
        raise StoreUnavailableError(f"the database at DATABASE_URL is empty, but there is an echo.db here: {_MIGRATE}")
    if transcripts := _transcripts(settings):
        raise StoreUnavailableError(
            f"the database at DATABASE_URL is empty, but there are {transcripts} transcripts: {_REBUILD}"
        )


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
