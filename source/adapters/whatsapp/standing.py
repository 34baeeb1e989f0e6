"""Whether Meta lets the number send."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog

from source.adapters.whatsapp.troubles import TOKEN_CODES, MetaError, advice_for
from source.domain.errors import DeliveryError
from source.ports.clock import Clock
from source.ports.health import PartHealth, PartStatus

log = structlog.get_logger(__name__)

_FIRST_PAUSE: Final = 1.0
_LONGEST_PAUSE: Final = 300.0
_TOLD_FOR: Final = timedelta(days=1)


@dataclass(slots=True)
class _Stopped:
    """Nothing goes but one message now and then, to see whether it does again."""

    code: int
    since: datetime
    pause: float
    again_at: float
    is_trying: bool = False


class Standing:
    """Stops all sending once the token or the account is refused; one message at a time finds out whether that is over.

    What is not sent meanwhile stays undelivered in the store.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._stopped: _Stopped | None = None
        self._changed = asyncio.Event()
        self._alert: tuple[int, datetime] | None = None

    @property
    def is_stopped(self) -> bool:
        return self._stopped is not None

    @property
    def is_token_refused(self) -> bool:
        """Whether it is the token that stopped it, of which Meta can be asked without a message."""
        return self._stopped is not None and self._stopped.code in TOKEN_CODES

    def enter(self) -> None:
        """Begin to send a message; its outcome is told by `works`, `refused` or `undecided`.

        Raises: DeliveryError: nothing is sent now.
        """
        stopped = self._stopped
        if stopped is None:
            return
        if stopped.is_trying or self._clock.monotonic() < stopped.again_at:
            raise DeliveryError(f"Meta lets the number send nothing (error {stopped.code})")
        stopped.is_trying = True

    def works(self) -> None:
        """Meta took something, or would."""
        if self._stopped is not None:
            log.info("whatsapp_sends_again", after_code=self._stopped.code)
            self._stopped = None
            self._change()

    def undecided(self) -> None:
        """What was tried showed nothing."""
        if self._stopped is not None:
            self._stopped.is_trying = False

    def refused(self, error: MetaError) -> None:
        """Meta refused the token, a permission or the account: send nothing for a while, longer each time."""
        now, before = self._clock.monotonic(), self._stopped
        if before is not None and not before.is_trying:
            return  # it was on its way when the first was refused
        log.error("whatsapp_stopped", code=error.code, reason=str(error), to_do=advice_for(error.code))
        pause = _FIRST_PAUSE if before is None else min(before.pause * 2, _LONGEST_PAUSE)
        since = self._clock.now() if before is None else before.since
        self._stopped = _Stopped(error.code, since, pause, now + pause)
        self._change()

    @property
    def is_due(self) -> bool:
        """Whether it is time to see whether something goes again."""
        return self._stopped is not None and self._clock.monotonic() >= self._stopped.again_at

    def put_off(self) -> None:
        """It was seen without a message that nothing goes, or nobody has one: see again later."""
        stopped = self._stopped
        if stopped is not None:
            stopped.pause = min(stopped.pause * 2, _LONGEST_PAUSE)
            stopped.again_at = self._clock.monotonic() + stopped.pause

    def alert(self, error: MetaError) -> None:
        """Meta says that people do not want what the number sends."""
        log.error("whatsapp_alert", code=error.code, reason=str(error), to_do=advice_for(error.code))
        self._alert = (error.code, self._clock.now())

    async def until_stopped(self) -> None:
        """Return once nothing is sent."""
        while self._stopped is None:
            await self._changed.wait()

    async def until_again(self) -> None:
        """Return when it is time to try again."""
        while self._stopped is not None and (wait := self._stopped.again_at - self._clock.monotonic()) > 0.001:
            await self._clock.sleep(wait)

    async def health(self) -> PartHealth:
        """Return how it stands."""
        if self._stopped is not None:
            code, when = self._stopped.code, self._stopped.since.isoformat(timespec="seconds")
            sentence = f"Nothing is sent since {when} (error {code}); replies are kept. {advice_for(code)}"
            return PartHealth(PartStatus.DOWN, sentence)
        if self._alert is not None and self._clock.now() - self._alert[1] < _TOLD_FOR:
            code, at = self._alert
            when = at.isoformat(timespec="seconds")
            return PartHealth(
                PartStatus.DEGRADED, f"Meta refused a message at {when} (error {code}). {advice_for(code)}"
            )
        return PartHealth(PartStatus.OK, "Messages can be sent.")

    def _change(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()
