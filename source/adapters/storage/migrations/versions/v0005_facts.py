"""What is known of people out of the memories of conversations."""

import sqlalchemy as sa
from alembic import op

from source.adapters.storage.moment import Moment

revision = "0005"
down_revision = "0004"

_KEY = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_NOT_READ = "facts_version IS NULL"


def upgrade() -> None:
    _facts()
    _forgotten_facts()
    # By which version of the rules the facts were read from a memory; null: not yet.
    op.add_column("conversation_memories", sa.Column("facts_version", sa.Integer()))
    op.create_index(
        "ix_conversation_memories_unread",
        "conversation_memories",
        ["conversation_id"],
        sqlite_where=sa.text(_NOT_READ),
        postgresql_where=sa.text(_NOT_READ),
    )


def _facts() -> None:
    op.create_table(
        "facts",
        sa.Column("id", _KEY, autoincrement=True, nullable=False),
        sa.Column("person_id", _KEY, nullable=False),
        sa.Column("conversation_id", _KEY, nullable=False),
        sa.Column("part", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("form", sa.Text(), nullable=False),
        sa.Column("name", sa.Text()),
        sa.Column("message_ids", sa.JSON(), nullable=False),
        sa.Column("said_at", Moment(), nullable=False),
        sa.Column("slots", sa.JSON(none_as_null=True)),
        sa.Column("replaces", sa.JSON(none_as_null=True)),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_facts_person_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversation_memories.conversation_id"],
            name="fk_facts_conversation_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_facts"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_facts_person_id", "facts", ["person_id", "said_at"])
    op.create_index("ix_facts_conversation_id", "facts", ["conversation_id"])


def _forgotten_facts() -> None:
    op.create_table(
        "forgotten_facts",
        sa.Column("id", _KEY, autoincrement=True, nullable=False),
        sa.Column("conversation_id", _KEY, nullable=False),
        sa.Column("person_id", _KEY, nullable=False),
        sa.Column("part", sa.String(), nullable=False),
        sa.Column("message_ids", sa.JSON(), nullable=False),
        sa.Column("covers_to", sa.BigInteger(), nullable=False),
        sa.Column("salt", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("kept", sa.JSON(), nullable=False),
        sa.Column("forgotten_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_forgotten_facts_person_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name="fk_forgotten_facts_conversation_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_forgotten_facts"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_forgotten_facts_conversation_id", "forgotten_facts", ["conversation_id"])
    op.create_index("ix_forgotten_facts_person_id", "forgotten_facts", ["person_id"])
