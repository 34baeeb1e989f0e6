"""Table of what people think of single messages."""

from typing import Final

from sqlalchemy import Column, String, Table

from source.adapters.storage.moment import Moment
from source.adapters.storage.tables import metadata

# Of a reaction that was taken back the row stays, without an emoji: an older one may come after it.
reactions: Final = Table(
    "reactions",
    metadata,
    Column("platform", String, primary_key=True),
    Column("message_id", String, primary_key=True),
    Column("external_id", String, primary_key=True),
    Column("emoji", String, nullable=False),
    Column("reacted_at", Moment, nullable=False),
    sqlite_with_rowid=False,
)
