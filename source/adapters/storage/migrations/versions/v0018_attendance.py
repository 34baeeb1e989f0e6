"""Who answers in a thread, and what people want to be sent."""

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    pass
