"""What became of what was sent."""

import sqlalchemy as sa
from alembic import op

from source.adapters.storage.moment import Moment

revision = "0015"
down_revision = "0014"

_UNTOLD = sa.text("status = ''")
# As 0012 has it.
_REMEMBERED = 10_000
_NOTE = (
    "INSERT INTO unwritten_transcripts (conversation_id, changes) VALUES (OLD.conversation_id, 1)"
    " ON CONFLICT (conversation_id) DO UPDATE SET changes = unwritten_transcripts.changes + 1;"
)


def upgrade() -> None:
    op.add_column("messages", sa.Column("delivery", sa.String()))
    op.create_table(
        "sent_statuses",
        sa.Column("platform", sa.String(), nullable=False),
        sa.Column("external_id", sa.String(), nullable=False),
        sa.Column("key", sa.BigInteger(), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("parts", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.BigInteger()),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("code", sa.Integer()),
        sa.Column("told_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("platform", "external_id", name="pk_sent_statuses"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_sent_statuses_key", "sent_statuses", ["key"])
    op.create_index("ix_sent_statuses_message_id", "sent_statuses", ["message_id"])
    op.create_index(
        "ix_sent_statuses_untold", "sent_statuses", ["told_at"], sqlite_where=_UNTOLD, postgresql_where=_UNTOLD
    )
    if op.get_bind().dialect.name == "postgresql":
        _watch_on_postgresql()
    else:
        _watch_on_sqlite()


def _watch_on_sqlite() -> None:
    """A transcript says how far a reply has come."""
    op.execute("DROP TRIGGER messages_update_unwritten")
    op.execute(
        "CREATE TRIGGER messages_update_unwritten AFTER UPDATE OF content, edited_at, standing, delivery ON messages"
        f" BEGIN {_NOTE} END"
    )


def _watch_on_postgresql() -> None:
    """What was said has not changed when a reply arrives: searches and embeddings stay good."""
    op.execute(
        "CREATE FUNCTION echo_messages_rewritten() RETURNS trigger LANGUAGE plpgsql AS $$"  # noqa: S608  # a constant
        " DECLARE rewritten bigint[]; BEGIN"
        " SELECT array_agg(gone.seq) INTO rewritten FROM gone JOIN kept ON kept.seq = gone.seq"
        " WHERE gone.content <> kept.content OR gone.standing <> kept.standing;"
        " IF rewritten IS NULL THEN RETURN NULL; END IF;"
        " UPDATE search_progress SET revision = revision + 1;"
        " INSERT INTO message_changes (revision, conversation_id)"
        " SELECT DISTINCT revision, conversation_id FROM search_progress, gone WHERE gone.seq = ANY (rewritten);"
        f" DELETE FROM message_changes WHERE revision <= (SELECT revision - {_REMEMBERED} FROM search_progress);"
        " DELETE FROM message_embeddings WHERE seq = ANY (rewritten); RETURN NULL; END $$"
    )
    op.execute("DROP TRIGGER messages_updated ON messages")
    op.execute(
        "CREATE TRIGGER messages_updated AFTER UPDATE ON messages REFERENCING OLD TABLE AS gone NEW TABLE AS kept"
        " FOR EACH STATEMENT EXECUTE FUNCTION echo_messages_rewritten()"
    )
