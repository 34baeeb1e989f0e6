"""Files on Meta's side: those that people sent are fetched, those for people uploaded."""

import asyncio
import base64
import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, Protocol
from urllib.parse import urlsplit

from source.adapters.whatsapp.graph import UnknownOutcomeError
from source.adapters.whatsapp.troubles import delivery_error
from source.domain.errors import DeliveryError, MediaError, MediaTooLargeError

if TYPE_CHECKING:
    from httpx import Response
    from pywa_async.client import WhatsApp

# Meta: media is fetched from here, with the token; it must go nowhere else.
_HOSTS: Final = frozenset({"lookaside.fbsbx.com", "lookaside.facebook.com"})
_SECONDS: Final = 30.0
_TRIES: Final = 2
_DIGEST_BYTES: Final = 32


class Clients(Protocol):
    """Has the client of the Graph API."""

    async def client(self) -> "WhatsApp": ...


class GraphFiles:
    """Fetches and uploads files with the client that sends; `api_base` is the one of another Graph API than Meta's."""

    def __init__(self, clients: Clients, *, phone_id: str, api_base: str | None) -> None:
        self._clients = clients
        self._phone_id = phone_id
        self._api_base = api_base

    async def content(self, media_id: str, sha256: str, most_bytes: int) -> bytes:
        """Return a file that somebody sent; its address lasts for minutes, so that it is asked for each time.

        Raises: MediaTooLargeError. MediaError: it is gone, cannot be reached, or is not what was sent.
        """
        for tries in range(1, _TRIES + 1):
            try:
                async with asyncio.timeout(_SECONDS):
                    return await self._fetched(media_id, sha256, most_bytes)
            except MediaTooLargeError:
                raise
            except (MediaError, TimeoutError) as error:
                if tries == _TRIES:
                    raise MediaError(str(error) or "the file did not come in time") from error
        raise AssertionError("the tries end with the file or an error")

    async def uploaded(self, content: bytes, media_type: str, name: str) -> str:
        """Give Meta a file, and return its id there.

        Raises: DeliveryError: Meta has not taken it.
        """
        client = await self._clients.client()
        from httpx import HTTPError
        from pywa_async.errors import WhatsAppError

        try:
            answer = await client.api.upload_media(self._phone_id, content, media_type, name)
        except WhatsAppError as error:
            raise delivery_error(error.code, error.message) from error
        except (HTTPError, ValueError) as error:
            # A file that nobody was sent does no harm.
            raise DeliveryError(f"the file could not be uploaded ({type(error).__name__})") from error
        media_id = answer.get("id")
        if not isinstance(media_id, str):
            raise UnknownOutcomeError("the Graph API answered without the id of the file")
        return media_id

    async def _fetched(self, media_id: str, sha256: str, most_bytes: int) -> bytes:
        client = await self._clients.client()
        from httpx import HTTPError, InvalidURL
        from pywa_async.errors import WhatsAppError

        if not media_id.isalnum():
            raise MediaError("an id that is none of Meta's")
        try:
            known = await client.api.get_media_url(media_id)
            url = self._checked_url(known, most_bytes)
            # pywa's own way follows redirects, and the token with them.
            async with client.api._session.stream("GET", url, follow_redirects=False) as answer:
                content = await _read(answer, most_bytes)
        except WhatsAppError as error:
            raise MediaError(f"Meta does not give the file (error {error.code})") from error
        except (HTTPError, InvalidURL, ValueError) as error:
            raise MediaError(f"the file cannot be fetched ({type(error).__name__})") from error
        digests = {_digest(sha256), _digest(known.get("sha256"))} - {b""}
        if digests and hashlib.sha256(content).digest() not in digests:
            raise MediaError("the file is not the one that was sent")
        return content

    def _checked_url(self, known: Mapping[str, Any], most_bytes: int) -> str:
        """Return where the file is, if it may be fetched from there."""
        size, url = known.get("file_size"), str(known.get("url") or "")
        if isinstance(size, int) and size > most_bytes:
            raise MediaTooLargeError("the file is larger than is read")
        parts, own = urlsplit(url), urlsplit(self._api_base or "")
        is_metas = parts.scheme == "https" and parts.hostname in _HOSTS and parts.port in (None, 443)
        is_own = bool(own.netloc) and (parts.scheme, parts.netloc) == (own.scheme, own.netloc)
        if not (is_metas or is_own):
            raise MediaError("the address of the file is not one of Meta's")
        return url


async def _read(answer: "Response", most_bytes: int) -> bytes:
    if answer.status_code != 200:
        raise MediaError(f"the file is not there (status {answer.status_code})")
    content = bytearray()
    async for piece in answer.aiter_bytes():
        content += piece
        if len(content) > most_bytes:
            raise MediaTooLargeError("the file is larger than is read")
    return bytes(content)


def _digest(told: object) -> bytes:
    """Return a SHA-256 that is told in hex or in base64, as webhooks have it; nothing where it is none."""
    text = told if isinstance(told, str) else ""
    for decode in (bytes.fromhex, base64.b64decode):
        try:
            digest = decode(text)
        except ValueError:
            continue
        if len(digest) == _DIGEST_BYTES:
            return digest
    return b""
