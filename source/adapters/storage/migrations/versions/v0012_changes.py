"""Which conversations were changed by which revision, so that copies of the others in process memory stay good."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

# Whoever has not looked for so many changes reads everything again.
_REMEMBERED = 10_000
_NOTE = "INSERT INTO message_changes (revision, conversation_id)"
_FORGET = f"DELETE FROM message_changes WHERE revision <= (SELECT revision - {_REMEMBERED} FROM search_progress);"  # noqa: S608  # a constant


def upgrade() -> None:
    op.create_table(
        "message_changes",
        sa.Column("revision", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("conversation_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("revision", "conversation_id", name="pk_message_changes"),
    )
    # Nothing was noted before: what an earlier process may have held counts as changed.
    op.execute("UPDATE search_progress SET revision = revision + 1")
    if op.get_bind().dialect.name == "postgresql":
        _watch_on_postgresql()
    else:
        _watch_on_sqlite()


def _watch_on_sqlite() -> None:
    for when in ("UPDATE OF content, standing", "DELETE"):
        name = f"messages_{when.split(maxsplit=1)[0].lower()}d"
        op.execute(f"DROP TRIGGER {name}")
        op.execute(
            f"CREATE TRIGGER {name} AFTER {when} ON messages BEGIN"  # noqa: S608  # constants
            " DELETE FROM message_embeddings WHERE seq = OLD.seq;"
            " UPDATE search_progress SET revision = revision + 1;"
            f" {_NOTE} SELECT revision, OLD.conversation_id FROM search_progress;"
            f" {_FORGET} END"
        )


def _watch_on_postgresql() -> None:
    op.execute(
        "CREATE OR REPLACE FUNCTION echo_messages_changed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"  # noqa: S608
        # First what whoever keeps an embedding holds too: what they kept of the old text is seen then, and deleted.
        " UPDATE search_progress SET revision = revision + 1;"
        f" {_NOTE} SELECT DISTINCT revision, conversation_id FROM search_progress, gone;"
        f" {_FORGET}"
        " DELETE FROM message_embeddings WHERE seq IN (SELECT seq FROM gone); RETURN NULL; END $$"
    )
