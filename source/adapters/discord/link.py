"""The state of the connection, told once for each change."""

import structlog

log = structlog.get_logger(__name__)


class Link:
    """Which shards are connected, and whether it was said that Discord cannot be reached."""

    def __init__(self) -> None:
        self._up: set[int] = set()
        self.is_unreachable = False

    def up(self, shard: int, *, resumed: bool) -> None:
        """A shard has a session, a new one or the old one resumed."""
        self.is_unreachable = False
        if shard not in self._up:
            self._up.add(shard)
            log.info("discord_connected", shard=shard, resumed=resumed)

    def down(self, shard: int) -> None:
        """A shard lost its connection and tries to get it back."""
        if shard in self._up:
            self._up.discard(shard)
            log.info("discord_disconnected", shard=shard)

    def unreachable(self, error: BaseException) -> None:
        """An attempt to connect failed; more follow."""
        if not self.is_unreachable:
            self.is_unreachable = True
            log.warning("discord_unreachable", error=type(error).__name__, reason=str(error)[:300])

    def slow_to_close(self) -> None:
        """The gateway did not say goodbye in time."""
        log.info("discord_close_timed_out")

    def handler_broke(self, event: str) -> None:
        """Something of Echo's failed while it handled an event; called where the exception is handled."""
        log.exception("discord_handler_broke", event_name=event)
