"""Files that people sent on WhatsApp, in words."""

from dataclasses import dataclass
from functools import partial
from typing import Protocol

from source.adapters.whatsapp.items import Content, Kept
from source.ports.media import Attachment, MediaKind
from source.services.media import Media
from source.services.media_telling import Told


class Files(Protocol):
    """Fetches what people sent."""

    async def content(self, media_id: str, sha256: str, most_bytes: int) -> bytes:
        """Return a file. Raises: MediaError, MediaTooLargeError."""
        ...


@dataclass(frozen=True, slots=True)
class FileWords:
    """Has files told in words; what that took is noted by whoever asks for it."""

    files: Files
    media: Media

    async def told(self, kept: Kept) -> Told:
        """Return what was sent in words, within a time that is bounded; what is no file as it was written."""
        file = kept.content.get("file")
        if file is None:
            return Told(str(kept.content["text"]))
        # From the words, which an edit may have changed before they arrived.
        caption = str(kept.content["text"]).removeprefix(file["named"]).strip()
        return await self.media.telling.told(self._attachment(file, caption), person=kept.person.external_id)

    def _attachment(self, file: Content, caption: str) -> Attachment:
        return Attachment(
            kind=MediaKind[file["kind"]],
            media_type=file["type"],
            fetch=partial(self.files.content, file["id"], file["sha256"]),
            caption=caption,
            name=file["name"],
        )
