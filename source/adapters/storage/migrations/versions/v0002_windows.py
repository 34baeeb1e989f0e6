"""What windows need; conversations from before get it from their newest message."""

import sqlalchemy as sa
from alembic import op

from source.adapters.storage.moment import Moment

revision = "0002"
down_revision = "0001"

_ACTIVE = sa.text("is_active")


def upgrade() -> None:
    op.add_column("conversations", sa.Column("last_message_at", Moment()))
    op.add_column(
        "conversations", sa.Column("is_active", sa.Boolean(), nullable=False, server_default=sa.text("false"))
    )
    op.add_column("conversations", sa.Column("parent_conversation_id", sa.BigInteger()))
    op.add_column(
        "conversations",
        sa.Column("conversation_created_reason", sa.String(), nullable=False, server_default="first_message"),
    )
    _date()
    _activate_the_latest()
    _end_the_others()
    op.create_index(
        "uq_conversations_active",
        "conversations",
        ["thread_key"],
        unique=True,
        sqlite_where=_ACTIVE,
        postgresql_where=_ACTIVE,
    )


def _date() -> None:
    op.execute(
        "UPDATE conversations SET last_message_at ="
        " (SELECT max(created_at) FROM messages WHERE messages.conversation_id = conversations.id)"
    )


def _activate_the_latest() -> None:
    """Of a thread's conversations that nobody ended, the one with the latest message goes on."""
    op.execute(
        "UPDATE conversations SET is_active = true WHERE id IN (SELECT id FROM (SELECT id, row_number() OVER"
        " (PARTITION BY thread_key ORDER BY coalesce(last_message_at, created_at) DESC, id DESC) AS place"
        " FROM conversations WHERE state = 'active') AS ranked WHERE place = 1)"
    )


def _end_the_others() -> None:
    op.execute(
        "UPDATE conversations SET state = 'ended', ended_at = coalesce(last_message_at, created_at)"
        " WHERE state = 'active' AND NOT is_active"
    )
