"""What runs by itself, what it finds out, and what the API keeps; nothing that is stored is read or changed for it."""

import sqlalchemy as sa
from alembic import op

from source.adapters.storage.moment import Moment

revision = "0004"
down_revision = "0003"

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_SAID = sa.text("message_type = 'chat' AND standing = 'kept'")
_WAITING = sa.text("NOT handed_over")


def upgrade() -> None:
    _tasks()
    _archives()
    _memories()
    _metadata()
    _api()
    op.create_index("ix_messages_id", "messages", ["id"])
    op.create_index("ix_messages_said", "messages", ["created_at", "id"], sqlite_where=_SAID, postgresql_where=_SAID)
    op.create_index("ix_conversations_created_at", "conversations", ["created_at"])
    op.create_index("ix_conversations_requester", "conversations", ["requester", "created_at"])
    op.create_index("ix_conversations_state", "conversations", ["state", "created_at"])
    op.add_column("events", sa.Column("is_amended", sa.Boolean(), nullable=False, server_default=sa.text("false")))


def _tasks() -> None:
    op.create_table(
        "tasks",
        sa.Column("id", _KEY, autoincrement=False, nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("lane", sa.String(), nullable=False),
        sa.Column("input", sa.JSON(), nullable=False),
        sa.Column("output_data", sa.JSON(none_as_null=True)),
        sa.Column("error", sa.Text()),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer()),
        sa.Column("key", sa.String()),
        sa.Column("schedule_id", sa.String()),
        sa.Column("requested_by", sa.String(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("started_at", Moment()),
        sa.Column("finished_at", Moment()),
        sa.Column("handed_over", sa.Boolean(), nullable=False),
        sa.Column("cancel_requested", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_tasks"),
        sa.UniqueConstraint("key", name="uq_tasks_key"),
    )
    op.create_index("ix_tasks_schedule_id", "tasks", ["schedule_id", "id"])
    op.create_index("ix_tasks_waiting", "tasks", ["id"], sqlite_where=_WAITING, postgresql_where=_WAITING)
    op.create_table(
        "schedule_marks",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("last_tick", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_schedule_marks"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "executors",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("started_at", Moment(), nullable=False),
        sa.Column("seen_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_executors"),
        sqlite_with_rowid=False,
    )


def _archives() -> None:
    op.create_table(
        "archives",
        sa.Column("conversation_id", _KEY, autoincrement=False, nullable=False),
        sa.Column("location", sa.String(), nullable=False),
        sa.Column("is_compressed", sa.Boolean(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("stored_bytes", sa.BigInteger(), nullable=False),
        sa.Column("message_count", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("archived_by", sa.String(), nullable=False),
        sa.Column("archived_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversations.id"], name="fk_archives_conversation_id"),
        sa.PrimaryKeyConstraint("conversation_id", name="pk_archives"),
    )
    op.create_index("ix_archives_archived_at", "archives", ["archived_at"])
    op.create_table(
        "sync_status",
        sa.Column("thread_key", _KEY, autoincrement=False, nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("last_synced_at", Moment()),
        sa.Column("last_full_sync_at", Moment()),
        sa.Column("messages_found", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text()),
        sa.ForeignKeyConstraint(["thread_key"], ["threads.id"], name="fk_sync_status_thread_key", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("thread_key", name="pk_sync_status"),
    )


def _memories() -> None:
    op.create_table(
        "conversation_memories",
        sa.Column("id", _KEY, autoincrement=False, nullable=False),
        sa.Column("conversation_id", _KEY, nullable=False),
        sa.Column("memory_data", sa.JSON(), nullable=False),
        sa.Column("covers_to", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("updated_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversations.id"],
            name="fk_conversation_memories_conversation_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_conversation_memories"),
        sa.UniqueConstraint("conversation_id", name="uq_conversation_memories_conversation_id"),
    )
    op.create_table(
        "memory_failures",
        sa.Column("conversation_id", _KEY, autoincrement=False, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("failed_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name="fk_memory_failures_conversation_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("conversation_id", name="pk_memory_failures"),
    )


def _metadata() -> None:
    op.create_table(
        "message_metadata",
        sa.Column("conversation_id", _KEY, autoincrement=False, nullable=False),
        sa.Column("message_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("sentiment", sa.String()),
        sa.Column("category", sa.String()),
        sa.Column("tags", sa.JSON(none_as_null=True)),
        sa.Column("source", sa.String()),
        sa.Column("language", sa.String()),
        sa.Column("intent", sa.String()),
        sa.Column("confidence", sa.Float()),
        sa.Column("is_read", sa.Boolean(), nullable=False),
        sa.Column("is_processed", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name="fk_message_metadata_conversation_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("conversation_id", "message_id", name="pk_message_metadata"),
    )
    op.create_table(
        "conversation_metadata",
        sa.Column("conversation_id", _KEY, autoincrement=False, nullable=False),
        sa.Column("sentiment", sa.String()),
        sa.Column("category", sa.String()),
        sa.Column("tags", sa.JSON(none_as_null=True)),
        sa.Column("source", sa.String()),
        sa.Column("analyzed_to", sa.BigInteger(), nullable=False),
        sa.Column("is_starred", sa.Boolean(), nullable=False),
        sa.Column("recall_count", sa.Integer(), nullable=False),
        sa.Column("last_recalled_at", Moment()),
        sa.Column("outlet_id", sa.Integer()),
        sa.Column("language", sa.String()),
        sa.Column("intents", sa.JSON(none_as_null=True)),
        sa.Column("context", sa.JSON(none_as_null=True)),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversations.id"],
            name="fk_conversation_metadata_conversation_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("conversation_id", name="pk_conversation_metadata"),
    )
    op.create_index(
        "ix_conversation_metadata_starred",
        "conversation_metadata",
        ["conversation_id"],
        sqlite_where=sa.text("is_starred = 1"),
        postgresql_where=sa.text("is_starred"),
    )
    op.create_table(
        "user_interaction_summaries",
        sa.Column("id", _KEY, autoincrement=False, nullable=False),
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("outlet_id", sa.Integer()),
        sa.Column("language", sa.String()),
        sa.Column("total_conversations", sa.Integer(), nullable=False),
        sa.Column("total_messages", sa.Integer(), nullable=False),
        sa.Column("intents", sa.JSON(), nullable=False),
        sa.Column("first_interaction", Moment()),
        sa.Column("last_interaction", Moment()),
        sa.Column("preferences", sa.JSON(none_as_null=True)),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("updated_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_user_interaction_summaries"),
        sa.UniqueConstraint("user_id", name="uq_user_interaction_summaries_user_id"),
    )
    op.create_index("ix_user_interaction_summaries_created_at", "user_interaction_summaries", ["created_at"])
    op.create_index(
        "ix_user_interaction_summaries_last_interaction", "user_interaction_summaries", ["last_interaction"]
    )
    op.create_index("ix_user_interaction_summaries_outlet_id", "user_interaction_summaries", ["outlet_id"])


def _api() -> None:
    op.create_table(
        "api_keys",
        sa.Column("id", _KEY, autoincrement=False, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("prefix", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("expires_at", Moment()),
        sa.Column("revoked_at", Moment()),
        sa.Column("last_used_at", Moment()),
        sa.PrimaryKeyConstraint("id", name="pk_api_keys"),
        sa.UniqueConstraint("hash", name="uq_api_keys_hash"),
        sa.UniqueConstraint("name", name="uq_api_keys_name"),
    )
    op.create_table(
        "idempotent_answers",
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("request_hash", sa.String(), nullable=False),
        sa.Column("status", sa.Integer()),
        sa.Column("headers", sa.JSON(none_as_null=True)),
        sa.Column("body", sa.LargeBinary()),
        sa.Column("created_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("owner", "key", name="pk_idempotent_answers"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_idempotent_answers_created_at", "idempotent_answers", ["created_at"])
