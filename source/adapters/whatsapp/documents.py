"""Files as Meta takes them."""

import io
import zipfile
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from source.domain.errors import RefusedInputError
from source.services.commands.vocabulary import ExportedFile

# Meta: documents of up to 100 MB.
MOST_BYTES: Final = 100 * 1_024 * 1_024
_TOO_LARGE: Final = "That file is larger than WhatsApp takes (100 MB): ask whoever runs this number for it."
# Meta takes PDF, text and office documents alone; by its name a phone opens JSON that came as text.
_TEXT: Final = "text/plain"
_TYPES: Final = {".pdf": "application/pdf"}


@dataclass(frozen=True, slots=True)
class Document:
    """A file and the type under which Meta takes it."""

    name: str
    media_type: str
    content: bytes


def document_of(file: ExportedFile) -> Document:
    """Return a file as it can be sent: what is packed is unpacked, since Meta takes no archives.

    Raises: RefusedInputError: it is too large; the text says so.
    """
    name, content = file.name, file.content
    suffix = PurePosixPath(name).suffix.lower()
    if suffix == ".zip":
        name, content = _unpacked(content)
        suffix = PurePosixPath(name).suffix.lower()
    if len(content) > MOST_BYTES:
        raise RefusedInputError(_TOO_LARGE)
    return Document(name, _TYPES.get(suffix, _TEXT), content)


def _unpacked(content: bytes) -> tuple[str, bytes]:
    """Return the one file of an archive of Echo's own making."""
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        (only,) = packed.infolist()
        if only.file_size > MOST_BYTES:
            raise RefusedInputError(_TOO_LARGE)
        return only.filename, packed.read(only)
