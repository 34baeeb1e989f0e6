"""The tables of people, threads, conversations, messages, events and usage, and the search index."""

import sqlalchemy as sa
from alembic import op

from source.adapters.storage.migrations import postgres_search
from source.adapters.storage.moment import Moment

revision = "0001"
down_revision = None

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_UNFINISHED = sa.text("state <> 'delivered'")


def upgrade() -> None:
    _people_and_threads()
    _conversations()
    _messages()
    _events()
    _usage()
    _search()


def _people_and_threads() -> None:
    op.create_table("people", _own_key(), sa.PrimaryKeyConstraint("id", name="pk_people"))
    op.create_table(
        "aliases",
        sa.Column("platform", sa.String(), nullable=False),
        sa.Column("external_id", sa.String(), nullable=False),
        sa.Column("person_id", _KEY, nullable=False),
        sa.Column("display_name", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_aliases_person_id"),
        sa.PrimaryKeyConstraint("platform", "external_id", name="pk_aliases"),
    )
    op.create_index("ix_aliases_person_id", "aliases", ["person_id"])
    op.create_table(
        "threads",
        _own_key(),
        sa.Column("platform", sa.String(), nullable=False),
        sa.Column("thread_id", sa.String(), nullable=False),
        sa.Column("guild_id", sa.String()),
        sa.Column("guild_name", sa.String()),
        sa.PrimaryKeyConstraint("id", name="pk_threads"),
        sa.UniqueConstraint("platform", "thread_id", name="uq_threads_platform_thread_id"),
    )


def _conversations() -> None:
    op.create_table(
        "conversations",
        _own_key(),
        sa.Column("thread_key", _KEY, nullable=False),
        sa.Column("requester", sa.String()),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("updated_at", Moment(), nullable=False),
        sa.Column("resumed_at", Moment()),
        sa.Column("ended_at", Moment()),
        sa.Column("filename", sa.String(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("carried_summary", sa.Text(), nullable=False),
        sa.Column("running_summary", sa.Text(), nullable=False),
        sa.Column("context_start", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["thread_key"], ["threads.id"], name="fk_conversations_thread_key"),
        sa.PrimaryKeyConstraint("id", name="pk_conversations"),
    )
    op.create_index("ix_conversations_thread_key", "conversations", ["thread_key"])
    op.create_table(
        "participants",
        sa.Column("external_id", sa.String(), nullable=False),
        sa.Column("conversation_id", _KEY, nullable=False),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversations.id"], name="fk_participants_conversation_id"),
        sa.PrimaryKeyConstraint("external_id", "conversation_id", name="pk_participants"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_participants_conversation_id", "participants", ["conversation_id"])


def _messages() -> None:
    op.create_table(
        "messages",
        sa.Column("seq", _KEY, nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("conversation_id", _KEY, nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("message_type", sa.String(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("tools", sa.JSON(none_as_null=True)),
        sa.Column("requester", sa.String()),
        sa.Column("event_id", sa.String()),
        sa.Column("interrupted", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversations.id"], name="fk_messages_conversation_id"),
        sa.PrimaryKeyConstraint("seq", name="pk_messages"),
        sa.UniqueConstraint("conversation_id", "id", name="uq_messages_conversation_id_id"),
        sqlite_autoincrement=True,
    )


def _events() -> None:
    op.create_table(
        "events",
        _own_key(),
        sa.Column("platform", sa.String(), nullable=False),
        sa.Column("event_id", sa.String(), nullable=False),
        sa.Column("thread_key", _KEY, nullable=False),
        sa.Column("external_id", sa.String(), nullable=False),
        sa.Column("text", sa.Text()),
        sa.Column("sent_at", Moment(), nullable=False),
        sa.Column("accepted_at", Moment(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("conversation_id", sa.BigInteger()),
        sa.Column("reply_id", sa.BigInteger()),
        sa.ForeignKeyConstraint(["thread_key"], ["threads.id"], name="fk_events_thread_key"),
        sa.PrimaryKeyConstraint("id", name="pk_events"),
        sa.UniqueConstraint("platform", "event_id", name="uq_events_platform_event_id"),
    )
    op.create_index("ix_events_unfinished", "events", ["id"], sqlite_where=_UNFINISHED, postgresql_where=_UNFINISHED)


def _usage() -> None:
    op.create_table(
        "usage",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("conversation_id", _KEY, nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("input_tokens", sa.Integer(), nullable=False),
        sa.Column("cached_tokens", sa.Integer(), nullable=False),
        sa.Column("output_tokens", sa.Integer(), nullable=False),
        sa.Column("estimated", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversations.id"], name="fk_usage_conversation_id"),
        sa.PrimaryKeyConstraint("id", name="pk_usage"),
    )
    op.create_index("ix_usage_conversation_id", "usage", ["conversation_id"])


def _search() -> None:
    progress = op.create_table(
        "search_progress",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("indexed_to", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_search_progress"),
    )
    op.bulk_insert(progress, [{"id": 1, "indexed_to": 0}])
    if op.get_bind().dialect.name == "postgresql":
        postgres_search.create(op.get_bind())
    else:
        op.execute(
            "CREATE VIRTUAL TABLE messages_search USING fts5("
            "content, content = 'messages', content_rowid = 'seq', tokenize = 'porter unicode61 remove_diacritics 2')"
        )
        # Merging eight parts at a time instead of four halves the time of filling; searches notice little.
        op.execute("INSERT INTO messages_search (messages_search, rank) VALUES ('automerge', 8)")


def _own_key() -> sa.Column[int]:
    return sa.Column("id", _KEY, autoincrement=False, nullable=False)
