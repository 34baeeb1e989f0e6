"""The tables, as the newest migration leaves them."""

from typing import Final

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    literal_column,
    text,
)

from source.adapters.storage.moment import Moment
from source.domain.message import OF_BUSINESS

metadata: Final = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite numbers rows by itself only where the key's type is INTEGER, which holds 64 bits there.
KEY: Final = BigInteger().with_variant(Integer, "sqlite")

people: Final = Table("people", metadata, Column("id", KEY, primary_key=True, autoincrement=False))

aliases: Final = Table(
    "aliases",
    metadata,
    Column("platform", String, primary_key=True),
    Column("external_id", String, primary_key=True),
    Column("person_id", ForeignKey("people.id"), nullable=False, index=True),
    Column("display_name", String, nullable=False),
)

threads: Final = Table(
    "threads",
    metadata,
    Column("id", KEY, primary_key=True, autoincrement=False),
    Column("platform", String, nullable=False),
    Column("thread_id", String, nullable=False),
    Column("guild_id", String),
    Column("guild_name", String),
    Column("circle", String),
    UniqueConstraint("platform", "thread_id"),
)

_ACTIVE: Final = text("is_active")

conversations: Final = Table(
    "conversations",
    metadata,
    Column("id", KEY, primary_key=True, autoincrement=False),
    Column("thread_key", ForeignKey("threads.id"), nullable=False, index=True),
    Column("requester", String),
    Column("state", String, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Column("resumed_at", Moment),
    Column("ended_at", Moment),
    Column("filename", String, nullable=False),
    Column("title", Text, nullable=False),
    Column("summary", Text, nullable=False),
    Column("carried_summary", Text, nullable=False),
    Column("running_summary", Text, nullable=False),
    Column("context_start", Integer, nullable=False),
    Column("last_message_at", Moment),
    Column("is_active", Boolean, nullable=False, server_default=text("false")),
    # No foreign key: a rebuild brings conversations back in any order, and a parent may be deleted.
    Column("parent_conversation_id", BigInteger),
    Column("conversation_created_reason", String, nullable=False, server_default="first_message"),
    Index("ix_conversations_created_at", "created_at"),
    Index("ix_conversations_requester", "requester", "created_at"),
    Index("ix_conversations_state", "state", "created_at"),
    Index("ix_conversations_parent_conversation_id", "parent_conversation_id"),
    Index("uq_conversations_active", "thread_key", unique=True, sqlite_where=_ACTIVE, postgresql_where=_ACTIVE),
)

SAID: Final = text("message_type = 'chat' AND standing = 'kept'")
# Who answers for the business is none of those who talk with it.
BY_PEOPLE: Final = literal_column(
    f"(messages.requester IS NOT NULL AND messages.requester <> '{OF_BUSINESS}')", Boolean
)

# `seq` is the order of commit and is never used twice, so that the search index can stand at one number;
# `id` is the order in which a conversation took its messages.
messages: Final = Table(
    "messages",
    metadata,
    Column("seq", KEY, primary_key=True, autoincrement=True),
    Column("id", BigInteger, nullable=False),
    Column("conversation_id", ForeignKey("conversations.id"), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("message_type", String, nullable=False),
    Column("content", Text, nullable=False),
    Column("tools", JSON(none_as_null=True)),
    Column("requester", String),
    Column("event_id", String),
    Column("interrupted", Boolean, nullable=False),
    Column("edited_at", Moment),
    Column("standing", String, nullable=False, server_default="kept"),
    # The kinds of personal data in it; null: none.
    Column("pii", JSON(none_as_null=True)),
    # How far a reply has come; null: its platform does not tell.
    Column("delivery", String),
    UniqueConstraint("conversation_id", "id"),
    Index("ix_messages_id", "id"),
    # By time, what people and Echo said: counted for every look at how much is going on.
    Index("ix_messages_said", "created_at", "id", sqlite_where=SAID, postgresql_where=SAID),
    sqlite_autoincrement=True,
)

# Who took part in what: a search asks it of every hit, and a conversation may be long.
participants: Final = Table(
    "participants",
    metadata,
    Column("external_id", String, primary_key=True),
    Column("conversation_id", ForeignKey("conversations.id"), primary_key=True, index=True),
    sqlite_with_rowid=False,
)

UNFINISHED: Final = text("state <> 'delivered'")

# `text` is here until the turn's commit has put it into `messages`.
events: Final = Table(
    "events",
    metadata,
    Column("id", KEY, primary_key=True, autoincrement=False),
    Column("platform", String, nullable=False),
    Column("event_id", String, nullable=False),
    Column("thread_key", ForeignKey("threads.id"), nullable=False),
    Column("external_id", String, nullable=False),
    Column("text", Text),
    Column("sent_at", Moment, nullable=False),
    Column("accepted_at", Moment, nullable=False),
    Column("state", String, nullable=False),
    Column("conversation_id", BigInteger),
    Column("reply_id", BigInteger),
    Column("kind", String, nullable=False, server_default="message"),
    Column("reply_to", String),
    # Whether its text is not the one that was accepted, for another process that answers it meanwhile.
    Column("is_amended", Boolean, nullable=False, server_default=text("false")),
    UniqueConstraint("platform", "event_id"),
    Index("ix_events_unfinished", "id", sqlite_where=UNFINISHED, postgresql_where=UNFINISHED),
)

usage: Final = Table(
    "usage",
    metadata,
    Column("id", KEY, primary_key=True, autoincrement=True),
    Column("conversation_id", ForeignKey("conversations.id"), nullable=False, index=True),
    Column("model", String, nullable=False),
    Column("purpose", String, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("input_tokens", Integer, nullable=False),
    Column("cached_tokens", Integer, nullable=False),
    Column("output_tokens", Integer, nullable=False),
    Column("estimated", Boolean, nullable=False),
    Column("cost", BigInteger),
    Column("person", String),
)

# Which message of the platform shows which part of the reply to which event.
sent_parts: Final = Table(
    "sent_parts",
    metadata,
    Column("platform", String, primary_key=True),
    Column("external_id", String, primary_key=True),
    Column("key", BigInteger, nullable=False, index=True),
    Column("part", Integer, nullable=False),
    sqlite_with_rowid=False,
)

UNTOLD: Final = text("status = ''")

# What a platform tells of each message it was sent; without a status it is not known whether there is one.
sent_statuses: Final = Table(
    "sent_statuses",
    metadata,
    Column("platform", String, primary_key=True),
    Column("external_id", String, primary_key=True),
    Column("key", BigInteger, nullable=False, index=True),
    Column("part", Integer, nullable=False),
    Column("parts", Integer, nullable=False),
    # Of the message that all parts of the reply are.
    Column("message_id", BigInteger, index=True),
    Column("status", String, nullable=False),
    Column("code", Integer),
    Column("told_at", Moment, nullable=False),
    Index("ix_sent_statuses_untold", "told_at", sqlite_where=UNTOLD, postgresql_where=UNTOLD),
    sqlite_with_rowid=False,
)

# Up to which message a channel has seen a place of its platform.
seen_marks: Final = Table(
    "seen_marks",
    metadata,
    Column("platform", String, primary_key=True),
    Column("place", String, primary_key=True),
    Column("last", String, nullable=False),
    sqlite_with_rowid=False,
)

feedback: Final = Table(
    "feedback",
    metadata,
    Column("key", BigInteger, primary_key=True, autoincrement=False),
    Column("platform", String, primary_key=True),
    Column("external_id", String, primary_key=True),
    Column("value", Integer, nullable=False),
    Column("given_at", Moment, nullable=False),
)

# One row: the search index holds every chat message up to `indexed_to`, a `messages.seq`; `revision` changes when
# anything that was said is changed or deleted.
search_progress: Final = Table(
    "search_progress",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("indexed_to", BigInteger, nullable=False),
    Column("revision", BigInteger, nullable=False, server_default="0"),
)

# By the `revision` that it led to, each conversation of which something was changed or deleted; the newest changes.
message_changes: Final = Table(
    "message_changes",
    metadata,
    Column("revision", BigInteger, primary_key=True, autoincrement=False),
    Column("conversation_id", BigInteger, primary_key=True, autoincrement=False),
)

# One row: every message up to `written_to`, a `messages.seq`, is in its transcript.
transcript_progress: Final = Table(
    "transcript_progress",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("written_to", BigInteger, nullable=False),
)

# Whatever else changed since then; triggers count it, so that what changes while it is written stays.
unwritten_transcripts: Final = Table(
    "unwritten_transcripts",
    metadata,
    Column("conversation_id", KEY, primary_key=True, autoincrement=False),
    Column("changes", BigInteger, nullable=False),
)
