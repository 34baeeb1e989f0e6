"""Rules of retention, and the log of what was deleted and handed over."""

revision = "0008"
down_revision = "0007"


def upgrade() -> None: ...
