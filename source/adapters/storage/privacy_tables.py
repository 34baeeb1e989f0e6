"""The tables of what is forgotten, for whom something is kept how long, and who did what."""

from typing import Final

from sqlalchemy import JSON, BigInteger, CheckConstraint, Column, Index, Integer, String, Table

from source.adapters.storage.moment import Moment
from source.adapters.storage.tables import KEY, metadata

# `subject` says who is forgotten, where, and who is told, until that is done: then nothing but counts is left.
receipts: Final = Table(
    "receipts",
    metadata,
    Column("id", KEY, primary_key=True, autoincrement=False),
    Column("kind", String, nullable=False),
    Column("state", String, nullable=False),
    Column("subject", JSON(none_as_null=True)),
    Column("counts", JSON, nullable=False),
    Column("requested_by", String, nullable=False),
    Column("task_id", BigInteger),
    Column("requested_at", Moment, nullable=False),
    Column("finished_at", Moment),
)

# What is looked for where others could have been shown it, once it stands nowhere else; gone when that is done.
forgotten_said: Final = Table(
    "forgotten_said",
    metadata,
    Column("receipt_id", BigInteger, primary_key=True, autoincrement=False),
    Column("conversation_id", BigInteger, primary_key=True, autoincrement=False),
    Column("texts", JSON, nullable=False),
)

# Who (the kind, never the name) had what done, and when.
audit_log: Final = Table(
    "audit_log",
    metadata,
    Column("id", KEY, primary_key=True, autoincrement=False),
    Column("at", Moment, nullable=False, index=True),
    Column("action", String, nullable=False),
    Column("asked_by", String, nullable=False),
    Column("receipt_id", BigInteger),
    Column("counts", JSON, nullable=False),
)

# How long is kept what was said in a place (a platform, a guild or a thread of it) or by a person; 0: for ever.
retention_rules: Final = Table(
    "retention_rules",
    metadata,
    Column("id", KEY, primary_key=True, autoincrement=False),
    Column("platform", String),
    Column("guild_id", String),
    Column("thread_id", String),
    Column("person_id", BigInteger),
    Column("message_days", Integer),
    Column("summary_days", Integer),
    Column("changed_at", Moment, nullable=False),
    CheckConstraint("platform IS NOT NULL OR person_id IS NOT NULL", name="ck_retention_rules_whose"),
    Index("ix_retention_rules_person_id", "person_id"),
)
