"""What was said in a conversation, page by page."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple, Protocol


class SaidLine(NamedTuple):
    """A kept chat message, and what its sender is called; without `requester` it is Echo's.

    `pii` are the kinds of personal data in it. `delivery` is how far a reply has come where its platform tells,
    `delivery_error` that platform's number for why one failed.
    """

    message_id: int
    requester: str | None
    name: str | None
    content: str
    created_at: datetime
    edited_at: datetime | None
    interrupted: bool
    pii: Sequence[str]
    delivery: str | None
    delivery_error: int | None


class MessagePages(Protocol):
    """Reads what was said.

    Raises: StoreError.
    """

    async def said_in(self, conversation_id: int, *, after: int = 0, limit: int) -> Sequence[SaidLine] | None:
        """Return the kept chat messages behind the one with the id `after`, in order; None: no such conversation."""
        ...
