"""What only the operator can mend, said once for each place."""

import structlog

from source.adapters.discord.replies.troubles import RefusedError

log = structlog.get_logger(__name__)

_MOST_PLACES = 10_000


class Complaints:
    """Remembers where a missing permission was told, until something arrives there."""

    def __init__(self) -> None:
        self._told: set[int] = set()

    def refused(self, channel_id: int, error: RefusedError) -> None:
        if not error.is_missing_permission or channel_id in self._told:
            return
        if len(self._told) >= _MOST_PLACES:
            self._told.clear()
        self._told.add(channel_id)
        log.warning("discord_permission_missing", channel=channel_id, code=error.code, reason=str(error))

    def settle(self, channel_id: int) -> None:
        self._told.discard(channel_id)
