"""Tables of until when a platform lets people be answered, and of what waits until they write again."""

from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, String, Table

from source.adapters.storage.moment import Moment
from source.adapters.storage.tables import metadata

# Here and not with the contacts, which do not change with every message.
last_written: Final = Table(
    "last_written",
    metadata,
    Column("platform", String, primary_key=True),
    Column("contact_id", BigInteger, primary_key=True),
    Column("wrote_at", Moment, nullable=False),
    sqlite_with_rowid=False,
)

# The reply itself is a message, whose events have no channel's word that it has arrived.
parked_replies: Final = Table(
    "parked_replies",
    metadata,
    Column("key", BigInteger, primary_key=True, autoincrement=False),
    Column("reason", String, nullable=False),
    # Whether a template has asked the person to write.
    Column("is_told", Boolean, nullable=False),
    Column("parked_at", Moment, nullable=False),
)
