"""Tables of what platforms deliver by calling Echo, and of who writes there."""

from typing import Final

from sqlalchemy import BigInteger, Column, Index, String, Table, Text, UniqueConstraint, text

from source.adapters.storage.moment import Moment
from source.adapters.storage.tables import KEY, metadata

_KEPT: Final = text("payload IS NOT NULL")

# `payload` is here until it was seen to; the row stays, so that a repeat is known.
webhook_deliveries: Final = Table(
    "webhook_deliveries",
    metadata,
    Column("id", KEY, primary_key=True, autoincrement=True),
    Column("platform", String, nullable=False),
    Column("key", String, nullable=False),
    Column("payload", Text),
    Column("received_at", Moment, nullable=False),
    UniqueConstraint("platform", "key"),
    Index("ix_webhook_deliveries_kept", "platform", "id", sqlite_where=_KEPT, postgresql_where=_KEPT),
    sqlite_autoincrement=True,
)

contacts: Final = Table(
    "contacts",
    metadata,
    Column("id", KEY, primary_key=True, autoincrement=False),
    Column("platform", String, nullable=False),
    Column("name", String),
)

contact_addresses: Final = Table(
    "contact_addresses",
    metadata,
    Column("platform", String, primary_key=True),
    Column("address", String, primary_key=True),
    Column("contact_id", BigInteger, nullable=False, index=True),
    # When what showed that it is theirs was written.
    Column("since", Moment),
)
