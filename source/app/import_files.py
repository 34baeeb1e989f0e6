"""The files that an export comes in."""

import json
import re
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from source.domain.errors import RefusedInputError

# All of it is in memory at once, JSON as some eight times as much.
_MOST_TEXT_BYTES: Final = 256_000_000
_MOST_JSON_BYTES: Final = 128_000_000
_ZIP: Final = b"PK\x03\x04"
_ITS_NAME_IN_ZIPS: Final = "_chat.txt"
_SAYS_NOTHING: Final = re.compile(r"(?i)\A_?chat\Z|\Awhatsapp(?: chat)?\Z|\Aexport\Z|\A\Z")
_COPY: Final = re.compile(r"\s*\(\d+\)\Z")
# As WhatsApp names files: in English, German, Spanish, French, Italian, Portuguese and Dutch.
_PREFIX: Final = re.compile(
    r"(?i)\A(?:whatsapp[ -]chat(?: with| mit| van| met)?|chat de whatsapp con|discussion whatsapp avec"
    r"|chat whatsapp con|conversa do whatsapp com|whatsapp-chat met)[ -]+"
)


@dataclass(frozen=True, slots=True)
class ExportFile:
    """What an export says: JSON of Discord's, or the text of a chat, with the chat's name if its file has one."""

    text: str
    is_json: bool
    chat: str | None


def read_export(path: Path) -> ExportFile:
    """Read an exported chat.

    Raises: RefusedInputError: it cannot be read, or is too large.
    """
    try:
        with path.open("rb") as file:
            is_zip = file.read(len(_ZIP)) == _ZIP
        return _zipped(path) if is_zip else _plain(path.name, _bytes_of(path))
    except OSError as error:
        raise RefusedInputError(f"{path} cannot be read: {error.strerror or 'it is no file'}.") from error


def parsed_json(text: str) -> object:
    """Return what a text of JSON says.

    Raises: RefusedInputError: it is none; the line is named.
    """
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise RefusedInputError(f"line {error.lineno}: this is not JSON that can be read ({error.msg}).") from error
    except (ValueError, RecursionError) as error:
        raise RefusedInputError("line 1: this is no JSON of a channel, or nested too deep.") from error


def _bytes_of(path: Path) -> bytes:
    size = path.stat().st_size
    if size > _MOST_TEXT_BYTES:
        raise RefusedInputError(_too_large(path.name, size, _MOST_TEXT_BYTES))
    return path.read_bytes()


def _plain(name: str, content: bytes) -> ExportFile:
    text = _decoded(name, content)
    is_json = text.lstrip()[:1] == "{"
    if is_json and len(content) > _MOST_JSON_BYTES:
        hint = " Export it again with --partition, and import one file after the other."
        raise RefusedInputError(_too_large(name, len(content), _MOST_JSON_BYTES) + hint)
    return ExportFile(text, is_json, _chat_named_by(name))


def _zipped(path: Path) -> ExportFile:
    try:
        with zipfile.ZipFile(path) as archive:
            info = _chat_in(path, archive.infolist())
            if info.file_size > _MOST_TEXT_BYTES:
                raise RefusedInputError(_too_large(info.filename, info.file_size, _MOST_TEXT_BYTES))
            with archive.open(info) as member:
                content = member.read(_MOST_TEXT_BYTES + 1)
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError, ValueError) as error:
        raise RefusedInputError(f"{path.name} is damaged or encrypted: unpack it, and import what is in it.") from error
    if len(content) > _MOST_TEXT_BYTES:
        raise RefusedInputError(_too_large(info.filename, len(content), _MOST_TEXT_BYTES))
    inside = _plain(Path(info.filename).name, content)
    return inside if inside.chat else ExportFile(inside.text, inside.is_json, _chat_named_by(path.name))


def _chat_in(path: Path, infos: Sequence[zipfile.ZipInfo]) -> zipfile.ZipInfo:
    """Choose the text of the chat: people send texts and JSON too, which lie beside it."""
    there = [each for each in infos if not each.is_dir() and not each.filename.startswith("__MACOSX/")]
    texts = [each for each in there if each.filename.casefold().endswith((".txt", ".json"))]
    usual = [each for each in texts if Path(each.filename).name == _ITS_NAME_IN_ZIPS]
    named = [each for each in texts if _PREFIX.match(Path(each.filename).name)]
    found = next((some for some in (usual, named, texts) if len(some) == 1), None)
    if found is None:
        problem = "no exported chat" if not texts else "several texts, and it is not clear which is the chat"
        raise RefusedInputError(f"{path.name} has {problem} in it: unpack it, and import the right one.")
    return found[0]


def _decoded(name: str, content: bytes) -> str:
    encoding = "utf-16" if content[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig"
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise RefusedInputError(f"line {line}: {name} is no text in UTF-8, as exported chats are.") from error


def _chat_named_by(filename: str) -> str | None:
    """Return the chat's name; None: every export of this kind has that name."""
    stem = _COPY.sub("", Path(filename).stem).strip()
    name = _PREFIX.sub("", stem).strip()
    return None if _SAYS_NOTHING.match(name) else name


def _too_large(name: str, size: int, most: int) -> str:
    return f"{name} has {size / 1_000_000:,.0f} MB; at most {most / 1_000_000:,.0f} MB can be imported at once."
