"""What is counted for the summaries that programs keep of people."""

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, func, select, update

from source.adapters.storage.interaction_tables import interaction_names, interactions
from source.adapters.storage.operation_tables import user_summaries
from source.domain.interactions import EVERYBODY, NameKind


@dataclass(frozen=True, slots=True)
class Counted:
    """What one person did; the names are those of the columns."""

    total_conversations: int = 0
    total_messages: int = 0
    first_interaction: datetime | None = None
    last_interaction: datetime | None = None
    intents: dict[str, int] = field(default_factory=dict)


def counted(connection: Connection, user_ids: Sequence[str]) -> dict[str, Counted]:
    """Return what each of these people did, wherever that id is theirs."""
    own = interactions.c.external_id
    query = (
        select(
            own.label("user"),
            func.count().label("conversations"),
            func.sum(interactions.c.messages).label("messages"),
            func.min(interactions.c.first_at).label("first"),
            func.max(interactions.c.last_at).label("last"),
        )
        .where(own.in_(user_ids))
        .group_by(own)
    )
    intents = _intents(connection, user_ids)
    found = {
        row.user: Counted(row.conversations, row.messages, row.first, row.last, dict(intents[row.user]))
        for row in connection.execute(query)
    }
    return {user: found.get(user, Counted()) for user in user_ids}


def refresh_summaries(connection: Connection, user_ids: Collection[str]) -> None:
    """Have the summaries of these people, if they have any, say what is counted of them."""
    known = select(user_summaries.c.user_id).where(user_summaries.c.user_id.in_(user_ids))
    users = list(connection.execute(known).scalars()) if user_ids else []
    for user, figures in (counted(connection, users) if users else {}).items():
        own = update(user_summaries).where(user_summaries.c.user_id == user)
        connection.execute(own.values(version=user_summaries.c.version + 1, **asdict(figures)))


def is_said_there() -> ColumnElement[bool]:
    """Whether a name came up in somebody's part of a conversation."""
    return and_(
        interaction_names.c.conversation_id == interactions.c.conversation_id,
        interaction_names.c.external_id.in_([EVERYBODY, interactions.c.external_id]),
    )


def _intents(connection: Connection, users: Sequence[str]) -> defaultdict[str, Counter[str]]:
    """Count the conversations in which each intent came up."""
    query = (
        select(
            interactions.c.external_id,
            interaction_names.c.name,
            func.count(interactions.c.conversation_id.distinct()).label("number"),
        )
        .join(interaction_names, is_said_there())
        .where(interactions.c.external_id.in_(users), interaction_names.c.kind == NameKind.INTENT.value)
        .group_by(interactions.c.external_id, interaction_names.c.name)
        .order_by(interaction_names.c.name)
    )
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for row in connection.execute(query):
        counts[row.external_id][row.name] = row.number
    return counts
