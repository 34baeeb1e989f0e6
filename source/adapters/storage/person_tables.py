"""Which tables keep something of a person, and which of their rows."""

from collections.abc import Iterator
from typing import Final

from sqlalchemy import ColumnElement, Table, and_, false, or_, select

from source.adapters.storage.fact_tables import facts, forgotten_facts
from source.adapters.storage.interaction_tables import interaction_names, interactions
from source.adapters.storage.operation_tables import user_summaries
from source.adapters.storage.privacy_tables import retention_rules
from source.adapters.storage.profile_tables import link_attempts, link_codes, link_notices, profile_values
from source.adapters.storage.reaction_tables import reactions
from source.adapters.storage.seen_places import seen_from
from source.adapters.storage.tables import aliases, feedback
from source.domain.privacy import SeenFrom
from source.ports.people import Alias
from source.ports.privacy import Who
from source.ports.store import Scope

# Tables with a `person_id`. Of one that also has a `conversation_id`, or columns of a place (platform, guild_id,
# circle), forgetting one place alone takes the rows of that place.
PARTS: Final[tuple[Table, ...]] = (
    facts,
    forgotten_facts,
    profile_values,
    link_codes,
    link_attempts,
    link_notices,
)

# Tables of what somebody did in a conversation, with `conversation_id` and the platform's `external_id` of theirs.
BY_ACCOUNT: Final[tuple[Table, ...]] = (interactions, interaction_names)

_PLACE: Final = ("platform", "guild_id", "circle")


def rows_by_person(who: Who, place: SeenFrom | None) -> Iterator[tuple[Table, ColumnElement[bool]]]:
    """Return each table and which of its rows are the person's, everywhere or in a place."""
    for table in PARTS:
        yield table, and_(table.c.person_id == who.person_id, *_here(table, place))
    if place is None:
        ids = [alias.external_id for alias in who.aliases]
        yield retention_rules, retention_rules.c.person_id == who.person_id
        yield user_summaries, and_(user_summaries.c.user_id.in_(ids), ~_is_of_others_too(who))
        for table in (feedback, reactions):
            yield table, or_(*(_is_by(alias, table) for alias in who.aliases))


def _is_by(alias: Alias, table: Table) -> ColumnElement[bool]:
    return and_(table.c.platform == alias.platform.value, table.c.external_id == alias.external_id)


def _is_of_others_too(who: Who) -> ColumnElement[bool]:
    """Whether somebody else has the id of a summary, on another platform: it does not say whose it is."""
    others = select(aliases.c.person_id).where(aliases.c.external_id == user_summaries.c.user_id)
    return others.where(aliases.c.person_id != who.person_id).exists()


def _here(table: Table, place: SeenFrom | None) -> list[ColumnElement[bool]]:
    if place is None:
        return []
    scope = Scope(place.platform, place.external_id, place.guild_id, place.circle)
    here: list[ColumnElement[bool]] = []
    if "conversation_id" in table.c:
        here.append(table.c.conversation_id.in_(seen_from(scope)))
    if all(name in table.c for name in _PLACE):
        here.append(is_here(table, place))
    return [or_(*here)] if here else [false()]


def is_here(table: Table, place: SeenFrom) -> ColumnElement[bool]:
    """Whether a row with the columns of a place is seen from this one; what was told directly is one place."""
    circles = [table.c.circle.is_(None), *([] if place.circle is None else [table.c.circle == place.circle])]
    if place.guild_id is None:
        return and_(table.c.guild_id.is_(None), or_(*circles))
    return and_(table.c.platform == place.platform.value, table.c.guild_id == place.guild_id, or_(*circles))
