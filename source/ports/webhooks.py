"""What platforms deliver by calling Echo: kept before they are told that it has arrived."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from source.domain.thread import Platform


@dataclass(frozen=True, slots=True)
class Delivery:
    """One thing of a webhook; `key` is the platform's id of it, or what stands for that."""

    key: str
    payload: str


@dataclass(frozen=True, slots=True)
class Delivered:
    """One that is durable; `number` grows with every one."""

    number: int
    payload: str


class WebhookStore(Protocol):
    """Keeps what was delivered until it has been seen to. Every method may raise a StoreError."""

    async def keep(self, platform: Platform, deliveries: Sequence[Delivery]) -> list[Delivered]:
        """Keep what is new, and return it in its order: what has the key of an earlier one is left out."""
        ...

    async def kept(self, platform: Platform, *, limit: int) -> list[Delivered]:
        """Return what has not been seen to, the earliest first."""
        ...

    async def seen_to(self, numbers: Sequence[int]) -> None:
        """Forget what these hold; that they came is remembered."""
        ...


@dataclass(frozen=True, slots=True)
class Contact:
    """Somebody who wrote: `contact_id` is Echo's own, `addresses` are where they are reached, `name` their latest."""

    contact_id: int
    addresses: tuple[str, ...]
    name: str | None = None


class ContactStore(Protocol):
    """Knows people of a platform that names the same person in several ways. Every method may raise a StoreError."""

    async def met(self, platform: Platform, addresses: Sequence[str], name: str | None) -> Contact:
        """Return who has any of these addresses, which all are theirs from now on; somebody new if nobody has."""
        ...

    async def contact(self, platform: Platform, contact_id: int) -> Contact | None:
        """Return somebody who has written before."""
        ...
