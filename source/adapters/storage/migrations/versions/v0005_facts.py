"""What is known of people out of the memories of conversations."""

revision = "0005"
down_revision = "0004"


def upgrade() -> None: ...
