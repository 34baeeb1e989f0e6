"""Messages of a reply over REST: created, edited, deleted, and the sign that somebody is typing."""

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, Protocol

import discord
from discord.http import MultipartParameters

from source.adapters.discord.replies.look import FILE_NAME, Payload
from source.adapters.discord.replies.pace import Paces
from source.adapters.discord.replies.requests import Requests
from source.adapters.discord.replies.troubles import UnreachableError

# What a crash may have left lies close by.
_NEXT: Final = 20


@dataclass(frozen=True, slots=True)
class Standing:
    """A message as it stands in its channel."""

    message_id: int
    content: str
    custom_ids: tuple[str, ...] = ()


class Messages(Protocol):
    """What a reply asks of Discord; every method raises RefusedError and UnreachableError."""

    paces: Paces

    async def create(self, channel_id: int, payload: Payload, *, file: str | None = None) -> Standing:
        """Return the message that stands there now: it may be older, of the same nonce."""
        ...

    async def edit(self, channel_id: int, message_id: int, payload: Payload, *, file: str | None = None) -> None: ...

    async def delete(self, channel_id: int, message_id: int) -> None: ...

    async def after(self, channel_id: int, message_id: int) -> list[Standing]:
        """Return a few messages that came next."""
        ...

    async def typing(self, channel_id: int) -> None: ...


class HttpMessages:
    """Messages through discord.py's own HTTP client, which keeps its limits.

    A level below `Messageable.send` and `PartialMessage.edit`: those build a Message of each answer.
    """

    def __init__(self, client: discord.Client, paces: Paces) -> None:
        self.paces = paces
        self._client = client
        self._requests = Requests(paces)

    async def create(self, channel_id: int, payload: Payload, *, file: str | None = None) -> Standing:
        self._need_login()
        with _parameters(payload, file) as parameters:
            request = self._client.http.send_message(channel_id, params=parameters)
            bucket = self.paces.of(channel_id).posts
            answer = await self._requests.heard(request, channel_id, bucket=bucket)
        return _standing(_parsed(answer))

    async def edit(self, channel_id: int, message_id: int, payload: Payload, *, file: str | None = None) -> None:
        self._need_login()
        with _parameters(payload, file) as parameters:
            request = self._client.http.edit_message(channel_id, message_id, params=parameters)
            await self._requests.heard(request, channel_id, bucket=self.paces.of(channel_id).edits)

    async def delete(self, channel_id: int, message_id: int) -> None:
        self._need_login()
        await self._requests.heard(self._client.http.delete_message(channel_id, message_id), channel_id)

    async def after(self, channel_id: int, message_id: int) -> list[Standing]:
        self._need_login()
        request = self._client.http.logs_from(channel_id, _NEXT, after=message_id)
        answer = _parsed(await self._requests.heard(request, channel_id))
        return [_standing(told) for told in answer] if isinstance(answer, list) else []

    async def typing(self, channel_id: int) -> None:
        self._need_login()
        await self._requests.heard(self._client.http.send_typing(channel_id), channel_id)

    async def stop(self, within: timedelta) -> None:
        """End the requests that still run."""
        await self._requests.stop(within)

    def _need_login(self) -> None:
        if self._client.user is None or self._client.is_closed():
            raise UnreachableError("not logged in")


def _parameters(payload: Payload, file: str | None) -> MultipartParameters:
    if file is None:
        return MultipartParameters(payload=payload, multipart=None, files=None)
    return _with_file(payload, discord.File(io.BytesIO(file.encode("utf-8", "replace")), FILE_NAME))


def _with_file(payload: Payload, file: discord.File) -> MultipartParameters:
    # The form as discord.py makes it; its own function takes no components but its views'.
    multipart: list[dict[str, Any]] = [
        {"name": "payload_json", "value": json.dumps(payload)},
        {"name": "files[0]", "value": file.fp, "filename": file.filename, "content_type": "text/markdown"},
    ]
    return MultipartParameters(payload=None, multipart=multipart, files=[file])


def _parsed(answer: object) -> object:
    """Return what an answer says: bytes that were heard, or what discord.py made of them."""
    try:
        return json.loads(answer) if isinstance(answer, bytes) else answer
    except ValueError as error:
        raise UnreachableError("an answer that is not JSON") from error


def _standing(told: object) -> Standing:
    try:
        if not isinstance(told, Mapping):
            raise UnreachableError("an answer without a message")
        return Standing(int(told["id"]), str(told["content"]), tuple(_custom_ids(told.get("components") or [])))
    except (ValueError, KeyError, TypeError) as error:
        raise UnreachableError("an answer without a message") from error


def _custom_ids(rows: list[Mapping[str, Any]]) -> list[str]:
    buttons = (button for row in rows for button in row.get("components") or [])
    return [str(button["custom_id"]) for button in buttons if "custom_id" in button]
