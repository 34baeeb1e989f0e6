"""Writing user summaries."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from source.adapters.storage.operation_tables import user_summaries
from source.adapters.storage.record_counts import Counted, counted
from source.ports.records import SummaryWrite


def put_summaries(connection: Connection, writes: Sequence[SummaryWrite], now: datetime) -> None:
    """Make, change and delete summaries; each says what is counted of its user at this moment."""
    kept = [write for write in writes if not write.is_deleted]
    users = users_of(connection, [write.summary_id for write in kept if write.user_id is None])
    everybody = [*users.values(), *(write.user_id for write in kept if write.user_id is not None)]
    counts = counted(connection, everybody) if everybody else {}
    for write in writes:
        user = users.get(write.summary_id, "") if write.user_id is None else write.user_id
        values = {**write.facts, **(asdict(counts[user]) if user in counts else {}), "updated_at": now}
        own = user_summaries.c.id == write.summary_id
        if write.is_deleted:
            connection.execute(delete(user_summaries).where(own))
        elif write.user_id is not None:
            new = {"id": write.summary_id, "user_id": user, "version": 1, "created_at": now}
            connection.execute(insert(user_summaries).values(asdict(Counted()) | values | new))
        else:
            version = user_summaries.c.version + 1
            connection.execute(update(user_summaries).where(own).values(version=version, **values))


def users_of(connection: Connection, summary_ids: Sequence[int]) -> dict[int, str]:
    """Return whose summaries these are; one that is not there is left out."""
    rows = select(user_summaries.c.id, user_summaries.c.user_id).where(user_summaries.c.id.in_(summary_ids))
    return {row.id: row.user_id for row in connection.execute(rows)}
