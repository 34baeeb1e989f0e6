"""The tables of what is counted of people; as the newest migration leaves them."""

from typing import Final

from sqlalchemy import Column, ForeignKey, Integer, String, Table

from source.adapters.storage.moment import Moment
from source.adapters.storage.tables import metadata

# What somebody said in one conversation that they took part in, so that a deletion never has to look further than
# that, and whoever joins or leaves a person's names takes theirs along.
interactions: Final = Table(
    "interactions",
    metadata,
    # First, so that the rows of running conversations lie side by side.
    Column("conversation_id", ForeignKey("conversations.id", ondelete="CASCADE"), primary_key=True),
    Column("external_id", String, primary_key=True, index=True),
    Column("platform", String, nullable=False),
    Column("messages", Integer, nullable=False),
    Column("first_at", Moment),
    Column("last_at", Moment),
    sqlite_with_rowid=False,
)

# Which intents and languages came up in a conversation; with an empty `external_id` for all who took part.
interaction_names: Final = Table(
    "interaction_names",
    metadata,
    Column("conversation_id", ForeignKey("conversations.id", ondelete="CASCADE"), primary_key=True),
    Column("kind", String, primary_key=True),
    Column("name", String, primary_key=True),
    Column("external_id", String, primary_key=True),
    sqlite_with_rowid=False,
)
