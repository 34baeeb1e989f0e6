"""Reading what is counted of people, and counting it anew."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, and_, func, select

from source.adapters.storage.interaction_counting import recount
from source.adapters.storage.interaction_tables import interaction_names, interactions
from source.adapters.storage.record_counts import is_said_there
from source.adapters.storage.sql_access import SqlAccess
from source.adapters.storage.tables import aliases, conversations
from source.domain.interactions import Interactions, NameKind
from source.ports.interactions import Recounted

# Whose id on its platform it is: the same id on another one is somebody else's.
OF_PERSON: Final = interactions.join(
    aliases, and_(aliases.c.platform == interactions.c.platform, aliases.c.external_id == interactions.c.external_id)
)
_Key = tuple[Any, ...]  # what the columns that are grouped by hold


class InteractionTable:
    """Implements InteractionCounting."""

    def __init__(self, access: SqlAccess) -> None:
        self._access = access

    async def steps(self, *, of: int) -> list[int]:
        keys = await self._access.read(_following, 0, None, None)
        return [0, *keys[of - 1 :: of]]

    async def recount(self, *, after: int = 0, to: int | None = None, limit: int = 200) -> Recounted:
        keys = await self._access.read(_following, after, to, limit)
        if not keys:
            return Recounted(0, 0, None)
        corrected = await self._access.change(partial(_recounted, keys))
        return Recounted(len(keys), corrected, keys[-1])


def interactions_by(
    connection: Connection, named: Sequence[ColumnElement[Any]], person_ids: Sequence[int]
) -> dict[_Key, Interactions]:
    """Return what these people did, grouped by these columns; a conversation counts once in each group."""
    if not person_ids:
        return {}
    own = interactions.c
    figures = (
        func.count(own.conversation_id.distinct()).label("conversations"),
        func.sum(own.messages).label("said"),
        func.min(own.first_at).label("first"),
        func.max(own.last_at).label("last"),
    )
    query = select(*named, *figures).select_from(OF_PERSON).where(aliases.c.person_id.in_(person_ids))
    names = _names(connection, named, person_ids)
    found: dict[_Key, Interactions] = {}
    for row in connection.execute(query.group_by(*named)):
        key = tuple(row[: len(named)])
        intents, languages = names[NameKind.INTENT, *key], names[NameKind.LANGUAGE, *key]
        found[key] = Interactions(row.conversations, row.said, row.first, row.last, intents, languages)
    return found


def _names(
    connection: Connection, named: Sequence[ColumnElement[Any]], person_ids: Sequence[int]
) -> defaultdict[_Key, dict[str, int]]:
    """Return in how many conversations each name came up, by its kind and the columns; the most frequent first."""
    number = func.count(interactions.c.conversation_id.distinct())
    query = (
        select(interaction_names.c.kind, *named, interaction_names.c.name, number)
        .select_from(OF_PERSON.join(interaction_names, is_said_there()))
        .where(aliases.c.person_id.in_(person_ids))
        .group_by(interaction_names.c.kind, *named, interaction_names.c.name)
        .order_by(number.desc(), interaction_names.c.name)
    )
    found: defaultdict[_Key, dict[str, int]] = defaultdict(dict)
    for kind, *group, name, count in connection.execute(query):
        found[NameKind(kind), *group][name] = count
    return found


def _following(connection: Connection, after: int, to: int | None, limit: int | None) -> list[int]:
    query = select(conversations.c.id).where(conversations.c.id > after).order_by(conversations.c.id).limit(limit)
    return list(connection.execute(query if to is None else query.where(conversations.c.id <= to)).scalars())


def _recounted(conversation_ids: Sequence[int], connection: Connection, _now: datetime) -> int:
    return recount(connection, conversation_ids)
