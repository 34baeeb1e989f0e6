"""What platforms deliver by calling Echo: kept before they are told that it has arrived."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from source.domain.thread import Platform


@dataclass(frozen=True, slots=True)
class Wrote:
    """Somebody wrote, at this moment by the platform's clock."""

    contact_id: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Delivery:
    """One thing of a webhook; `key` is the platform's id of it, or what stands for that.

    `wrote` is there where it renews the time in which the person may be answered.
    """

    key: str
    payload: str
    wrote: Wrote | None = None


@dataclass(frozen=True, slots=True)
class Delivered:
    """One that is durable; `number` grows with every one."""

    number: int
    payload: str


@dataclass(frozen=True, slots=True)
class Contact:
    """Somebody who wrote: `contact_id` is Echo's own, `addresses` are where they are reached, `name` their latest.

    `absorbed` are contacts that have just turned out to be this one.
    """

    contact_id: int
    addresses: tuple[str, ...]
    name: str | None = None
    absorbed: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Arrival:
    """One thing of a webhook, written at this moment by or to whoever has these addresses.

    Who that is is found out as by `ContactStore.moved` where there are addresses that they had `before`, as by `known`
    where it `is_of_known` people alone, else as by `met`; `as_kept` returns what is to be kept of it then, under `key`.
    """

    key: str

    addresses: Sequence[str]
    name: str | None
    at: datetime
    as_kept: Callable[[Contact], Delivery]
    before: Sequence[str] = ()
    is_of_known: bool = False


@dataclass(frozen=True, slots=True)
class Arrived:
    """What became of an arrival; `delivered` is None of what came before."""

    contact: Contact
    wrote: Wrote | None
    delivered: Delivered | None


class WebhookStore(Protocol):
    """Keeps what was delivered until it has been seen to. Every method may raise a StoreError."""

    async def take_in(self, platform: Platform, arrivals: Sequence[Arrival]) -> list[Arrived | None]:
        """Keep what is new, all of it or nothing, and return of each what became of it.

        None: it concerns somebody who is not known, or no more where it came before, and nothing was kept.
        """
        ...

    async def kept(self, platform: Platform, *, limit: int, after: int = 0) -> list[Delivered]:
        """Return what has not been seen to, the earliest first of those that came after the one of this number."""
        ...

    async def seen_to(self, numbers: Sequence[int]) -> None:
        """Forget what these hold; that they came is remembered."""
        ...


class ContactStore(Protocol):
    """Knows people of a platform that names the same person in several ways. Every method may raise a StoreError.

    Of `user:` and `parent:` addresses nobody ever has another's; a `phone:` may be given to somebody else one day.
    """

    async def met(
        self, platform: Platform, addresses: Sequence[str], name: str | None, *, at: datetime | None = None
    ) -> Contact:
        """Return who wrote at this moment (now) from these addresses, which are all theirs from then on.

        Where nobody is known, it is somebody new. Those that two contacts have make one of them, but a number that
        somebody with another id had moves alone.
        """
        ...

    async def moved(self, platform: Platform, before: Sequence[str], after: Sequence[str], at: datetime) -> Contact:
        """Return whose addresses changed at this moment, from these to those; of all others they have none any more."""
        ...

    async def known(self, platform: Platform, addresses: Sequence[str]) -> Contact | None:
        """Return who has one of these addresses, the first that anybody has."""
        ...

    async def contact(self, platform: Platform, contact_id: int) -> Contact | None:
        """Return somebody who has written before, or who that turned out to be."""
        ...

    async def suggest_name(self, contact_id: int, name: str) -> None:
        """Call somebody so who has not told their name."""
        ...


@dataclass(frozen=True, slots=True)
class Merge:
    """That a contact turned out to be another one; what it said is to become the other's."""

    gone: int
    kept: int


class MergeStore(Protocol):
    """Makes what contacts said that turned out to be one be of that one. Every method may raise a StoreError."""

    async def merges(self, platform: Platform) -> list[Merge]:
        """Return all there ever were, also of people who have merged again since."""
        ...

    async def unsettled(self, platform: Platform) -> list[Merge]:
        """Return those of which something may still have to move."""
        ...

    async def move(self, platform: Platform, merge: Merge) -> list[int]:
        """Give conversations, what waits for an answer and what is known of the person to who is kept.

        All of it or nothing; done again it moves what came since. Returns the conversations that were moved.

        Raises: StoreConflictError: one of them is being forgotten.
        """
        ...

    async def settle(self, merge: Merge) -> None:
        """Note that nothing comes any more which would have to move."""
        ...
