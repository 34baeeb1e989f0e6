"""Until when people may be answered, and what waits until they write again."""

import sqlalchemy as sa
from alembic import op

from source.adapters.storage.moment import Moment

revision = "0016"
down_revision = "0015"

# Who has written before is known by the messages that were accepted.
_KNOWN = """
INSERT INTO last_written (platform, contact_id, wrote_at)
SELECT contacts.platform, contacts.id, max(events.sent_at)
FROM contacts
JOIN threads ON threads.platform = contacts.platform AND threads.thread_id = CAST(contacts.id AS VARCHAR)
JOIN events ON events.thread_key = threads.id
GROUP BY contacts.platform, contacts.id
"""


def upgrade() -> None:
    op.create_table(
        "last_written",
        sa.Column("platform", sa.String(), nullable=False),
        sa.Column("contact_id", sa.BigInteger(), nullable=False),
        sa.Column("wrote_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("platform", "contact_id", name="pk_last_written"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "parked_replies",
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("is_told", sa.Boolean(), nullable=False),
        sa.Column("parked_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_parked_replies"),
    )
    op.execute(_KNOWN)
