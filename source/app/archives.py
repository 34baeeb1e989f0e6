"""Where transcripts are kept: the folder, and the archive that the settings name."""

from datetime import timedelta
from functools import cached_property, partial
from pathlib import Path
from typing import Final

from source.adapters.blobs.cloud import CloudStorage
from source.adapters.blobs.zstandard import Zstandard
from source.adapters.storage.archive_table import ArchiveTable
from source.adapters.storage.blob_folder import BlobFolder
from source.adapters.storage.housekeeping_table import HousekeepingTable
from source.adapters.storage.sql_access import SqlAccess
from source.adapters.storage.transcript_files import ConversationFileManagerService
from source.app.settings import Settings
from source.domain.errors import SettingsError
from source.ports.archives import BlobStorage
from source.ports.clock import Clock
from source.services.archive import ArchiveSettings
from source.services.archive_mending import ArchiveMending
from source.services.archive_returns import ArchiveReturns
from source.services.archived_transcripts import ArchivedTranscripts
from source.services.cleanup_tasks import CleanupSettings
from source.services.transcript_home import TranscriptHome

# The archive in CONVERSATIONS_DIR, by a name that stays right when the folder is moved.
ARCHIVE: Final = "archive"
_FILE: Final = "file://"


class ArchiveHomes:
    """The homes of transcripts that are not archived and of those that are, and what moves them.

    Raises: SettingsError: the archive would be where Echo keeps something else.
    """

    def __init__(self, settings: Settings, store: SqlAccess, clock: Clock) -> None:
        refuse_shared_folder(settings)
        self._settings = settings
        self._store = store
        self._clock = clock

    @cached_property
    def files(self) -> ConversationFileManagerService:
        settings = self._settings
        return ConversationFileManagerService(settings.conversations_dir, durable=settings.durability == "full")

    @cached_property
    def table(self) -> ArchiveTable:
        return ArchiveTable(self._store)

    @cached_property
    def housekeeping(self) -> HousekeepingTable:
        return HousekeepingTable(self._store)

    @cached_property
    def archived(self) -> ArchivedTranscripts:
        opened = partial(blob_storage, self._settings)
        return ArchivedTranscripts(opened(self._settings.archive_storage or ARCHIVE), Zstandard(), elsewhere=opened)

    @cached_property
    def mending(self) -> ArchiveMending:
        return ArchiveMending(self.table, self.archived, self._clock, compress=self._settings.compress_archives)

    @cached_property
    def home(self) -> TranscriptHome:
        home = TranscriptHome(self.files, self.table)
        home.mended_by(self.mending)
        return home

    @cached_property
    def returns(self) -> ArchiveReturns:
        return ArchiveReturns(self.table, self.archived, self.home)


def blob_storage(settings: Settings, url: str) -> BlobStorage:
    """Return the storage of a URL, or of the name of the archive in CONVERSATIONS_DIR."""
    durable = settings.durability == "full"
    if url == ARCHIVE:
        return BlobFolder(settings.conversations_dir / ARCHIVE, ARCHIVE, durable=durable)
    if url.startswith(_FILE):
        return BlobFolder(_folder_of(url), url, durable=durable)
    endpoint = settings.archive_storage_endpoint if url.startswith("s3://") else None
    return CloudStorage(url, endpoint=endpoint)


def refuse_shared_folder(settings: Settings) -> None:
    """Refuse an archive among the transcripts or beside the database: the clean-up removes what lies there in vain."""
    url = settings.archive_storage or ""
    if not url.startswith(_FILE):
        return
    folder = _folder_of(url).resolve()
    file = settings.sqlite_file
    for taken in (settings.conversations_dir, *([file.absolute().parent] if file else [])):
        if taken.resolve().is_relative_to(folder):
            raise SettingsError(
                f"ARCHIVE_STORAGE: {folder} is, or holds, the folder of the transcripts or of the database: "
                "name a folder that only archives are in."
            )


def archive_settings(settings: Settings) -> ArchiveSettings:
    """Return what is archived by itself."""
    return ArchiveSettings(
        ended_after=_days(settings.auto_archive_after_days),
        inactive_after=_days(settings.archive_inactive_after_days),
        compress=settings.compress_archives,
    )


def cleanup_settings(settings: Settings) -> CleanupSettings:
    """Return how the clean-up goes unless it is told otherwise."""
    return CleanupSettings(
        archive_retention_days=settings.archive_retention_days,
        optimize_tables=settings.optimize_tables,
        compress_after_days=settings.compress_after_days,
    )


def _folder_of(url: str) -> Path:
    return Path(url.removeprefix(_FILE))


def _days(number: int) -> timedelta | None:
    return timedelta(days=number) if number else None
