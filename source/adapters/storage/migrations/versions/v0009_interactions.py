"""What is counted of each person."""

revision = "0009"
down_revision = "0008"


def upgrade() -> None: ...
