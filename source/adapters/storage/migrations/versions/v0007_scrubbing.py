"""Which personal data a message holds."""

revision = "0007"
down_revision = "0006"


def upgrade() -> None: ...
