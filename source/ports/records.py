"""Sessions, messages and user summaries as programs read and write them."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol, TypeAlias

from source.domain.conversation_head import ConversationHead
from source.domain.filters import EVERYTHING, Condition, Record
from source.domain.message import Message
from source.domain.records import Collection, Order
from source.domain.thread import Platform, ThreadRef


@dataclass(frozen=True, slots=True)
class RecordQuery:
    """Which records, in which order, and which of them; `after` has the values of the order's fields."""

    collection: Collection
    order: tuple[Order, ...]
    where: Condition = EVERYTHING
    limit: int = 50
    offset: int = 0
    after: tuple[object, ...] | None = None


Speaker: TypeAlias = tuple[Platform, str]
"""A platform, and its id of somebody there."""


class RecordReading(Protocol):
    """Reading records; every value is of the type that its field says, times are aware UTC.

    Raises: StoreError.
    """

    async def find(self, query: RecordQuery) -> list[Record]:
        """Return the records of a query."""
        ...

    async def count(self, collection: Collection, where: Condition) -> int:
        """Return how many records match."""
        ...

    async def keys(self, collection: Collection, where: Condition, *, limit: int) -> list[int]:
        """Return the keys of records that match, the smallest first."""
        ...

    async def read(self, collection: Collection, keys: Sequence[int]) -> dict[int, Record]:
        """Return the records of these keys; one that is not there is left out."""
        ...

    async def threads_of(self, conversation_ids: Sequence[int]) -> dict[int, ThreadRef]:
        """Return the threads of conversations; one that is not there is left out."""
        ...

    async def names_of(self, accounts: Set[Speaker]) -> dict[Speaker, str]:
        """Return what these accounts are called; one that is not known yet is left out."""
        ...


@dataclass(frozen=True, slots=True)
class SessionWrite:
    """A conversation's new head, if it has one, and what is known of it beyond that."""

    session_id: int
    head: ConversationHead | None = None
    facts: Mapping[str, object] = field(default_factory=dict)
    version: int | None = None
    is_new: bool = False


@dataclass(frozen=True, slots=True)
class MessageWrite:
    """A message to append, or one as it reads from now on, and what is known of it beyond that."""

    session_id: int
    message_id: int
    new: Message | None = None
    corrected: Message | None = None
    facts: Mapping[str, object] = field(default_factory=dict)
    version: int | None = None


@dataclass(frozen=True, slots=True)
class SummaryWrite:
    """A user summary to make (`user_id`), to change or to delete; what can be counted is counted anew."""

    summary_id: int
    user_id: str | None = None
    facts: Mapping[str, object] = field(default_factory=dict)
    version: int | None = None
    is_deleted: bool = False


RecordWrite: TypeAlias = SessionWrite | MessageWrite | SummaryWrite


class Refusal(StrEnum):
    """Why a record was not written: it is not there (any more), or not as it was last seen."""

    MISSING = "missing"
    CONFLICT = "conflict"
    INVALID = "invalid"


@dataclass(frozen=True, slots=True)
class Written:
    """What became of one write: the key of the record, or why it was refused, in one sentence.

    Neither: it was not written because another one of those with it was refused.
    """

    key: int | None
    refusal: Refusal | None = None
    sentence: str = ""


class RecordStore(RecordReading, Protocol):
    """Reading and writing records."""

    async def write(self, writes: Sequence[RecordWrite], *, partial: bool = False) -> list[Written]:
        """Write all in one transaction and say of each what became of it, in their order.

        When one is refused nothing is written, unless `partial`: then the others are.
        Raises: StoreError: nothing was written.
        """
        ...
