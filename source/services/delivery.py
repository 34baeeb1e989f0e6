"""Hands stored replies to their channel."""

from collections.abc import Sequence

import structlog

from source.domain.errors import DeliveryError, StoreError
from source.ports.channel import LiveReply
from source.ports.store import TurnStore

log = structlog.get_logger(__name__)


async def announce(reply: LiveReply, line: str) -> None:
    """Show a line that is no part of the reply; a channel that cannot take it gets the reply all the same."""
    try:
        await reply.notice(line)
    except DeliveryError as error:
        log.warning("notice_undelivered", error=str(error))


async def deliver(
    store: TurnStore, reply: LiveReply, keys: Sequence[int], text: str, *, interrupted: bool = False
) -> bool:
    """Deliver a stored reply and note that it arrived; False when the channel could not take it now.

    A delivery that cannot be noted is made again at the next start: twice is better than never.
    """
    try:
        await reply.deliver(text, interrupted=interrupted)
    except DeliveryError as error:
        log.warning("reply_undelivered", events=len(keys), error=str(error))
        return False
    try:
        await store.mark_delivered(keys)
    except StoreError as error:
        log.warning("delivery_not_noted", events=len(keys), error=str(error))
    return True
