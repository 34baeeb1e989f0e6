"""The tables of work that runs by itself, of what it finds out, and of the API; as the newest migration leaves them."""

from typing import Final

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    text,
)

from source.adapters.storage.moment import Moment
from source.adapters.storage.tables import KEY, metadata

_WAITING: Final = text("NOT handed_over")

# A task is a row here before it is work; `key` makes asking twice for the same thing one task.
tasks: Final = Table(
    "tasks",
    metadata,
    Column("id", KEY, primary_key=True, autoincrement=False),
    Column("type", String, nullable=False),
    Column("status", String, nullable=False),
    Column("lane", String, nullable=False),
    Column("input", JSON, nullable=False),
    Column("output_data", JSON(none_as_null=True)),
    Column("error", Text),
    Column("attempts", Integer, nullable=False),
    Column("done", Integer, nullable=False),
    Column("total", Integer),
    Column("key", String, unique=True),
    Column("schedule_id", String),
    Column("requested_by", String, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("started_at", Moment),
    Column("finished_at", Moment),
    Column("handed_over", Boolean, nullable=False),
    Column("cancel_requested", Boolean, nullable=False),
    Index("ix_tasks_waiting", "id", sqlite_where=_WAITING, postgresql_where=_WAITING),
    Index("ix_tasks_schedule_id", "schedule_id", "id"),
)

# Up to which tick a schedule has been looked at: what lies before it is not caught up.
schedule_marks: Final = Table(
    "schedule_marks",
    metadata,
    Column("id", String, primary_key=True),
    Column("last_tick", Moment, nullable=False),
    sqlite_with_rowid=False,
)

# Processes that run tasks; the work of one that is silent for long is taken over.
executors: Final = Table(
    "executors",
    metadata,
    Column("id", String, primary_key=True),
    Column("started_at", Moment, nullable=False),
    Column("seen_at", Moment, nullable=False),
    sqlite_with_rowid=False,
)

archives: Final = Table(
    "archives",
    metadata,
    Column("conversation_id", ForeignKey("conversations.id"), primary_key=True, autoincrement=False),
    Column("location", String, nullable=False),
    Column("is_compressed", Boolean, nullable=False),
    Column("sha256", String, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("stored_bytes", BigInteger, nullable=False),
    Column("message_count", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    Column("archived_by", String, nullable=False),
    Column("archived_at", Moment, nullable=False, index=True),
)

_FACTS_NOT_READ: Final = text("facts_version IS NULL")

# `covers_to` is the id of the last message that the memory was made of; `facts_version` is that of the rules by which
# the table of facts was filled from it, null: it was not yet.
conversation_memories: Final = Table(
    "conversation_memories",
    metadata,
    Column("id", KEY, primary_key=True, autoincrement=False),
    Column("conversation_id", ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False, unique=True),
    Column("memory_data", JSON, nullable=False),
    Column("covers_to", BigInteger, nullable=False),
    Column("source", String, nullable=False),
    Column("version", Integer, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Column("facts_version", Integer),
    Index(
        "ix_conversation_memories_unread",
        "conversation_id",
        sqlite_where=_FACTS_NOT_READ,
        postgresql_where=_FACTS_NOT_READ,
    ),
)

# Conversations whose memory could not be made; forgotten once it is.
memory_failures: Final = Table(
    "memory_failures",
    metadata,
    Column(
        "conversation_id", ForeignKey("conversations.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    ),
    Column("attempts", Integer, nullable=False),
    Column("error", Text, nullable=False),
    Column("failed_at", Moment, nullable=False),
)

# What is known about a message beyond what it says.
message_metadata: Final = Table(
    "message_metadata",
    metadata,
    Column(
        "conversation_id", ForeignKey("conversations.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    ),
    Column("message_id", BigInteger, primary_key=True, autoincrement=False),
    Column("sentiment", String),
    Column("category", String),
    Column("tags", JSON(none_as_null=True)),
    Column("source", String),
    Column("language", String),
    Column("intent", String),
    Column("confidence", Float),
    Column("is_read", Boolean, nullable=False),
    Column("is_processed", Boolean, nullable=False),
    Column("version", Integer, nullable=False),
    Column("updated_at", Moment, nullable=False),
)

# What is known about a conversation beyond its head; `analyzed_to` is the last message that it was made of.
conversation_metadata: Final = Table(
    "conversation_metadata",
    metadata,
    Column(
        "conversation_id", ForeignKey("conversations.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    ),
    Column("sentiment", String),
    Column("category", String),
    Column("tags", JSON(none_as_null=True)),
    Column("source", String),
    Column("analyzed_to", BigInteger, nullable=False),
    Column("is_starred", Boolean, nullable=False),
    Column("recall_count", Integer, nullable=False),
    Column("last_recalled_at", Moment),
    Column("outlet_id", Integer),
    Column("language", String),
    Column("intents", JSON(none_as_null=True)),
    Column("context", JSON(none_as_null=True)),
    Column("version", Integer, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Index(
        "ix_conversation_metadata_starred",
        "conversation_id",
        sqlite_where=text("is_starred = 1"),
        postgresql_where=text("is_starred"),
    ),
)

sync_status: Final = Table(
    "sync_status",
    metadata,
    Column("thread_key", ForeignKey("threads.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("status", String, nullable=False),
    Column("last_synced_at", Moment),
    Column("last_full_sync_at", Moment),
    Column("messages_found", Integer, nullable=False),
    Column("error", Text),
)

# What operators and programs keep about a person; what can be counted is counted when it is asked for.
user_summaries: Final = Table(
    "user_interaction_summaries",
    metadata,
    Column("id", KEY, primary_key=True, autoincrement=False),
    Column("user_id", String, nullable=False, unique=True),
    Column("outlet_id", Integer, index=True),
    Column("language", String),
    Column("total_conversations", Integer, nullable=False),
    Column("total_messages", Integer, nullable=False),
    Column("intents", JSON, nullable=False),
    Column("first_interaction", Moment),
    Column("last_interaction", Moment, index=True),
    Column("preferences", JSON(none_as_null=True)),
    Column("version", Integer, nullable=False),
    Column("created_at", Moment, nullable=False, index=True),
    Column("updated_at", Moment, nullable=False),
)

# Only the hash of a key is kept; `prefix` is what people recognize it by.
api_keys: Final = Table(
    "api_keys",
    metadata,
    Column("id", KEY, primary_key=True, autoincrement=False),
    Column("name", String, nullable=False, unique=True),
    Column("prefix", String, nullable=False),
    Column("hash", String, nullable=False, unique=True),
    Column("scopes", JSON, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment),
    Column("revoked_at", Moment),
    Column("last_used_at", Moment),
)

# Answers to writes that named an Idempotency-Key: the same request again gets the same answer.
idempotent_answers: Final = Table(
    "idempotent_answers",
    metadata,
    Column("owner", String, primary_key=True),
    Column("key", String, primary_key=True),
    Column("request_hash", String, nullable=False),
    Column("status", Integer),
    Column("headers", JSON(none_as_null=True)),
    Column("body", LargeBinary),
    Column("created_at", Moment, nullable=False, index=True),
    sqlite_with_rowid=False,
)
