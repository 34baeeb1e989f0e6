"""Registers the commands with Discord, only when they have changed."""

from collections.abc import Sequence
from typing import Final, Protocol

import discord
import structlog

from source.adapters.discord.commands.payload import Payload, fingerprint
from source.domain.errors import StoreError
from source.domain.thread import Platform
from source.ports.store import ChannelStore

log = structlog.get_logger(__name__)

# Discord: error 30034, the day's quota of 200 created commands is used up.
_QUOTA_USED_UP: Final = 30034


class Registration(Protocol):
    """The one request that registers commands, in place of all that were registered."""

    async def __call__(self, application_id: int, payloads: Sequence[Payload]) -> None:
        """Raises: discord.HTTPException: nothing was changed."""
        ...


async def register_commands(
    register: Registration, store: ChannelStore, application_id: int, payloads: Sequence[Payload]
) -> bool:
    """Register the commands unless these very ones are registered; whether Discord was asked to.

    What goes wrong is logged and tried again at the next start: the commands that are registered go on working.
    """
    mark = f"commands:{application_id}"
    current = fingerprint(payloads)
    try:
        if (await store.seen(Platform.DISCORD)).get(mark) == current:
            return False
        await register(application_id, payloads)
    except discord.HTTPException as error:
        reason = "quota of the day used up" if error.code == _QUOTA_USED_UP else "refused"
        log.warning("commands_not_registered", reason=reason, status=error.status, code=error.code)
        return False
    except (StoreError, OSError) as error:
        log.warning("commands_not_registered", reason=type(error).__name__)
        return False
    store.note_seen(Platform.DISCORD, {mark: current})
    log.info("commands_registered", commands=len(payloads))
    return True
