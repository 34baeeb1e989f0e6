"""Embeddings of messages, and a number that changes when anything that was said is changed or deleted."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "message_embeddings",
        sa.Column("seq", _KEY, autoincrement=False, nullable=False),
        sa.Column("conversation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("written", sa.BigInteger(), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversations.id"],
            name="fk_message_embeddings_conversation_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("seq", name="pk_message_embeddings"),
    )
    op.create_index("ix_message_embeddings_conversation_id", "message_embeddings", ["conversation_id", "message_id"])
    op.create_index("ix_message_embeddings_written", "message_embeddings", ["written"])
    op.add_column("search_progress", sa.Column("revision", sa.BigInteger(), nullable=False, server_default="0"))
    if op.get_bind().dialect.name == "postgresql":
        _watch_on_postgresql()
    else:
        _watch_on_sqlite()


def _watch_on_sqlite() -> None:
    """Whoever changes or deletes a message, its embedding goes and copies in process memory are known to be old."""
    for when in ("UPDATE OF content, standing", "DELETE"):
        name = f"messages_{when.split()[0].lower()}d"
        op.execute(
            f"CREATE TRIGGER {name} AFTER {when} ON messages BEGIN"  # noqa: S608  # constants
            " DELETE FROM message_embeddings WHERE seq = OLD.seq;"
            " UPDATE search_progress SET revision = revision + 1; END"
        )


def _watch_on_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION echo_messages_changed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        # First what whoever keeps an embedding holds too: what they kept of the old text is seen then, and deleted.
        " UPDATE search_progress SET revision = revision + 1;"
        " DELETE FROM message_embeddings WHERE seq IN (SELECT seq FROM gone); RETURN NULL; END $$"
    )
    # A trigger with a transition table takes no list of columns.
    for when in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER messages_{when.lower()}d AFTER {when} ON messages REFERENCING OLD TABLE AS gone"
            " FOR EACH STATEMENT EXECUTE FUNCTION echo_messages_changed()"
        )
