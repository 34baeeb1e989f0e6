"""The table of embeddings; as the newest migration leaves it."""

from typing import Final

from sqlalchemy import BigInteger, Column, ForeignKey, Index, LargeBinary, String, Table

from source.adapters.storage.tables import KEY, metadata

# `vector` holds half-precision numbers of length one; `seq` is the message's, and goes with its text. `written` is the
# number of the write, by which readers find what is new.
message_embeddings: Final = Table(
    "message_embeddings",
    metadata,
    Column("seq", KEY, primary_key=True, autoincrement=False),
    Column("conversation_id", ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False),
    Column("message_id", BigInteger, nullable=False),
    Column("model", String, nullable=False),
    Column("written", BigInteger, nullable=False),
    Column("vector", LargeBinary, nullable=False),
    Index("ix_message_embeddings_conversation_id", "conversation_id", "message_id"),
    Index("ix_message_embeddings_written", "written"),
)
