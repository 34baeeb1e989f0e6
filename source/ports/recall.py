"""Reading a history so that what bears on a question can be found in it."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from source.domain.recall.question import Question
from source.domain.recall.turns import SaidTurn
from source.domain.thread import ThreadRef
from source.ports.store import Scope

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Eyes:
    """Who looks: at what all of `scopes` see; an operator at what a person took part in anywhere, or at everything.

    `besides` is a conversation that need not be looked at: they have it before them.
    """

    scopes: tuple[Scope, ...] = ()
    person_id: int | None = None
    besides: int | None = None

    @property
    def see_everything(self) -> bool:
        """Whether all that was ever said is looked at, but for `besides`."""
        return not self.scopes and self.person_id is None


EVERYTHING = Eyes()


@dataclass(frozen=True, slots=True)
class Extent:
    """What there is to see: by conversation, the id of its last message.

    `revision` grows whenever something that was said before is changed or deleted; `changed` are the conversations
    in which that happened since the revision that was asked for, None if that is not known any more. `people` maps
    speakers, as SaidTurn has them, to their names; `askers` are those of them who look. `is_whole`: no conversation
    is missing; otherwise the ids of last messages are not read.
    """

    last_message_ids: Mapping[int, int]
    revision: int
    changed: Collection[int] | None = None
    people: Mapping[str, str] = field(default_factory=dict)
    askers: frozenset[str] = frozenset()
    is_whole: bool = True


@dataclass(frozen=True, slots=True)
class StoredTurn:
    """A chat message with where it was said; `event_id` is the platform's id of a person's message, `name` theirs."""

    said: SaidTurn
    thread: ThreadRef
    event_id: str | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Sought:
    """What a long history is looked through for: folded words and phrases, and the stems that are related to each."""

    words: tuple[str, ...]
    question: Question
    akin: Mapping[str, Collection[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Likely:
    """What was chosen of a long history; `rarity` is how much each word tells in all of it, where that is known."""

    turns: Sequence[StoredTurn] = ()
    rarity: Mapping[str, float] = field(default_factory=dict)


class RecallReader(Protocol):
    """What recall reads, all of one moment; deleted and superseded messages are never among it."""

    def extent(self, eyes: Eyes, *, most_conversations: int, since: int | None = None) -> Extent:
        """Return which conversations these eyes see, the newest of them where there are more than the most.

        `since` is the revision of what the caller holds.
        """
        ...

    def said_in(self, after: Mapping[int, int], *, limit: int) -> list[SaidTurn]:
        """Return what was said in conversations after the message of an id, in order; up to `limit` turns."""
        ...

    def likely(self, sought: Sought, eyes: Eyes, *, limit: int) -> Likely:
        """Return the turns of a long history that may bear on what is sought, in order, about `limit` of them.

        None of the conversation `eyes.besides` is among them.
        """
        ...

    def told(self, keys: Collection[tuple[int, int]], eyes: Eyes) -> list[StoredTurn]:
        """Return messages, by conversation and message id, as they read now, in order; only those that are seen."""
        ...


class RecallStore(Protocol):
    """Where recall looks."""

    async def look(self, look: Callable[[RecallReader], T]) -> T:
        """Return what `look` returns; it runs on a thread for reading, and again after a failure that passes.

        Raises: StoreError, or what `look` raises.
        """
        ...

    def forget(self) -> None:
        """Hold nothing in process memory of what was looked through."""
        ...
