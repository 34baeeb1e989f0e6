"""What becomes of a reply to somebody who wrote too long ago: a template goes out, or the reply waits, or both."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import structlog

from source.adapters.whatsapp.graph import Recipient, Sending, UnknownOutcomeError
from source.adapters.whatsapp.settings import Template
from source.adapters.whatsapp.troubles import MetaError, Remedy, WindowClosedError
from source.domain.errors import DeliveryError, DeliveryParkedError, UndeliverableError
from source.domain.thread import ThreadRef
from source.ports.parked import ParkedReason, ParkedReplies

log = structlog.get_logger(__name__)

# Meta: a variable holds 1,024 characters at the most and no line breaks.
_MOST_CHARACTERS: Final = 1_024
_AND_MORE: Final = " …"


@dataclass(frozen=True, slots=True)
class Late:
    """A reply that comes too late to be sent as it is; `is_begun`: a part of it has arrived."""

    key: int
    thread: ThreadRef
    text: str
    tracker: str
    is_begun: bool = False


class Parking:
    """Replies that wait are undelivered in the store; here it is noted why, and that the person was asked to write."""

    def __init__(self, sending: Sending, parked: ParkedReplies, template: Template | None) -> None:
        self._sending = sending
        self._parked = parked
        self._template = template
        self._keys: set[int] = set()

    async def take(self, late: Late, recipient: Recipient, why: WindowClosedError) -> str:
        """Return Meta's id of the template that told all of the reply, empty where that is not known.

        Raises: DeliveryParkedError: it waits until the person writes. DeliveryError: it is tried again.
        """
        reason = ParkedReason.REFUSED if why.told_by_meta else ParkedReason.WINDOW
        try:
            return await self._taken(late, recipient, reason, why)
        except UndeliverableError as error:
            log.warning("template_undeliverable", error=str(error))
        except MetaError as error:
            if error.remedy is not Remedy.TEMPLATE:
                raise
            log.error("template_refused", code=error.code, reason=str(error))  # noqa: TRY400  (the reason says it)
        await self._park(late.key, reason, is_told=False)
        raise DeliveryParkedError(str(why))

    async def settle(self, key: int) -> None:
        """A reply has arrived."""
        if key in self._keys:
            await self._parked.settle(key)
            self._keys.discard(key)

    async def _taken(self, late: Late, recipient: Recipient, reason: ParkedReason, why: WindowClosedError) -> str:
        template = self._template
        if template is not None and template.holds_text and not late.is_begun:
            return await self._told(late, recipient, template, reason)
        is_told = await self._is_told(late)
        if template is not None and not template.holds_text and not is_told:
            await self._asked_to_write(late, recipient, template, reason)
            is_told = True
        await self._park(late.key, reason, is_told=is_told)
        raise DeliveryParkedError(str(why), is_told=is_told) from why

    async def _told(self, late: Late, recipient: Recipient, template: Template, reason: ParkedReason) -> str:
        """Send the text, or as much of it as there is room for, in which case all of it waits as well."""
        whole = " ".join(late.text.split())
        text = whole if len(whole) <= _MOST_CHARACTERS else whole[: _MOST_CHARACTERS - len(_AND_MORE)] + _AND_MORE
        if text == whole:
            return await self._sent(recipient, template, late.tracker, text)
        if not await self._is_told(late):
            await self._asked_to_write(late, recipient, template, reason, text)
        await self._park(late.key, reason, is_told=True)
        raise DeliveryParkedError("its beginning went out as a template", is_told=True)

    async def _asked_to_write(
        self, late: Late, recipient: Recipient, template: Template, reason: ParkedReason, text: str | None = None
    ) -> None:
        """Send the template, which is noted first: nobody is asked twice."""
        await self._park(late.key, reason, is_told=True)
        try:
            await self._sent(recipient, template, "", text)
        except DeliveryError:
            await self._park(late.key, reason, is_told=False)
            raise

    async def _sent(self, recipient: Recipient, template: Template, tracker: str, text: str | None) -> str:
        try:
            return await self._sending.message(recipient, "template", _body_of(template, text), tracker=tracker)
        except UnknownOutcomeError as error:
            log.warning("template_unknown", error=str(error))
            return ""

    async def _is_told(self, late: Late) -> bool:
        """Whether the person has been asked to write since they wrote last."""
        return any(each.is_told for each in await self._parked.in_thread(late.thread.key))

    async def _park(self, key: int, reason: ParkedReason, *, is_told: bool) -> None:
        self._keys.add(key)
        await self._parked.park(key, reason, is_told=is_told)


def _body_of(template: Template, text: str | None) -> Mapping[str, Any]:
    named = {"name": template.name, "language": {"code": template.language}}
    if text is None:
        return named
    return {**named, "components": [{"type": "body", "parameters": [{"type": "text", "text": text}]}]}
