"""How often, and after which pauses, a call of a model's server is made again."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

import structlog

from source.domain.errors import ModelUnavailableError

if TYPE_CHECKING:
    from tenacity import RetryCallState
    from tenacity.asyncio import AsyncRetrying

log = structlog.get_logger()

# Spreads those who were told to come back at the same moment.
_JITTER_SECONDS = 0.5


class RetrySettings(Protocol):
    """A server that asks to wait longer than `longest_pause` is not asked again; none is after `give_up_after`."""

    @property
    def model(self) -> str: ...
    @property
    def max_attempts(self) -> int: ...
    @property
    def first_pause(self) -> timedelta: ...
    @property
    def longest_pause(self) -> timedelta: ...
    @property
    def give_up_after(self) -> timedelta: ...


def retrying(settings: RetrySettings, sleep: Callable[[float], Awaitable[None]]) -> "AsyncRetrying":
    """Return the attempts at one call; the last one's error is raised as it is."""
    from tenacity import retry_if_exception, stop_after_attempt, stop_after_delay
    from tenacity.asyncio import AsyncRetrying

    return AsyncRetrying(
        sleep=sleep,
        stop=stop_after_attempt(settings.max_attempts) | stop_after_delay(settings.give_up_after),
        wait=lambda state: _pause(settings, state),
        retry=retry_if_exception(lambda error: _is_worth_another(settings, error)),
        before_sleep=lambda state: _note(settings, state),
        reraise=True,
    )


def _is_worth_another(settings: RetrySettings, error: BaseException) -> bool:
    if not isinstance(error, ModelUnavailableError):
        return False
    return error.retry_after is None or error.retry_after <= settings.longest_pause


def _pause(settings: RetrySettings, state: "RetryCallState") -> float:
    """Seconds to wait: as long as the server asks, else a random time that grows."""
    from tenacity import wait_random, wait_random_exponential

    error = state.outcome.exception() if state.outcome is not None else None
    if isinstance(error, ModelUnavailableError) and error.retry_after is not None:
        return error.retry_after.total_seconds() + wait_random(0, _JITTER_SECONDS)(state)
    return wait_random_exponential(settings.first_pause.total_seconds(), settings.longest_pause)(state)


def _note(settings: RetrySettings, state: "RetryCallState") -> None:
    pause = state.next_action.sleep if state.next_action is not None else 0.0
    log.info("model_retry", model=settings.model, attempt=state.attempt_number, pause_seconds=round(pause, 2))
