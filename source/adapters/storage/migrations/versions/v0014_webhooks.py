"""What platforms deliver by calling Echo, and who writes there."""

import sqlalchemy as sa
from alembic import op

from source.adapters.storage.moment import Moment

revision = "0014"
down_revision = "0013"

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_KEPT = sa.text("payload IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "webhook_deliveries",
        sa.Column("id", _KEY, autoincrement=True, nullable=False),
        sa.Column("platform", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("payload", sa.Text()),
        sa.Column("received_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_webhook_deliveries"),
        sa.UniqueConstraint("platform", "key", name="uq_webhook_deliveries_platform_key"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_webhook_deliveries_kept",
        "webhook_deliveries",
        ["platform", "id"],
        sqlite_where=_KEPT,
        postgresql_where=_KEPT,
    )
    op.create_table(
        "contacts",
        sa.Column("id", _KEY, autoincrement=False, nullable=False),
        sa.Column("platform", sa.String(), nullable=False),
        sa.Column("name", sa.String()),
        sa.PrimaryKeyConstraint("id", name="pk_contacts"),
    )
    op.create_table(
        "contact_addresses",
        sa.Column("platform", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("contact_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("platform", "address", name="pk_contact_addresses"),
    )
    op.create_index("ix_contact_addresses_contact_id", "contact_addresses", ["contact_id"])
