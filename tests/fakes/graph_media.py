"""Files on Meta's side: uploaded by the business or sent by people, fetched through addresses that soon expire."""

from __future__ import annotations

import hashlib
import hmac
import itertools
from dataclasses import dataclass
from datetime import datetime, timedelta

from source.ports.clock import Clock
from tests.fakes.graph_errors import Json, RefusedError, refused, refused_parameter, unknown_object

_MEGABYTE = 1024 * 1024
URL_LASTS = timedelta(minutes=5)  # Meta: "Media URLs expire after 5 minutes"
UPLOADED_LASTS = timedelta(days=30)
RECEIVED_LASTS = timedelta(days=7)  # Meta: "Media IDs in webhooks expire after 7 days"

# Meta: supported media types, with the most bytes of each
_OFFICE = "application/vnd.openxmlformats-officedocument"
_TYPES: dict[str, tuple[str, int]] = {
    **dict.fromkeys(("audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg"), ("audio", 16 * _MEGABYTE)),
    **dict.fromkeys(("image/jpeg", "image/png"), ("image", 5 * _MEGABYTE)),
    **dict.fromkeys(("video/mp4", "video/3gpp"), ("video", 16 * _MEGABYTE)),
    "image/webp": ("sticker", 500 * 1024),
    **dict.fromkeys(
        (
            "text/plain",
            "application/pdf",
            "application/msword",
            "application/vnd.ms-excel",
            "application/vnd.ms-powerpoint",
            f"{_OFFICE}.wordprocessingml.document",
            f"{_OFFICE}.spreadsheetml.sheet",
            f"{_OFFICE}.presentationml.presentation",
        ),
        ("document", 100 * _MEGABYTE),
    ),
}


@dataclass(frozen=True, slots=True)
class MediaFile:
    """A file that Meta keeps for a while; `kind` is the type of message that it fits."""

    id: str
    content: bytes
    mime_type: str
    name: str
    kind: str
    expires_at: datetime

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


class MediaStore:
    """All files by id; `base_url` is where they are fetched. `tells_size`: whether Meta says how large they are.

    What is `mixed_up` has the address of another file.
    """

    def __init__(self, clock: Clock) -> None:
        self.base_url = ""
        self.tells_size = True
        self.mixed_up: dict[str, MediaFile] = {}
        self.downloads: list[str] = []
        self._clock = clock
        self._files: dict[str, MediaFile] = {}
        self._numbers = itertools.count(1_037_543_291_000_001)

    def upload(self, content: bytes, mime_type: str, name: str) -> MediaFile:
        """Take what the business uploads.

        Raises:
            RefusedError: 100 for a type that Meta does not take, 131053 for what is too large or empty.
        """
        kind, most = _TYPES.get(_base_type(mime_type), ("", 0))
        if not kind:
            wanted = ", ".join(_TYPES)
            message = f"Param file must be a file with one of the following types: {wanted}. Received file of type "
            raise refused_parameter(f"{message}'{mime_type}'.")
        if not 0 < len(content) <= most:
            raise refused(131053, f"The file has {len(content)} bytes; the most for {mime_type} is {most}.")
        return self._keep(content, mime_type, name, kind, UPLOADED_LASTS)

    def receive(self, content: bytes, mime_type: str, name: str = "", kind: str = "") -> MediaFile:
        """Keep what a person has sent, whatever it is."""
        known = _TYPES.get(_base_type(mime_type), ("document", 0))[0]
        return self._keep(content, mime_type, name, kind or known, RECEIVED_LASTS)

    def get(self, media_id: str) -> MediaFile | None:
        found = self._files.get(media_id)
        return found if found is not None and self._clock.now() < found.expires_at else None

    def describe(self, media_id: str) -> Json:
        """The answer to `GET /{media_id}`, with an address that works for five minutes."""
        found = self.get(media_id)
        if found is None:
            raise unknown_object(media_id, "get")
        size = {"file_size": len(found.content)} if self.tells_size else {}
        return {
            "url": self.url_of(self.mixed_up.get(media_id, found)),
            "mime_type": found.mime_type,
            "sha256": found.sha256,
            **size,
            "id": found.id,
            "messaging_product": "whatsapp",
        }

    def delete(self, media_id: str) -> None:
        if self._files.pop(media_id, None) is None:
            raise unknown_object(media_id, "delete")

    def url_of(self, file: MediaFile) -> str:
        expiry = str(int((self._clock.now() + URL_LASTS).timestamp()))
        query = f"mid={file.id}&ext={expiry}&hash={_mark(file.id, expiry)}"
        return f"{self.base_url}/whatsapp_business/attachments/?{query}"

    def fetch(self, query: dict[str, str]) -> MediaFile | None:
        """The file of an address, unless that is false or too old."""
        media_id, expiry = query.get("mid", ""), query.get("ext", "")
        if not hmac.compare_digest(_mark(media_id, expiry), query.get("hash", "")):
            return None
        if self._clock.now().timestamp() >= int(expiry):
            return None
        return self.get(media_id)

    def check_sent(self, kind: str, media_id: object) -> None:
        """Refuse to send what is not there or of another type; any file may go as a document."""
        found = self.get(media_id) if isinstance(media_id, str) else None
        if found is None:
            raise refused(131009, f"Media id {media_id!r} is not valid.")
        if kind not in ("document", found.kind):
            raise _mismatch(kind, found)

    def _keep(self, content: bytes, mime_type: str, name: str, kind: str, lasts: timedelta) -> MediaFile:
        media_id = str(next(self._numbers))
        file = MediaFile(media_id, content, mime_type, name, kind, self._clock.now() + lasts)
        self._files[media_id] = file
        return file


def _base_type(mime_type: str) -> str:
    return mime_type.partition(";")[0].strip().lower()


def _mark(media_id: str, expiry: str) -> str:
    return hashlib.sha256(f"{media_id}:{expiry}".encode()).hexdigest()[:32]


def _mismatch(kind: str, found: MediaFile) -> RefusedError:
    return refused(131053, f"The media of type {found.mime_type} cannot be sent as {kind}.")
