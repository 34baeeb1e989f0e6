"""What somebody is told when they are next heard of, because it could not be told when it happened."""

from typing import Final, Protocol

from source.domain.thread import ThreadRef
from source.ports.channel import LiveReply


class Notices(Protocol):
    """Has visible lines for people; none of them is worth their not being answered."""

    async def tell(self, reply: LiveReply, thread: ThreadRef, external_id: str) -> None:
        """Show what waits for this person, where this thread is the place for it; each line once."""
        ...


class _NothingToTell:
    async def tell(self, reply: LiveReply, thread: ThreadRef, external_id: str) -> None: ...


NOTHING_TO_TELL: Final[Notices] = _NothingToTell()
