"""What people changed of messages that have not arrived: platforms deliver in any order."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from source.domain.thread import Platform


@dataclass(frozen=True, slots=True)
class EarlyCorrection:
    """The message of this id reads `text` since `at`; without text it was taken back."""

    corrects: str
    contact_id: int
    text: str | None
    at: datetime


class EarlyCorrectionStore(Protocol):
    """Keeps them until the message comes, or nothing of that age is delivered any more.

    Every method may raise a StoreError.
    """

    async def early(self, platform: Platform) -> list[EarlyCorrection]:
        """Return all that are kept."""
        ...

    async def put_early(self, platform: Platform, correction: EarlyCorrection) -> None:
        """Keep one, in place of an earlier one of the same message."""
        ...
