"""Texts as vectors that are near each other when the texts mean much the same."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from source.ports.recall import Eyes


class EmbeddingModel(Protocol):
    """Makes vectors of texts."""

    @property
    def name(self) -> str:
        """What tells its vectors from another model's."""
        ...

    async def prepare(self) -> None:
        """Load what the first call needs; raises ModelRefusedError: its address is none. Calls do it by themselves."""
        ...

    async def embed(self, texts: Sequence[str]) -> list[bytes]:
        """Return for each text a vector as `domain.recall.vectors` keeps them; all are of the same size.

        Raises: ModelUnavailableError, ModelRefusedError, ContextTooLongError.
        """
        ...

    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Unembedded:
    """A chat message without a vector; `seq` is its place in the order of commits."""

    seq: int
    text: str


@dataclass(frozen=True, slots=True)
class Embedded:
    """The vector of a text."""

    seq: int
    text: str
    vector: bytes


@dataclass(frozen=True, slots=True)
class Extents:
    """The `seq` of the newest message, and a number that changes when anything that was said changes."""

    newest: int
    revision: int


class EmbeddingStore(Protocol):
    """Where vectors are kept, one for a message.

    Raises: StoreError.
    """

    async def extents(self) -> Extents: ...

    async def unembedded(self, model: str, *, after: int, up_to: int, limit: int) -> list[Unembedded]:
        """Return messages without a vector of this model whose `seq` is within these bounds, the newest first."""
        ...

    async def keep(self, model: str, embedded: Sequence[Embedded]) -> int:
        """Keep vectors of messages that still read so, in the place of older ones; return of how many."""
        ...

    async def forget_other_sizes(self, model: str, size: int) -> int:
        """Delete vectors of this model that have not this many bytes; return how many."""
        ...

    async def counts(self, model: str) -> tuple[int, int]:
        """Return how many messages have a vector of this model, and how many there are."""
        ...


@dataclass(frozen=True, slots=True)
class StoredVector:
    """The vector of the message of a conversation."""

    key: tuple[int, int]
    vector: bytes


class VectorStore(Protocol):
    """What recall reads of vectors; only of messages that are seen.

    Raises: StoreError.
    """

    async def newest_write(self) -> int:
        """Return a number that is greater after vectors were kept."""
        ...

    async def vectors(self, model: str, eyes: Eyes, *, after: int) -> list[StoredVector]:
        """Return the vectors of this model that were kept after the write of a number."""
        ...

    async def vectors_of(self, model: str, keys: Collection[tuple[int, int]], eyes: Eyes) -> list[StoredVector]:
        """Return the vectors of these messages."""
        ...
