"""What can be known before anything is loaded that takes long."""

from contextlib import ExitStack, closing
from pathlib import Path

from source.adapters.storage.folder_lock import FolderLock
from source.adapters.web.listening import listener_on
from source.app.settings import Settings


def refuse_early(settings: Settings) -> None:
    """Refuse a start that could not come to anything: loading everything takes seconds of the processor.

    Raises: FolderInUseError, StoreUnavailableError: the folder is another's. SettingsError: the API is all that there
        is to run, and could not listen.
    """
    if settings.discord_token is None and not settings.web_enabled:
        return
    with ExitStack() as stack:
        for folder in folders_of(settings):
            stack.enter_context(FolderLock(folder, command="bot.py"))
        if settings.discord_token is None:
            with closing(listener_on(settings.web_host, settings.web_port)):
                return


def folders_of(settings: Settings) -> list[Path]:
    """Return the folders that a running Echo owns: two folders of transcripts must not share one database."""
    folders = {settings.conversations_dir}
    if settings.sqlite_file is not None:
        folders.add(settings.sqlite_file.absolute().parent)
    return sorted(folders)
