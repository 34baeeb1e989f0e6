"""Sending through Meta's Graph API."""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

import structlog

from source.adapters.whatsapp.settings import WhatsAppSettings
from source.adapters.whatsapp.troubles import MetaError, UnreachableError
from source.domain.errors import DeliveryError

if TYPE_CHECKING:  # together they take half a second to import
    from httpx import AsyncClient
    from pywa_async.client import WhatsApp

log = structlog.get_logger(__name__)

_SECONDS_TO_CONNECT: Final = 10.0
_SECONDS_TO_ANSWER: Final = 30.0
_UNDER_WAY: Final = "a message to Meta was under way"


class UnknownOutcomeError(DeliveryError):
    """Nobody knows whether Meta has taken the message: sent again it could arrive twice."""


def is_outcome_unknown(error: BaseException) -> bool:
    """Whether a message that was not sent may have been: no answer came, or nobody waited for it any longer."""
    return isinstance(error, UnknownOutcomeError) or _UNDER_WAY in getattr(error, "__notes__", ())


@dataclass(frozen=True, slots=True)
class Recipient:
    """Where a person is reached: a phone number, or an id in the scope of the business for who hides theirs."""

    phone: str | None = None
    user: str | None = None


class Sending(Protocol):
    """Sends to people."""

    async def text(self, recipient: Recipient, text: str, *, tracker: str) -> str:
        """Send a text; return the platform's id of the message.

        `tracker` comes back with each status of it. Raises: DeliveryError; UnknownOutcomeError.
        """
        ...

    async def message(self, recipient: Recipient, kind: str, body: Mapping[str, Any], *, tracker: str) -> str:
        """Send what is no plain text: a message of Meta's type `kind`, with this body; otherwise as `text`."""
        ...

    async def seen(self, wamid: str) -> None:
        """Show that a message was read and that an answer is being written. Raises: DeliveryError."""
        ...


class GraphSending:
    """Implements `Sending`; imports and connects when that is first needed, or asked for."""

    def __init__(self, settings: WhatsAppSettings) -> None:
        self._settings = settings
        self._session: AsyncClient | None = None
        self._made: WhatsApp | None = None
        self._making = asyncio.Lock()

    async def text(self, recipient: Recipient, text: str, *, tracker: str) -> str:
        return await self.message(recipient, "text", {"body": text, "preview_url": False}, tracker=tracker)

    async def message(self, recipient: Recipient, kind: str, body: Mapping[str, Any], *, tracker: str) -> str:
        client = await self.client()
        from httpx import ConnectError, ConnectTimeout, HTTPError, PoolTimeout
        from pywa_async.errors import WhatsAppError

        try:
            # Not `send_message`: what it is told it sorts into numbers, ids and groups by its look.
            sent = await client.api.send_message(
                sender=self._settings.phone_id,
                to=recipient.phone,
                recipient=None if recipient.phone else recipient.user,
                recipient_type="individual",
                typ=kind,
                msg=dict(body),
                biz_opaque_callback_data=tracker or None,
            )
        except asyncio.CancelledError as error:
            error.add_note(_UNDER_WAY)
            raise
        except WhatsAppError as error:
            raise MetaError(error.code, error.message) from error
        except (ConnectError, ConnectTimeout, PoolTimeout) as error:
            raise UnreachableError(type(error).__name__) from error
        except (HTTPError, ValueError, KeyError, TypeError) as error:
            raise UnknownOutcomeError(f"no answer of the Graph API ({type(error).__name__})") from error
        return _id_in(sent)

    async def seen(self, wamid: str) -> None:
        client = await self.client()
        from httpx import HTTPError
        from pywa_async.errors import WhatsAppError

        try:
            await client.indicate_typing(wamid)
        except (WhatsAppError, HTTPError) as error:
            raise DeliveryError(type(error).__name__) from error

    async def number(self) -> str:
        """Return the number and its name, as people see them.

        Raises: MetaError: the token may not use it, or Meta cannot be reached.
        """
        known = await self.ask(self._settings.phone_id, fields="display_phone_number,verified_name")
        return f"{known.get('display_phone_number', '?')} ({known.get('verified_name', '?')})"

    async def ask(self, path: str, **query: str) -> Mapping[str, Any]:
        """Return what the Graph API has at a path.

        Raises: MetaError: it is refused, or Meta cannot be reached.
        """
        client = await self.client()
        from httpx import HTTPError
        from pywa_async.errors import WhatsAppError

        try:
            found = await client.api.send_raw_request("GET", f"/{path}", params=query)
        except WhatsAppError as error:
            raise MetaError(error.code, error.message) from error
        except (HTTPError, ValueError) as error:
            raise UnreachableError(type(error).__name__) from error
        return found if isinstance(found, dict) else {}

    async def close(self) -> None:
        """End the connections."""
        if self._session is not None:
            await self._session.aclose()

    async def prepare(self) -> None:
        """Load and make what sends, before somebody waits for it."""
        await self.client()

    async def client(self) -> "WhatsApp":
        """Return the one client, for whatever else is asked of the Graph API."""
        async with self._making:
            if self._made is None:
                await asyncio.to_thread(_imported)
                self._made = self._connected()
            return self._made

    def _connected(self) -> "WhatsApp":
        from httpx import AsyncClient, Timeout
        from pywa_async.client import WhatsApp

        from source.adapters.whatsapp.transport import AiohttpTransport

        settings = self._settings
        timeout = Timeout(_SECONDS_TO_ANSWER, connect=_SECONDS_TO_CONNECT)
        self._session = AsyncClient(timeout=timeout, transport=AiohttpTransport())
        client = WhatsApp(phone_id=settings.phone_id, token=settings.token, session=self._session)
        if settings.api_base is not None:
            self._session.base_url = settings.api_base.rstrip("/") + self._session.base_url.path
        return client


def _imported() -> None:
    """Load the packages, which takes a while, beside the event loop."""
    import pywa_async  # noqa: F401

    # It advises programmers, at every time-out; what failed is logged here with what to do.
    logging.getLogger("pywa.api").setLevel(logging.ERROR)
    from source.adapters.whatsapp import transport  # noqa: F401


def _id_in(sent: object) -> str:
    """Return the id of the message that was taken.

    Raises: UnknownOutcomeError: the answer holds none.
    """
    try:
        found = sent["messages"][0]["id"]  # type: ignore[index]
    except (KeyError, IndexError, TypeError):
        found = None
    if not isinstance(found, str):
        raise UnknownOutcomeError("the Graph API answered without the id of the message")
    return found
