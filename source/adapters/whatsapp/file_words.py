"""Files that people sent on WhatsApp, in words."""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass
from functools import partial
from typing import Final, Protocol

from source.adapters.whatsapp.items import Content, Kept
from source.ports.media import Attachment, MediaKind
from source.services.media import Media
from source.services.media_telling import Told
from source.services.owned_tasks import OwnedTasks

# Of one person: each costs what an answer does, before it is counted against what they may ask.
_MOST_BEGUN: Final = 4
_MOST_REMEMBERED: Final = 1_000


class Files(Protocol):
    """Fetches what people sent."""

    async def content(self, media_id: str, sha256: str, most_bytes: int) -> bytes:
        """Return a file. Raises: MediaError, MediaTooLargeError."""
        ...


@dataclass(frozen=True, slots=True)
class _Begun:
    """A file of somebody's that is being told, or was, with these words around it."""

    contact_id: int
    text: str
    telling: asyncio.Task[Told]


class FileWords:
    """Has files told in words; what that took is noted by whoever asks for it."""

    def __init__(self, files: Files, media: Media) -> None:
        self.media = media
        self._files = files
        self._tasks = OwnedTasks()
        self._begun: OrderedDict[int, _Begun] = OrderedDict()

    def begin(self, kept: Kept) -> None:
        """Begin with a file whose turn has not come, as of an album, if few of the same person's are begun."""
        theirs = [each for each in self._begun.values() if each.contact_id == kept.contact_id]
        if kept.number in self._begun or sum(not each.telling.done() for each in theirs) >= _MOST_BEGUN:
            return
        telling = self._tasks.spawn(self._told(kept), name="file-words")
        self._begun[kept.number] = _Begun(kept.contact_id, str(kept.content["text"]), telling)
        if len(self._begun) > _MOST_REMEMBERED:  # whatever was taken back before its turn came
            self._begun.popitem(last=False)[1].telling.cancel()

    async def told(self, kept: Kept) -> Told:
        """Return what was sent in words, within a time that is bounded; what is no file as it was written."""
        begun = self._begun.get(kept.number)
        if begun is None or begun.text != kept.content["text"]:
            return await self._told(kept)
        return await begun.telling

    def drop(self, kept: Kept) -> None:
        """Forget what was begun: it was asked for, or nobody will."""
        begun = self._begun.pop(kept.number, None)
        if begun is not None:
            begun.telling.cancel()

    async def _told(self, kept: Kept) -> Told:
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
            fetch=partial(self._files.content, file["id"], file["sha256"]),
            caption=caption,
            name=file["name"],
        )
