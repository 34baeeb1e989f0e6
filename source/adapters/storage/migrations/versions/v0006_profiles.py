"""Profiles of people, and the codes that join their accounts."""

revision = "0006"
down_revision = "0005"


def upgrade() -> None: ...
