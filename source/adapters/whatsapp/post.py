"""Sending at Meta's pace, and what is done about each of its errors."""

import random
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import structlog

from source.adapters.whatsapp.graph import Recipient, Sending, UnknownOutcomeError
from source.adapters.whatsapp.pacing import Pacing
from source.adapters.whatsapp.standing import Standing
from source.adapters.whatsapp.troubles import MetaError, Remedy, WindowClosedError
from source.domain.errors import UndeliverableError
from source.ports.clock import Clock

log = structlog.get_logger(__name__)

# After these the reply is left to whoever tries undelivered replies again.
_MOST_TRIES: Final = 4
_FIRST_PAUSE: Final = 1.0


class Post:
    """Implements `Sending` over another: what Meta refuses for now is tried again, as its error asks."""

    def __init__(self, graph: Sending, pacing: Pacing, standing: Standing, clock: Clock) -> None:
        self._graph = graph
        self._pacing = pacing
        self._standing = standing
        self._clock = clock

    async def text(self, recipient: Recipient, text: str, *, tracker: str) -> str:
        return await self.message(recipient, "text", {"body": text, "preview_url": False}, tracker=tracker)

    async def message(self, recipient: Recipient, kind: str, body: Mapping[str, Any], *, tracker: str) -> str:
        """As in `Sending`. Raises: WindowClosedError: only a template can be sent now."""
        tries = 0
        while True:
            tries += 1
            begun = await self._turn(recipient)
            try:
                sent = await self._graph.message(recipient, kind, body, tracker=tracker)
            except MetaError as error:
                recipient = await self._after(error, recipient, begun, tries)
                continue
            except BaseException:
                self._standing.undecided()
                raise
            self._standing.works()
            self._pacing.taken(_name_of(recipient))
            return sent

    async def seen(self, wamid: str) -> None:
        if not self._standing.is_stopped:
            await self._graph.seen(wamid)

    async def _turn(self, recipient: Recipient) -> float:
        """Wait for the turn of a message; return when it came."""
        self._standing.enter()
        try:
            return await self._pacing.turn(_name_of(recipient))
        except BaseException:
            self._standing.undecided()
            raise

    async def _after(self, error: MetaError, recipient: Recipient, begun: float, tries: int) -> Recipient:
        """Return where the message goes next, when it is time.

        Raises: DeliveryError: it goes nowhere now; what kind of error says what becomes of it.
        """
        if error.remedy is Remedy.OPERATOR:
            self._standing.refused(error)
            raise error
        self._standing.undecided()
        match error.remedy:
            case Remedy.UNKNOWN:
                raise UnknownOutcomeError(str(error)) from error
            case Remedy.WINDOW:
                raise WindowClosedError(str(error), told_by_meta=True) from error
            case Remedy.ELSEWHERE if recipient.phone and recipient.user:
                log.info("tried_at_other_address", code=error.code)
                return replace(recipient, phone=None)
            case Remedy.ALERT:
                self._standing.alert(error)
                raise UndeliverableError(str(error)) from error
            case Remedy.NEVER | Remedy.ELSEWHERE:
                raise UndeliverableError(str(error)) from error
            case Remedy.TEMPLATE:
                raise error
        await self._back_off(error, recipient, begun, tries)
        return recipient

    async def _back_off(self, error: MetaError, recipient: Recipient, begun: float, tries: int) -> None:
        """Wait before the next try, or have everybody wait who sends to this person, or from this number."""
        if error.remedy is Remedy.PERSON:
            self._pacing.too_fast_for(_name_of(recipient), begun)
        elif error.remedy is Remedy.NUMBER:
            self._pacing.too_fast(begun)
        log.warning("whatsapp_backs_off", code=error.code, reason=error.remedy.value, tries=tries)
        if tries >= _MOST_TRIES:
            raise error
        if error.remedy is Remedy.LATER:
            await self._clock.sleep(_FIRST_PAUSE * 2 ** (tries - 1) * random.uniform(0.5, 1.0))  # noqa: S311


def _name_of(recipient: Recipient) -> str:
    return recipient.phone or recipient.user or ""
