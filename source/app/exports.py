"""Files that people at the terminal asked for."""

from pathlib import Path
from typing import Final

from source.adapters.storage.atomic_file import make_folder, replace_file
from source.adapters.storage.transcript_errors import writing
from source.services.commands import ExportedFile

# Beside the transcripts; what is in folders of their folder is not taken for one.
EXPORT_FOLDER: Final = "exports"


def write_export(folder: Path, file: ExportedFile) -> Path:
    """Write the file, in place of an earlier export of the same conversation, and return where it is.

    Raises: TranscriptUnwritableError: the folder refuses it.
    """
    path = folder / Path(file.name).name
    with writing(folder):
        make_folder(folder, durable=False)
        replace_file(path, file.content, durable=False)
    return path
