"""What the thread that writes is handed, and what it writes to."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, Protocol, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Operation(Generic[T]):
    """One write as a value; `T` is what its caller gets. It is applied whole or not at all.

    What `is_urgent` overtakes what was handed over before it: somebody elsewhere soon gives up waiting for it.
    """

    can_wait: ClassVar[bool] = False
    is_apart: ClassVar[bool] = False
    is_urgent: ClassVar[bool] = False


@dataclass(frozen=True, slots=True)
class Barrier(Operation[None]):
    """Writes nothing; done when everything handed over before it is."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far deferred work is, in the numbers of the rows it goes through."""

    reached: int
    last: int


@dataclass(frozen=True, slots=True)
class CatchUp(Operation[Progress]):
    """Do one step of the deferred work now."""

    is_apart: ClassVar[bool] = True


class WriteTarget(Protocol):
    """What the thread writes to; called from that thread only."""

    @property
    def deferred(self) -> int:
        """How much deferred work waits."""

    @property
    def is_overdue(self) -> bool:
        """Whether the deferred work should no longer wait for an idle moment."""

    def commit(self, operations: Sequence[Operation[Any]]) -> Sequence[object]:
        """Apply all operations in one transaction and return their results; on an error none was applied."""
        ...

    def step(self) -> Progress:
        """Do a short piece of the deferred work in a transaction of its own."""
        ...

    def apart(self, operation: Operation[Any]) -> object:
        """Apply an operation that is no part of a transaction of others."""
        ...

    def reset(self) -> None:
        """After an error: forget what was cached and begin anew with the next call."""
        ...

    def close(self) -> None: ...
