"""The folder of transcripts as blocking calls: each is one trip to a thread, and whole or not at all."""

import os
import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from source.adapters.storage.atomic_file import bytes_of, make_folder, remove_file, replace_file, sweep_leftovers
from source.adapters.storage.transcript_compression import CompressedDataError, compress, decompress
from source.adapters.storage.transcript_errors import reading, writing
from source.domain.conversation_head import ConversationState, StoredConversation
from source.domain.errors import (
    TranscriptDamagedError,
    TranscriptError,
    TranscriptForeignError,
    TranscriptMissingError,
    TranscriptUnwritableError,
)
from source.domain.transcript import TranscriptIdentity, decode_transcript, encode_transcript, identity_of
from source.domain.transcript_name import is_safe_name
from source.ports.files import TranscriptEntry

ARCHIVE_FOLDER: Final = "archive"
_COMPRESSED: Final = ".zst"
_MAX_TRANSCRIPT_BYTES: Final = 512 * 1024 * 1024
_NOT_TRANSCRIPTS: Final = re.compile(r"README\.md|.*\.db(-wal|-shm|-journal)?|.*\.lock(\..*)?|\..*")


class TranscriptFolder:
    """Each conversation's file is in the folder or, compressed, in its archive.

    Both at once happens only while one takes the other's place; then the one in the folder counts.
    """

    def __init__(self, folder: Path, *, durable: bool) -> None:
        self._folder = folder
        self._archive = folder / ARCHIVE_FOLDER
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

    def write(self, filename: str, conversation: StoredConversation) -> None:
        """Write the conversation where its state says that it belongs."""
        data = encode_transcript(conversation)
        with writing(self._folder):
            make_folder(self._folder, durable=self._durable)
            if conversation.head.state is not ConversationState.ARCHIVED:
                self._put_in_folder(filename, data)
                return
            if self._plain(filename).exists():  # it counts until it is gone, so it must not stay behind
                replace_file(self._plain(filename), data, durable=self._durable)
            self._put_in_archive(filename, data)

    def read(self, filename: str) -> StoredConversation:
        """Return the conversation in this file, archived or not."""
        return decode_transcript(self._content(filename), filename)

    def remove(self, filename: str) -> bool:
        """Remove the file in both of its forms; a file that is no transcript is refused."""
        try:
            self.read(filename)
        except TranscriptMissingError:
            return False
        except TranscriptDamagedError:
            pass  # deleting means deleting: it was asked for by name, and it may hold what was said
        with writing(self._folder):
            put_away = remove_file(self._put_away(filename), durable=self._durable)
            return remove_file(self._plain(filename), durable=self._durable) or put_away

    def archive(self, filename: str) -> None:
        """Compress the file and put it away, unless it is not a whole transcript."""
        if not self._is_there(self._plain, filename):
            return
        content = self._content(filename)
        decode_transcript(content, filename)
        with writing(self._folder):
            self._put_in_archive(filename, content)

    def unarchive(self, filename: str) -> None:
        """Bring the file back, unless it is not a whole transcript."""
        if not self._is_there(self._put_away, filename):
            return
        content = self._content(filename)
        decode_transcript(content, filename)
        with writing(self._folder):
            self._put_in_folder(filename, content)

    def filenames(self) -> list[str]:
        """Return the names of all files but Echo's own other ones, sorted; an archived file has its plain name.

        A name that ends in `.json` belongs to `read`; the others are foreign.
        """
        with reading(self._folder):
            names = set(_files_in(self._folder))
            for name in _files_in(self._archive):
                plain = name.removesuffix(_COMPRESSED)
                names.add(plain if plain != name and plain.endswith(".json") else f"{ARCHIVE_FOLDER}/{name}")
        return sorted(names)

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
            sweep_leftovers(self._archive)

    def _put_in_folder(self, filename: str, data: bytes) -> None:
        replace_file(self._plain(filename), data, durable=self._durable)
        remove_file(self._put_away(filename), durable=self._durable)

    def _put_in_archive(self, filename: str, data: bytes) -> None:
        make_folder(self._archive, durable=self._durable)
        replace_file(self._put_away(filename), compress(data), durable=self._durable)
        remove_file(self._plain(filename), durable=self._durable)

    def _content(self, filename: str) -> bytes:
        if not is_safe_name(filename):
            raise TranscriptMissingError(f"{filename!a}: no transcript has such a name")
        plain, put_away = self._plain(filename), self._put_away(filename)
        with reading(plain):
            # The folder again after the archive: the owner may be bringing the file back at this moment.
            for path in (plain, put_away, plain):
                with suppress(FileNotFoundError):
                    content = bytes_of(path, max_bytes=_MAX_TRANSCRIPT_BYTES)
                    return content if path is plain else self._expanded(content, filename)
        raise TranscriptMissingError(f"{filename}: no such transcript")

    def _expanded(self, content: bytes, filename: str) -> bytes:
        try:
            return decompress(content, max_bytes=_MAX_TRANSCRIPT_BYTES)
        except CompressedDataError as error:
            raise TranscriptDamagedError(f"{ARCHIVE_FOLDER}/{filename}{_COMPRESSED}: {error}") from error

    def _owner(self, filename: str) -> TranscriptIdentity | None:
        """Return whose file this is; None when that cannot be told, which makes it somebody else's."""
        conversation = self.entry(filename).conversation
        return None if conversation is None else identity_of(conversation.head)

    def _is_there(self, place: Callable[[str], Path], filename: str) -> bool:
        if not (is_safe_name(filename) and self._is_taken(filename)):
            raise TranscriptMissingError(f"{filename!a}: no such transcript")
        with reading(self._folder):
            return place(filename).exists()

    def _is_taken(self, filename: str) -> bool:
        with reading(self._folder):
            return self._plain(filename).exists() or self._put_away(filename).exists()

    def _plain(self, filename: str) -> Path:
        return self._folder / filename

    def _put_away(self, filename: str) -> Path:
        return self._archive / f"{filename}{_COMPRESSED}"


def _files_in(folder: Path) -> list[str]:
    if not folder.is_dir():
        return []
    with os.scandir(folder) as found:
        return [file.name for file in found if file.is_file() and not _NOT_TRANSCRIPTS.fullmatch(file.name)]
