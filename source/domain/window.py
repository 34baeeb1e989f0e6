"""When a conversation has ended by itself."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from source.domain.conversation_head import ConversationHead


@dataclass(frozen=True, slots=True)
class Window:
    """A conversation goes on for `length` after its last activity; then the next message starts a new one."""

    length: timedelta

    def has_passed(self, head: ConversationHead, said_at: datetime) -> bool:
        """Whether a message said at `said_at` comes too late; a clock that jumped back ends nothing."""
        return said_at - head.last_activity >= self.length
