"""Forgetting people, and keeping what is said only so long."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from source.domain.conversation_head import ConversationHead
from source.domain.privacy import AuditEntry, Counts, Receipt, ReceiptKind, SeenFrom, Subject
from source.domain.retention import RetentionRule
from source.domain.thread import Platform
from source.ports.people import Alias


@dataclass(frozen=True, slots=True)
class Who:
    """A person under all their names."""

    person_id: int
    aliases: tuple[Alias, ...]

    def ids_on(self, platform: Platform) -> frozenset[str]:
        """Return how the platform knows them."""
        return frozenset(alias.external_id for alias in self.aliases if alias.platform is platform)

    @property
    def names(self) -> frozenset[str]:
        """Return all that they are called."""
        return frozenset(name for alias in self.aliases for name in (alias.external_id, alias.display_name))


@dataclass(frozen=True, slots=True)
class Rewritten:
    """What is left of a conversation: `emptied` messages say nothing and are nobody's, `removed` ones are gone.

    `head` takes the place of the one that was there. What is noted with what the people `names` said, as the
    platform knows them, is noted without them; those of `left_by` did not take part any more.
    """

    head: ConversationHead
    emptied: Collection[int] = ()
    removed: Collection[int] = ()
    names: Collection[str] = ()
    left_by: Collection[str] = ()
    drops_context: bool = False


class ReceiptStore(Protocol):
    """What was asked for and what came of it.

    Raises: StoreError.
    """

    async def add_receipt(self, kind: ReceiptKind, *, subject: Subject | None, requested_by: str) -> Receipt:
        """Note durably that somebody is to be forgotten; the one that is under way for the same is returned instead.

        Raises: StoreConflictError: there is nobody of this id any more.
        """
        ...

    async def receipt(self, receipt_id: int) -> Receipt | None: ...

    async def note_task(self, receipt_id: int, task_id: int) -> None: ...

    async def note_plan(self, receipt_id: int, counts: Counts, later: Sequence[int]) -> None:
        """Note what is going to be removed and which conversations go on from there; counts only the first time."""
        ...

    async def note_forgotten(self, receipt_id: int) -> None:
        """Note that nothing shows it any more."""
        ...

    async def drop_subject(self, receipt_id: int) -> None:
        """Forget who it was and what they said."""
        ...

    async def unfinished_receipts(self) -> list[Receipt]:
        """Return what was asked for and is not done, the oldest first."""
        ...

    async def finish_receipt(self, receipt_id: int, counts: Counts, *, action: str) -> Receipt:
        """Note the end, drop who it was, and write a line of the audit log; of one that has ended nothing changes."""
        ...

    async def note_audit(self, action: str, asked_by: str, counts: Counts, *, receipt_id: int | None = None) -> None:
        """Write a line of the audit log."""
        ...

    async def audit(self, *, limit: int = 100, before: int | None = None) -> list[AuditEntry]:
        """Return the latest lines of the audit log, or those before one, the latest first."""
        ...


class SaidStore(Protocol):
    """What is looked for elsewhere once it stands in the person's conversations no more.

    Raises: StoreError.
    """

    async def note_said(self, receipt_id: int, conversation_id: int, texts: Sequence[str]) -> None:
        """Note what the person said in a conversation, beside what was noted of it before."""
        ...

    async def said(self, receipt_id: int) -> Mapping[int, Sequence[str]]:
        """Return what was noted, by conversation; nothing once the receipt's subject was dropped."""
        ...


class PersonReading(Protocol):
    """What there is of a person.

    Raises: StoreError.
    """

    async def who(self, person_id: int) -> Who | None: ...

    async def known_as(self, platform: Platform, external_id: str) -> Who | None: ...

    async def conversations_of(self, who: Who, place: SeenFrom | None) -> list[int]:
        """Return the conversations in which they took part, in order, everywhere or as seen from the place."""
        ...

    async def following(self, conversation_ids: Collection[int]) -> list[int]:
        """Return the conversations that go on from these, directly or by others in between, in order."""
        ...

    async def readers_of(self, conversation_ids: Collection[int]) -> list[int]:
        """Return the other conversations, in order, in which somebody who saw one of these could be shown it."""
        ...

    async def waiting(self, who: Who, place: SeenFrom | None, before: int) -> dict[Platform, list[str]]:
        """Return their messages older than `before` that have no answer yet, by platform."""
        ...

    async def keys_of(self, platform: Platform, event_ids: Collection[str]) -> dict[str, int]:
        """Return when messages were accepted, as keys that sort with all ids."""
        ...

    async def rows_of(self, who: Who, place: SeenFrom | None) -> dict[str, int]:
        """Count what is kept of them beside messages and conversations, by table."""
        ...


class PersonForgetting(Protocol):
    """Taking a person out of the database.

    Raises: StoreError; nothing of the failed step was changed.
    """

    async def rewrite(self, change: Rewritten) -> None:
        """Leave of a conversation what is given, in one transaction."""
        ...

    async def forget_rows(self, who: Who, place: SeenFrom | None, before: int) -> None:
        """Remove what is kept of them beside messages, everywhere their names too; what is newer is somebody new's.

        `before` is the receipt's number: with the names that says in one step that nothing shows them any more.
        """
        ...

    async def unfinished_tasks_of(self, who: Who) -> list[int]:
        """Return the tasks under way that name them."""
        ...

    async def forget_tasks_of(self, who: Who) -> list[int]:
        """Remove the tasks that are over and name them; return which."""
        ...

    async def erase(self) -> None:
        """Have nothing of what was deleted left in the database's files."""
        ...


@dataclass(frozen=True, slots=True)
class OldSummary:
    """A user summary, and the person whom it is of, where that is known."""

    summary_id: int
    person_id: int | None
    updated_at: datetime


class RetentionStore(Protocol):
    """What is kept how long.

    Raises: StoreError.
    """

    async def rules(self) -> list[RetentionRule]: ...

    async def put_rule(self, rule: RetentionRule) -> RetentionRule:
        """Keep a rule, in place of the one for the same place or person."""
        ...

    async def remove_rule(self, rule_id: int) -> bool: ...

    async def older_than(self, moment: datetime, *, after: int = 0, limit: int = 500) -> list[int]:
        """Return the next conversations by id that hold a message from before then, or were begun before then."""
        ...

    async def people_in(self, conversation_id: int) -> Mapping[str, int]:
        """Return the persons behind those who took part, by how the platform knows them."""
        ...

    async def old_summaries(self, moment: datetime) -> list[OldSummary]:
        """Return user summaries last changed before then."""
        ...

    async def delete_summaries(self, summary_ids: Sequence[int]) -> int: ...


@dataclass(frozen=True, slots=True)
class Exported:
    """What is kept of a person, as rows by what they are of."""

    rows: Mapping[str, Sequence[Mapping[str, object]]] = field(default_factory=dict)


class PersonExport(Protocol):
    """Everything of a person beside conversations.

    Raises: StoreError.
    """

    async def everything_of(self, who: Who) -> Exported: ...
