"""The folder of transcripts as blocking calls: each is one trip to a thread, and whole or not at all."""

import os
import re
from pathlib import Path
from typing import Final

from source.adapters.storage.atomic_file import bytes_of, make_folder, remove_file, replace_file, sweep_leftovers
from source.adapters.storage.transcript_errors import reading, writing
from source.domain.conversation_head import StoredConversation
from source.domain.errors import (
    TranscriptDamagedError,
    TranscriptError,
    TranscriptForeignError,
    TranscriptMissingError,
    TranscriptUnwritableError,
)
from source.domain.transcript import TranscriptIdentity, decode_transcript, identity_of
from source.domain.transcript_name import is_safe_name
from source.ports.files import TranscriptEntry

_MAX_TRANSCRIPT_BYTES: Final = 512 * 1024 * 1024
_NOT_TRANSCRIPTS: Final = re.compile(r"README\.md|.*\.db(-wal|-shm|-journal)?|.*\.lock(\..*)?|\..*")


class TranscriptFolder:
    """Each conversation that is not archived has its file here; folders inside of this one are others' business."""

    def __init__(self, folder: Path, *, durable: bool) -> None:
        self._folder = folder
        self._durable = durable

    def choose_name(self, names: tuple[str, ...], identity: TranscriptIdentity) -> str:
        """Return the name that already is this conversation's, else the first that is nobody's."""
        free: list[str] = []
        for name in names:
            if not self._is_taken(name):
                free.append(name)
            elif self._owner(name) == identity:
                return name
            if free and name != names[0]:  # the first two: it may have been given the second while the first was taken
                break
        if not free:
            raise TranscriptUnwritableError(f"{self._folder}: every name for {names[0]} is taken by another file")
        return free[0]

    def write(self, filename: str, content: bytes) -> None:
        """Make the file hold exactly this."""
        with writing(self._folder):
            make_folder(self._folder, durable=self._durable)
            replace_file(self._path(filename), content, durable=self._durable)

    def read(self, filename: str) -> StoredConversation:
        """Return the conversation in this file."""
        return decode_transcript(self.content(filename), filename)

    def content(self, filename: str) -> bytes:
        """Return the file's bytes, whatever they are."""
        if not is_safe_name(filename):
            raise TranscriptMissingError(f"{filename!a}: no transcript has such a name")
        with reading(self._path(filename)):
            try:
                return bytes_of(self._path(filename), max_bytes=_MAX_TRANSCRIPT_BYTES)
            except FileNotFoundError:
                raise TranscriptMissingError(f"{filename}: no such transcript") from None

    def remove(self, filename: str) -> bool:
        """Remove the file; one that is no transcript is refused."""
        try:
            self.read(filename)
        except TranscriptMissingError:
            return False
        except TranscriptDamagedError:
            pass  # deleting means deleting: it was asked for by name, and it may hold what was said
        return self._unlink(filename)

    def take_away(self, filename: str, identity: TranscriptIdentity, known: bytes) -> bool:
        """Remove the file if it is this conversation's, as it certainly is when it holds what is `known`."""
        try:
            if self.content(filename) != known and self._owner(filename) != identity:
                return False
        except TranscriptError:
            return False
        return self._unlink(filename)

    def filenames(self) -> list[str]:
        """Return the names of all files but Echo's own other ones, sorted.

        A name that ends in `.json` belongs to `read`; the others are foreign.
        """
        with reading(self._folder):
            return sorted(_files_in(self._folder))

    def entry(self, filename: str) -> TranscriptEntry:
        """Return what the file holds, or what is wrong with it."""
        if not is_safe_name(filename):
            return TranscriptEntry(filename, None, TranscriptForeignError(f"{filename}: not a transcript by its name"))
        try:
            return TranscriptEntry(filename, self.read(filename))
        except TranscriptError as error:
            return TranscriptEntry(filename, None, error)

    def sweep(self) -> None:
        """Remove what killed writes left behind."""
        with writing(self._folder):
            sweep_leftovers(self._folder)

    def _unlink(self, filename: str) -> bool:
        with writing(self._folder):
            return remove_file(self._path(filename), durable=self._durable)

    def _owner(self, filename: str) -> TranscriptIdentity | None:
        """Return whose file this is; None when that cannot be told, which makes it somebody else's."""
        conversation = self.entry(filename).conversation
        return None if conversation is None else identity_of(conversation.head)

    def _is_taken(self, filename: str) -> bool:
        with reading(self._folder):
            return self._path(filename).exists()

    def _path(self, filename: str) -> Path:
        return self._folder / filename


def _files_in(folder: Path) -> list[str]:
    if not folder.is_dir():
        return []
    with os.scandir(folder) as found:
        return [file.name for file in found if file.is_file() and not _NOT_TRANSCRIPTS.fullmatch(file.name)]
