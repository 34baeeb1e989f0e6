"""What somebody sees, for statements that name them, and for those that are made once and take them as values.

Making a statement of this size takes longer than running it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Column, ColumnElement, CompoundSelect, FromClause, Select, and_, bindparam, false, or_, select

from source.adapters.storage.tables import aliases, conversations, participants, threads
from source.domain.thread import ThreadKey
from source.ports.recall import Eyes
from source.ports.store import Scope


class _Whose(NamedTuple):
    """A scope's values, or what stands for them in a statement."""

    platform: Any
    external_id: Any
    guild_id: Any
    circle: Any


class Looking(NamedTuple):
    """How a scope looks: from a guild or not, from a closed circle or not."""

    in_guild: bool
    in_circle: bool

    @classmethod
    def of(cls, scope: Scope) -> "Looking":
        return cls(scope.guild_id is not None, scope.circle is not None)

    def whose(self, number: int = 0) -> _Whose:
        """Return the parameters of a statement for a scope that looks so."""
        return _Whose(
            bindparam(f"platform_{number}"),
            bindparam(f"external_id_{number}"),
            bindparam(f"guild_id_{number}") if self.in_guild else None,
            bindparam(f"circle_{number}") if self.in_circle else None,
        )

    def seen(self, number: int = 0) -> Select[int] | CompoundSelect[int]:
        """As `seen_from`, for the scope whose values are given with the statement."""
        return _seen_by(self.whose(number))

    def sees(self, conversation_id: Column[int], number: int = 0) -> ColumnElement[bool]:
        """Whether the scope sees the conversation of a row: of a few rows sooner told than by all that it sees."""
        this = participants.c.conversation_id == conversation_id
        ways = _ways_to_see(self.whose(number))
        return or_(*(way.where(this).correlate(conversation_id.table).exists() for way in ways))

    def person(self, number: int = 0) -> Any:  # a scalar subquery, which SQLAlchemy types by its column
        """Select the person of the scope whose values are given with the statement."""
        whose = self.whose(number)
        account = (aliases.c.platform == whose.platform, aliases.c.external_id == whose.external_id)
        return select(aliases.c.person_id).where(*account).scalar_subquery()


@dataclass(frozen=True, slots=True)
class Gaze:
    """How eyes look: those of one gaze have the same statements."""

    scopes: tuple[Looking, ...]
    is_at_person: bool = False

    @classmethod
    def of(cls, eyes: Eyes) -> "Gaze":
        return cls(tuple(map(Looking.of, eyes.scopes)), eyes.person_id is not None)

    def limits(self, conversation_id: ColumnElement[int]) -> list[ColumnElement[bool]]:
        """Return what limits a statement to what the eyes see; every read goes through it."""
        seen = [looking.seen(number) for number, looking in enumerate(self.scopes)]
        return [conversation_id.in_(each) for each in (*seen, *([_taken_part()] if self.is_at_person else []))]

    def sees(self, conversation_id: Column[int]) -> list[ColumnElement[bool]]:
        """As `limits`, for a statement that has a few rows without it."""
        seen = [looking.sees(conversation_id, number) for number, looking in enumerate(self.scopes)]
        return [*seen, conversation_id.in_(_taken_part())] if self.is_at_person else seen

    def accounts(self) -> Select[Any]:
        """Select the accounts of those who look, each by its platform and id there."""
        people = [looking.person(number) for number, looking in enumerate(self.scopes)]
        people += [bindparam("person_id")] if self.is_at_person else []
        return select(aliases.c.platform, aliases.c.external_id).where(
            or_(false(), *(aliases.c.person_id == person for person in people))
        )

    def is_asker(self) -> ColumnElement[bool] | None:
        """Return what limits a statement to the accounts of the one who looks; None: there is not one."""
        if len(self.scopes) > 1 or not (self.scopes or self.is_at_person):
            return None
        return aliases.c.person_id == (bindparam("person_id") if self.is_at_person else self.scopes[0].person())


def values_of(eyes: Eyes) -> Mapping[str, object]:
    """Return the values for the statements of the eyes' gaze."""
    values: dict[str, object] = {} if eyes.person_id is None else {"person_id": eyes.person_id}
    for number, scope in enumerate(eyes.scopes):
        values |= values_of_scope(scope, number)
    return values


def values_of_scope(scope: Scope, number: int = 0) -> dict[str, object]:
    """Return the values for the statements of how the scope looks."""
    values = {"platform": scope.platform.value, "external_id": scope.external_id}
    given = {"guild_id": scope.guild_id, "circle": scope.circle}
    values |= {name: value for name, value in given.items() if value is not None}
    return {f"{name}_{number}": value for name, value in values.items()}


def seen_from(scope: Scope, thread: ThreadKey | None = None) -> Select[int] | CompoundSelect[int]:
    """Select the ids of the conversations that this scope sees, of `thread` alone where one is given.

    Direct places of all accounts of a person are one private place; in a guild an account sees what it took part in.
    """
    return _seen_by(_Whose(scope.platform.value, scope.external_id, scope.guild_id, scope.circle), thread)


def is_of(thread: ThreadKey) -> ColumnElement[bool]:
    """Whether a row of `threads` is this one."""
    return and_(threads.c.platform == thread.platform.value, threads.c.thread_id == thread.thread_id)


def _seen_by(whose: _Whose, thread: ThreadKey | None = None) -> Select[int] | CompoundSelect[int]:
    first, *others = _ways_to_see(whose, thread)
    return first.union_all(*others) if others else first


def _ways_to_see(whose: _Whose, thread: ThreadKey | None = None) -> list[Select[int]]:
    own = and_(participants.c.external_id == whose.external_id, threads.c.platform == whose.platform)
    seen = _taken_part_in(whose, thread).where(own)
    if whose.guild_id is not None:
        return [seen]
    # Apart from the rest: a database that knows the account beforehand knows how much to expect of it.
    asked = aliases.alias("asked")
    linked = and_(
        aliases.c.person_id == asked.c.person_id, aliases.c.platform == threads.c.platform, ~_is(asked, aliases)
    )
    by_other_accounts = (
        _taken_part_in(whose, thread)
        .join(asked, and_(asked.c.platform == whose.platform, asked.c.external_id == whose.external_id))
        .join(aliases, linked)
        .where(aliases.c.external_id == participants.c.external_id)
    )
    return [seen, by_other_accounts]


def _taken_part_in(whose: _Whose, thread: ThreadKey | None) -> Select[int]:
    circles = [threads.c.circle.is_(None), *([] if whose.circle is None else [threads.c.circle == whose.circle])]
    guild = threads.c.guild_id.is_(None) if whose.guild_id is None else threads.c.guild_id == whose.guild_id
    return (
        select(participants.c.conversation_id)
        .join(conversations, conversations.c.id == participants.c.conversation_id)
        .join(threads, threads.c.id == conversations.c.thread_key)
        .where(guild, or_(*circles), *(() if thread is None else (is_of(thread),)))
    )


def _is(one: FromClause, other: FromClause) -> ColumnElement[bool]:
    return and_(one.c.platform == other.c.platform, one.c.external_id == other.c.external_id)


def _taken_part() -> Select[int]:
    """Select the conversations in which the person took part whose id is given with the statement."""
    theirs = and_(aliases.c.external_id == participants.c.external_id, aliases.c.platform == threads.c.platform)
    return (
        select(participants.c.conversation_id)
        .join(conversations, conversations.c.id == participants.c.conversation_id)
        .join(threads, threads.c.id == conversations.c.thread_key)
        .join(aliases, theirs)
        .where(aliases.c.person_id == bindparam("person_id"))
    )
