"""What is counted of each person; what was said until now is counted here, once."""

from collections import defaultdict

import sqlalchemy as sa
from alembic import op

from source.adapters.storage.moment import Moment
from source.domain.interactions import CountedName, cited_by, intents_in, names_said, names_told_by

revision = "0009"
down_revision = "0008"

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_AT_ONCE = 500


def upgrade() -> None:
    op.create_table(
        "interactions",
        sa.Column("conversation_id", _KEY, nullable=False),
        sa.Column("external_id", sa.String(), nullable=False),
        sa.Column("platform", sa.String(), nullable=False),
        sa.Column("messages", sa.Integer(), nullable=False),
        sa.Column("first_at", Moment()),
        sa.Column("last_at", Moment()),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversations.id"],
            name="fk_interactions_conversation_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("conversation_id", "external_id", name="pk_interactions"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "interaction_names",
        sa.Column("conversation_id", _KEY, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("external_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversations.id"],
            name="fk_interaction_names_conversation_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("conversation_id", "kind", "name", "external_id", name="pk_interaction_names"),
        sqlite_with_rowid=False,
    )
    _count()
    op.create_index("ix_interactions_external_id", "interactions", ["external_id"])
    _name()


def _count() -> None:
    op.execute(
        "INSERT INTO interactions (external_id, platform, conversation_id, messages, first_at, last_at)"
        " SELECT participants.external_id, threads.platform, participants.conversation_id,"
        " coalesce(said.messages, 0), said.first_at, said.last_at FROM participants"
        " JOIN conversations ON conversations.id = participants.conversation_id"
        " JOIN threads ON threads.id = conversations.thread_key"
        " LEFT JOIN (SELECT conversation_id, requester, count(*) AS messages, min(created_at) AS first_at,"
        " max(created_at) AS last_at FROM messages"
        " WHERE message_type = 'chat' AND standing = 'kept' AND requester IS NOT NULL"
        " GROUP BY conversation_id, requester) AS said"
        " ON said.conversation_id = participants.conversation_id AND said.requester = participants.external_id"
    )


def _name() -> None:
    names = defaultdict[int, set[CountedName]](set)
    said = sa.text(
        "SELECT known.conversation_id, messages.requester, known.intent, known.language FROM message_metadata AS known"
        " JOIN messages ON messages.conversation_id = known.conversation_id AND messages.id = known.message_id"
        " WHERE messages.requester IS NOT NULL AND messages.message_type = 'chat' AND messages.standing = 'kept'"
        " AND (known.intent IS NOT NULL OR known.language IS NOT NULL)"
    )
    for conversation_id, who, intent, language in op.get_bind().execute(said):
        names[conversation_id] |= names_said([(who, intent, language)])
    _name_by_sessions(names)
    rows = [
        {"conversation_id": key, "kind": each.kind.value, "name": each.name, "external_id": each.who}
        for key, found in names.items()
        for each in found
    ]
    table = sa.table("interaction_names", *map(sa.column, ("conversation_id", "kind", "name", "external_id")))
    for start in range(0, len(rows), _AT_ONCE):
        op.bulk_insert(table, rows[start : start + _AT_ONCE])


def _name_by_sessions(names: defaultdict[int, set[CountedName]]) -> None:
    """Memories are read a few hundred at a time: all of them together may be large."""
    query = sa.text(
        "SELECT conversations.id, known.language, known.intents, memories.memory_data FROM conversations"
        " LEFT JOIN conversation_metadata AS known ON known.conversation_id = conversations.id"
        " LEFT JOIN conversation_memories AS memories ON memories.conversation_id = conversations.id"
        " WHERE conversations.id > :after AND (known.language IS NOT NULL OR known.intents IS NOT NULL"
        " OR memories.id IS NOT NULL) ORDER BY conversations.id LIMIT :limit"
    ).columns(sa.column("id"), sa.column("language"), sa.column("intents", sa.JSON), sa.column("memory_data", sa.JSON))
    after = 0
    while rows := op.get_bind().execute(query, {"after": after, "limit": _AT_ONCE}).all():
        after = rows[-1].id
        for row in rows:
            memory = row.memory_data if isinstance(row.memory_data, dict) else {}
            cited = [each for intent in intents_in(memory) for each in cited_by(intent)]
            writers = _writers(row.id, cited) if cited else {}
            names[row.id] |= names_told_by(intents=row.intents, language=row.language, memory=memory, writers=writers)


def _writers(conversation_id: int, message_ids: list[int]) -> dict[int, str | None]:
    query = sa.text("SELECT id, requester FROM messages WHERE conversation_id = :conversation AND id IN :ids")
    found = op.get_bind().execute(
        query.bindparams(sa.bindparam("ids", expanding=True)), {"conversation": conversation_id, "ids": message_ids}
    )
    return {key: requester for key, requester in found}  # noqa: C416  (rows are tuples, but no pairs to mypy)
