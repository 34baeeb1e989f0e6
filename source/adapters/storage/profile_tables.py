"""The tables of who people are, and of the codes that join their accounts; as the newest migration leaves them."""

from typing import Final

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, String, Table, Text

from source.adapters.storage.moment import Moment
from source.adapters.storage.tables import KEY, metadata

# One row for each value; of those that somebody sees, the one said last holds. Without a `value` it marks that a field
# was forgotten in this place: what was said before is not found there again. The account (`platform`, `external_id`)
# is the one that gave it; an operator gives it to the person alone.
profile_values: Final = Table(
    "profile_values",
    metadata,
    Column("id", KEY, primary_key=True, autoincrement=True),
    Column("person_id", ForeignKey("people.id", ondelete="CASCADE"), nullable=False),
    Column("platform", String),
    Column("external_id", String),
    Column("guild_id", String),
    Column("circle", String),
    Column("field", String, nullable=False),
    Column("value", Text),
    Column("source", String, nullable=False),
    Column("conversation_id", ForeignKey("conversations.id", ondelete="CASCADE"), index=True),
    Column("message_id", BigInteger),
    Column("said_at", Moment, nullable=False),
    Column("created_at", Moment, nullable=False),
    Index("ix_profile_values_person_id", "person_id", "field"),
    sqlite_autoincrement=True,
)

# One code for each account; of the code itself only a digest is kept.
link_codes: Final = Table(
    "link_codes",
    metadata,
    Column("platform", String, primary_key=True),
    Column("external_id", String, primary_key=True),
    Column("person_id", ForeignKey("people.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("digest", String, nullable=False, unique=True),
    Column("expires_at", Moment, nullable=False),
    sqlite_with_rowid=False,
)

# How often somebody typed a code that there is not, since `since`.
link_attempts: Final = Table(
    "link_attempts",
    metadata,
    Column("person_id", ForeignKey("people.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("failures", Integer, nullable=False),
    Column("since", Moment, nullable=False),
)

# What a person is told when they are next heard of on an account, because there was no other way to tell it.
link_notices: Final = Table(
    "link_notices",
    metadata,
    Column("id", KEY, primary_key=True, autoincrement=True),
    Column("person_id", ForeignKey("people.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("platform", String, nullable=False),
    Column("external_id", String, nullable=False),
    Column("other_platform", String, nullable=False),
    Column("joined_at", Moment, nullable=False),
    Index("ix_link_notices_account", "platform", "external_id"),
    sqlite_autoincrement=True,
)
