"""The tables of what is known of people out of the memories of conversations; as the newest migration leaves them."""

from typing import Final

from sqlalchemy import JSON, BigInteger, Column, ForeignKey, Index, String, Table, Text

from source.adapters.storage.moment import Moment

# A fact belongs to the memory that it is read from, and goes with it.
from source.adapters.storage.operation_tables import conversation_memories
from source.adapters.storage.tables import KEY, metadata

# One row for each item of a memory and person who said what it cites. `form` is what two wordings of the same have in
# common; `slots` is what the item tells of which subject, by rule; `replaces` are ids of facts that it makes out of
# date, by what the model said.
facts: Final = Table(
    "facts",
    metadata,
    Column("id", KEY, primary_key=True, autoincrement=True),
    Column("person_id", ForeignKey("people.id", ondelete="CASCADE"), nullable=False),
    Column(
        "conversation_id",
        ForeignKey(conversation_memories.c.conversation_id, ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    Column("part", String, nullable=False),
    Column("text", Text, nullable=False),
    Column("form", Text, nullable=False),
    Column("name", Text),
    Column("message_ids", JSON, nullable=False),
    Column("said_at", Moment, nullable=False),
    Column("slots", JSON(none_as_null=True)),
    Column("replaces", JSON(none_as_null=True)),
    Column("source", String, nullable=False),
    Column("created_at", Moment, nullable=False),
    Index("ix_facts_person_id", "person_id", "said_at"),
    sqlite_autoincrement=True,
)

# What was forgotten on demand, without its words: a memory that is made again does not bring it back.
# `kept` are the digests of what the same messages show and was not forgotten.
forgotten_facts: Final = Table(
    "forgotten_facts",
    metadata,
    Column("id", KEY, primary_key=True, autoincrement=True),
    Column("conversation_id", ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("person_id", ForeignKey("people.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("part", String, nullable=False),
    Column("message_ids", JSON, nullable=False),
    Column("covers_to", BigInteger, nullable=False),
    Column("salt", String, nullable=False),
    Column("digest", String, nullable=False),
    Column("kept", JSON, nullable=False),
    Column("forgotten_at", Moment, nullable=False),
    sqlite_autoincrement=True,
)
