"""Which transcripts may be behind the store: a crash forgets what still waited to be written."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
# Before there was a mark, a start looked at the newest conversations only.
_LOOKED_AT_ONCE_MORE = 1_000
_HEAD = "UPDATE OF state, title, summary, carried_summary, running_summary, context_start, parent_conversation_id"
_NOTE = (
    "INSERT INTO unwritten_transcripts (conversation_id, changes) {values}"
    " ON CONFLICT (conversation_id) DO UPDATE SET changes = unwritten_transcripts.changes + 1;"
)


def upgrade() -> None:
    op.create_table(
        "unwritten_transcripts",
        sa.Column("conversation_id", _KEY, autoincrement=False, nullable=False),
        sa.Column("changes", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("conversation_id", name="pk_unwritten_transcripts"),
    )
    op.create_table(
        "transcript_progress",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("written_to", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_transcript_progress"),
    )
    op.execute(
        "INSERT INTO transcript_progress (id, written_to)"  # noqa: S608  # a constant
        f" SELECT 1, COALESCE(max(seq), 0) - {_LOOKED_AT_ONCE_MORE} FROM messages"
    )
    if op.get_bind().dialect.name == "postgresql":
        _watch_on_postgresql()
    else:
        _watch_on_sqlite()


def _watch_on_sqlite() -> None:
    """Note every change but new messages, which are told by their numbers."""
    for table, owner, whens in (
        ("conversations", "NEW.id", ("INSERT", _HEAD)),
        ("messages", "OLD.conversation_id", ("UPDATE OF content, edited_at, standing", "DELETE")),
    ):
        note = _NOTE.format(values=f"VALUES ({owner}, 1)")
        for when in whens:
            name = f"{table}_{when.split(maxsplit=1)[0].lower()}_unwritten"
            op.execute(f"CREATE TRIGGER {name} AFTER {when} ON {table} BEGIN {note} END")
    op.execute(
        "CREATE TRIGGER conversations_delete_written AFTER DELETE ON conversations BEGIN"
        " DELETE FROM unwritten_transcripts WHERE conversation_id = OLD.id; END"
    )


def _watch_on_postgresql() -> None:
    # Always in one order, so that nobody waits for each other in a circle.
    gone = "SELECT DISTINCT conversation_id, 1 FROM gone ORDER BY conversation_id"
    _function("echo_messages_unwritten", _NOTE.format(values=gone))
    _function("echo_conversation_unwritten", _NOTE.format(values="VALUES (NEW.id, 1)"))
    written = "DELETE FROM unwritten_transcripts WHERE conversation_id IN (SELECT id FROM gone);"
    _function("echo_conversations_written", written)
    # A trigger with a transition table takes no list of columns, and every turn moves the times of a conversation.
    for when in ("INSERT", _HEAD):
        _trigger("conversations", f"{when} ON conversations FOR EACH ROW", "echo_conversation_unwritten")
    each = "REFERENCING OLD TABLE AS gone FOR EACH STATEMENT"
    _trigger("conversations", f"DELETE ON conversations {each}", "echo_conversations_written")
    for when in ("UPDATE", "DELETE"):
        _trigger("messages", f"{when} ON messages {each}", "echo_messages_unwritten")


def _trigger(table: str, when: str, function: str) -> None:
    name = f"{table}_{when.split(maxsplit=1)[0].lower()}_unwritten"
    op.execute(f"CREATE TRIGGER {name} AFTER {when} EXECUTE FUNCTION {function}()")


def _function(name: str, body: str) -> None:
    op.execute(f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} RETURN NULL; END $$")
