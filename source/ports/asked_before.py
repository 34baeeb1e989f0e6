"""What became of a message that is handed in once more."""

from dataclasses import dataclass
from typing import Protocol

from source.domain.thread import Platform, ThreadRef
from source.domain.turn import SaidMessage


@dataclass(frozen=True, slots=True)
class AskedBefore:
    """An accepted message under the store's `key`: whether its turn `is_over`, and the reply if there is one.

    `text` is None when it was edited or taken back since.
    """

    key: int
    thread: ThreadRef
    external_id: str
    text: str | None
    is_over: bool
    reply: SaidMessage | None


class AskedBeforeReader(Protocol):
    """Looks up what was accepted.

    Raises: StoreError.
    """

    async def asked_before(self, platform: Platform, event_id: str) -> AskedBefore | None:
        """Return the accepted message with this id of its platform."""
        ...
