"""What was forgotten, how long things are kept, and who did what."""

import sqlalchemy as sa
from alembic import op

from source.adapters.storage.moment import Moment

revision = "0008"
down_revision = "0007"

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "receipts",
        sa.Column("id", _KEY, autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("subject", sa.JSON(none_as_null=True)),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("requested_by", sa.String(), nullable=False),
        sa.Column("task_id", sa.BigInteger()),
        sa.Column("requested_at", Moment(), nullable=False),
        sa.Column("finished_at", Moment()),
        sa.PrimaryKeyConstraint("id", name="pk_receipts"),
    )
    op.create_table(
        "audit_log",
        sa.Column("id", _KEY, autoincrement=False, nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("asked_by", sa.String(), nullable=False),
        sa.Column("receipt_id", sa.BigInteger()),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_log"),
    )
    op.create_index("ix_audit_log_at", "audit_log", ["at"])
    op.create_table(
        "retention_rules",
        sa.Column("id", _KEY, autoincrement=False, nullable=False),
        sa.Column("platform", sa.String()),
        sa.Column("guild_id", sa.String()),
        sa.Column("thread_id", sa.String()),
        sa.Column("person_id", sa.BigInteger()),
        sa.Column("message_days", sa.Integer()),
        sa.Column("summary_days", sa.Integer()),
        sa.Column("changed_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_retention_rules"),
        sa.CheckConstraint("platform IS NOT NULL OR person_id IS NOT NULL", name="ck_retention_rules_whose"),
    )
    op.create_index("ix_retention_rules_person_id", "retention_rules", ["person_id"])
    op.create_index("ix_conversations_parent_conversation_id", "conversations", ["parent_conversation_id"])
