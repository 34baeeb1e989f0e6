"""Which personal data a message holds."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.add_column("messages", sa.Column("pii", sa.JSON(none_as_null=True)))
