"""Who answers where, and what people wish and were told."""

import sqlalchemy as sa
from alembic import op

from source.adapters.storage.moment import Moment

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    op.create_table(
        "thread_attendance",
        sa.Column("platform", sa.String(), nullable=False),
        sa.Column("thread_id", sa.String(), nullable=False),
        sa.Column("mode", sa.String(), nullable=False),
        sa.Column("until", Moment()),
        sa.Column("since", Moment()),
        sa.Column("by", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("platform", "thread_id", name="pk_thread_attendance"),
    )
    op.create_table(
        "person_wishes",
        sa.Column("platform", sa.String(), nullable=False),
        sa.Column("external_id", sa.String(), nullable=False),
        sa.Column("stopped_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("platform", "external_id", name="pk_person_wishes"),
    )
    op.create_table(
        "told_once",
        sa.Column("platform", sa.String(), nullable=False),
        sa.Column("external_id", sa.String(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("mark", sa.String(), nullable=False),
        sa.Column("told_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("platform", "external_id", "what", name="pk_told_once"),
    )
