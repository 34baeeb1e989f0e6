"""Tables of who answers where, and of what people wish and were told."""

from typing import Final

from sqlalchemy import Column, String, Table

from source.adapters.storage.moment import Moment
from source.adapters.storage.tables import metadata

# Threads in which a person answers; without a row, or with one that ran out, Echo does.
thread_attendance: Final = Table(
    "thread_attendance",
    metadata,
    Column("platform", String, primary_key=True),
    Column("thread_id", String, primary_key=True),
    Column("mode", String, nullable=False),
    Column("until", Moment),
    Column("since", Moment),
    Column("by", String, nullable=False),
)

# Who wants nothing unasked.
person_wishes: Final = Table(
    "person_wishes",
    metadata,
    Column("platform", String, primary_key=True),
    Column("external_id", String, primary_key=True),
    Column("stopped_at", Moment, nullable=False),
)

# What somebody is told once, or once for each `mark`.
told_once: Final = Table(
    "told_once",
    metadata,
    Column("platform", String, primary_key=True),
    Column("external_id", String, primary_key=True),
    Column("what", String, primary_key=True),
    Column("mark", String, nullable=False),
    Column("told_at", Moment, nullable=False),
)
