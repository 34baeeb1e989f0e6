"""Writing user summaries."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from source.adapters.storage.operation_tables import user_summaries
from source.adapters.storage.record_counts import Counted
from source.ports.records import SummaryWrite


def put_summaries(
    connection: Connection, writes: Sequence[SummaryWrite], counts: Mapping[str, Counted], now: datetime
) -> None:
    """Make, change and delete summaries; who is counted has the numbers of `counts` from now on."""
    changed = [write.summary_id for write in writes if write.user_id is None and not write.is_deleted]
    users = users_of(connection, changed)
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
