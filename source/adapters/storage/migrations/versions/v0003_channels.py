"""What a channel with threads, edits and buttons needs; nothing that is stored is read or changed for it."""

import sqlalchemy as sa
from alembic import op

from source.adapters.storage.moment import Moment

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    _add_columns()
    _sent_parts()
    _seen_marks()
    _feedback()


def _add_columns() -> None:
    op.add_column("threads", sa.Column("circle", sa.String()))
    op.add_column("messages", sa.Column("edited_at", Moment()))
    op.add_column("messages", sa.Column("standing", sa.String(), nullable=False, server_default="kept"))
    op.add_column("events", sa.Column("kind", sa.String(), nullable=False, server_default="message"))
    op.add_column("events", sa.Column("reply_to", sa.String()))
    op.add_column("usage", sa.Column("cost", sa.BigInteger()))
    op.add_column("usage", sa.Column("person", sa.String()))


def _sent_parts() -> None:
    op.create_table(
        "sent_parts",
        sa.Column("platform", sa.String(), nullable=False),
        sa.Column("external_id", sa.String(), nullable=False),
        sa.Column("key", sa.BigInteger(), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("platform", "external_id", name="pk_sent_parts"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_sent_parts_key", "sent_parts", ["key"])


def _seen_marks() -> None:
    op.create_table(
        "seen_marks",
        sa.Column("platform", sa.String(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("last", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("platform", "place", name="pk_seen_marks"),
        sqlite_with_rowid=False,
    )


def _feedback() -> None:
    op.create_table(
        "feedback",
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("platform", sa.String(), nullable=False),
        sa.Column("external_id", sa.String(), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.Column("given_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("key", "platform", "external_id", name="pk_feedback"),
    )
