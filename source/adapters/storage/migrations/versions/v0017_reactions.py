"""Reactions to messages."""

import sqlalchemy as sa
from alembic import op

from source.adapters.storage.moment import Moment

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    op.create_table(
        "reactions",
        sa.Column("platform", sa.String(), nullable=False),
        sa.Column("message_id", sa.String(), nullable=False),
        sa.Column("external_id", sa.String(), nullable=False),
        sa.Column("emoji", sa.String(), nullable=False),
        sa.Column("reacted_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("platform", "message_id", "external_id", name="pk_reactions"),
        sqlite_with_rowid=False,
    )
