"""The tables of what people were known by, and of what came before that which it belongs to."""

from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, Integer, String, Table, Text

from source.adapters.storage.moment import Moment
from source.adapters.storage.tables import KEY, metadata

# Whose an address was, up to `until`: what was written before may arrive after somebody else has it.
former_addresses: Final = Table(
    "former_addresses",
    metadata,
    Column("platform", String, primary_key=True),
    Column("address", String, primary_key=True),
    Column("contact_id", BigInteger, primary_key=True, index=True),
    Column("until", Moment, nullable=False, index=True),
)

# Contacts that turned out to be another one; without `settled_at` what is theirs may still have to move.
merged_contacts: Final = Table(
    "merged_contacts",
    metadata,
    Column("gone", KEY, primary_key=True, autoincrement=False),
    Column("platform", String, nullable=False),
    Column("kept", BigInteger, nullable=False, index=True),
    Column("merged_at", Moment, nullable=False),
    Column("settled_at", Moment),
)

# What became of a message that has not arrived; without `text` it was taken back.
early_corrections: Final = Table(
    "early_corrections",
    metadata,
    Column("platform", String, primary_key=True),
    Column("corrects", String, primary_key=True),
    Column("contact_id", BigInteger, nullable=False, index=True),
    Column("text", Text),
    Column("at", Moment, nullable=False),
    Column("kept_at", Moment, nullable=False, index=True),
)

# What was said before Echo was there, on its way into conversations; `is_file`: it says what a placeholder stands for,
# `place` is the order of what was said in one second.
history_messages: Final = Table(
    "history_messages",
    metadata,
    Column("platform", String, primary_key=True),
    Column("key", String, primary_key=True),
    Column("contact_id", BigInteger, nullable=False, index=True),
    Column("said_at", Moment, nullable=False),
    Column("is_own", Boolean, nullable=False),
    Column("is_file", Boolean, nullable=False),
    Column("place", Integer, nullable=False),
    Column("text", Text, nullable=False),
    Column("received_at", Moment, nullable=False),
)

# How much of the history of a platform has come, in percent, or why none comes.
history_progress: Final = Table(
    "history_progress",
    metadata,
    Column("platform", String, primary_key=True),
    Column("progress", Integer, nullable=False),
    Column("error", Text),
    Column("updated_at", Moment, nullable=False),
)
