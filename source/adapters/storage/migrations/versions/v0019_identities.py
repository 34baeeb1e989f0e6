"""What people were known by, and what came before that which it belongs to."""

import sqlalchemy as sa
from alembic import op

from source.adapters.storage.moment import Moment

revision = "0019"
down_revision = "0018"

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("contact_addresses", sa.Column("since", Moment()))
    op.create_table(
        "former_addresses",
        sa.Column("platform", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("contact_id", sa.BigInteger(), nullable=False),
        sa.Column("until", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("platform", "address", "contact_id", name="pk_former_addresses"),
    )
    op.create_index("ix_former_addresses_contact_id", "former_addresses", ["contact_id"])
    op.create_index("ix_former_addresses_until", "former_addresses", ["until"])
    op.create_table(
        "merged_contacts",
        sa.Column("gone", _KEY, autoincrement=False, nullable=False),
        sa.Column("platform", sa.String(), nullable=False),
        sa.Column("kept", sa.BigInteger(), nullable=False),
        sa.Column("merged_at", Moment(), nullable=False),
        sa.Column("settled_at", Moment()),
        sa.PrimaryKeyConstraint("gone", name="pk_merged_contacts"),
    )
    op.create_index("ix_merged_contacts_kept", "merged_contacts", ["kept"])
    op.create_table(
        "early_corrections",
        sa.Column("platform", sa.String(), nullable=False),
        sa.Column("corrects", sa.String(), nullable=False),
        sa.Column("contact_id", sa.BigInteger(), nullable=False),
        sa.Column("text", sa.Text()),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("kept_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("platform", "corrects", name="pk_early_corrections"),
    )
    op.create_index("ix_early_corrections_contact_id", "early_corrections", ["contact_id"])
    op.create_index("ix_early_corrections_kept_at", "early_corrections", ["kept_at"])
    _history()


def _history() -> None:
    op.create_table(
        "history_messages",
        sa.Column("platform", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("contact_id", sa.BigInteger(), nullable=False),
        sa.Column("said_at", Moment(), nullable=False),
        sa.Column("is_own", sa.Boolean(), nullable=False),
        sa.Column("is_file", sa.Boolean(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("received_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("platform", "key", name="pk_history_messages"),
    )
    op.create_index("ix_history_messages_contact_id", "history_messages", ["contact_id"])
    op.create_table(
        "history_progress",
        sa.Column("platform", sa.String(), nullable=False),
        sa.Column("progress", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text()),
        sa.Column("updated_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("platform", name="pk_history_progress"),
    )
