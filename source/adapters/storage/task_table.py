"""The rows of tasks, and of the processes that do them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, delete, func, select, text, true, update

from source.adapters.storage.operation_tables import executors, tasks
from source.adapters.storage.row_reading import AnyRow
from source.adapters.storage.sql_access import SqlAccess, insert_of
from source.domain.task import Json, Lane, NewTask, Task, TaskStatus

# Written as in the index of waiting tasks, or it would not be used.
_WAITING: Final = text("NOT handed_over")
_OPEN: Final = tasks.c.status.in_([status.value for status in TaskStatus if not status.is_final])


class TaskTable:
    """Implements `TaskStore` and `TaskProgress`."""

    def __init__(self, access: SqlAccess) -> None:
        self._access = access

    async def add(self, new: NewTask, lane: Lane) -> Task:
        def apply(connection: Connection, now: datetime) -> Task:
            row = {
                "id": self._access.ids.next(now),
                "type": str(new.type),
                "status": TaskStatus.PENDING.value,
                "lane": lane.value,
                "input": dict(new.input),
                "attempts": 0,
                "done": 0,
                "key": new.key,
                "schedule_id": new.schedule_id,
                "requested_by": new.requested_by,
                "created_at": now,
                "handed_over": False,
                "cancel_requested": False,
            }
            statement = insert_of(connection, tasks).on_conflict_do_nothing(index_elements=["key"])
            added = connection.execute(statement.values(row).returning(tasks)).first()
            known = added or connection.execute(select(tasks).where(tasks.c.key == new.key)).one()
            return _task_from(known)

        return await self._access.change(apply)

    async def get(self, task_id: int) -> Task | None:
        return await self._access.read(_get, task_id)

    async def listed(
        self,
        *,
        status: TaskStatus | None = None,
        type: str | None = None,  # noqa: A002  # the field's name
        schedule_id: str | None = None,
        key: str | None = None,
        limit: int = 50,
        offset: int = 0,
    ) -> list[Task]:
        wanted = [
            column == str(value)
            for column, value in (
                (tasks.c.status, status),
                (tasks.c.type, type),
                (tasks.c.schedule_id, schedule_id),
                (tasks.c.key, key),
            )
            if value is not None
        ]
        query = select(tasks).where(*wanted).order_by(tasks.c.id.desc()).limit(limit).offset(offset)
        return await self._tasks(query)

    async def waiting(self, lanes: Sequence[Lane], limit: int = 100) -> list[Task]:
        is_ours = tasks.c.lane.in_([lane.value for lane in lanes])
        query = select(tasks).where(_WAITING, is_ours).order_by(tasks.c.id).limit(limit)
        return await self._tasks(query)

    async def note_handed_over(self, task_ids: Sequence[int]) -> None:
        def apply(connection: Connection, _now: datetime) -> None:
            connection.execute(update(tasks).where(tasks.c.id.in_(task_ids)).values(handed_over=True))

        await self._access.change(apply)

    async def in_hand(self) -> list[Task]:
        return await self._tasks(select(tasks).where(tasks.c.handed_over == true(), _OPEN).order_by(tasks.c.id))

    async def begin(self, task_id: int) -> Task | None:
        def apply(connection: Connection, now: datetime) -> Task | None:
            begun = (
                update(tasks)
                .where(tasks.c.id == task_id, _OPEN)
                .values(
                    status=TaskStatus.RUNNING.value,
                    attempts=tasks.c.attempts + 1,
                    started_at=func.coalesce(tasks.c.started_at, now),
                )
                .returning(tasks)
            )
            row = connection.execute(begun).first()
            return None if row is None else _task_from(row)

        return await self._access.change(apply)

    async def note_progress(self, task_id: int, *, done: int, total: int) -> bool:
        def apply(connection: Connection, _now: datetime) -> bool:
            noted = update(tasks).where(tasks.c.id == task_id, _OPEN).values(done=done, total=total)
            is_cancelled = connection.execute(noted.returning(tasks.c.cancel_requested)).scalar()
            return is_cancelled is False

        return await self._access.change(apply)

    async def finish(
        self, task_id: int, status: TaskStatus, *, output_data: Json | None = None, error: str | None = None
    ) -> None:
        def apply(connection: Connection, now: datetime) -> None:
            output = None if output_data is None else dict(output_data)
            over = {"status": status.value, "finished_at": now, "output_data": output, "error": error}
            connection.execute(update(tasks).where(tasks.c.id == task_id, _OPEN).values(over))

        await self._access.change(apply)

    async def request_cancel(self, task_id: int) -> Task | None:
        def apply(connection: Connection, now: datetime) -> Task | None:
            asked = update(tasks).where(tasks.c.id == task_id)
            # Out of the engines' sight: whoever has taken it already finds that it is over.
            gone = {"status": TaskStatus.CANCELLED.value, "finished_at": now, "handed_over": True}
            connection.execute(asked.where(_has(TaskStatus.PENDING)).values({**gone, "cancel_requested": True}))
            connection.execute(asked.where(_has(TaskStatus.RUNNING)).values(cancel_requested=True))
            return _get(connection, task_id)

        return await self._access.change(apply)

    async def delete_finished(self, before: datetime, limit: int = 1_000) -> int:
        newest = select(func.max(tasks.c.id)).where(tasks.c.schedule_id.is_not(None)).group_by(tasks.c.schedule_id)
        old = select(tasks.c.id).where(tasks.c.finished_at < before, tasks.c.id.not_in(newest)).limit(limit)

        def apply(connection: Connection, _now: datetime) -> int:
            return connection.execute(delete(tasks).where(tasks.c.id.in_(old))).rowcount

        return await self._access.change(apply)

    async def _tasks(self, query: Select[Any]) -> list[Task]:
        return await self._access.read(_listed, query)


class ExecutorTable:
    """Implements `ExecutorStore`."""

    def __init__(self, access: SqlAccess) -> None:
        self._access = access

    async def beat(self, executor_id: str) -> None:
        def apply(connection: Connection, now: datetime) -> None:
            row = {"id": executor_id, "started_at": now, "seen_at": now}
            put = insert_of(connection, executors).values(row)
            connection.execute(put.on_conflict_do_update(index_elements=["id"], set_={"seen_at": now}))

        await self._access.change(apply)

    async def leave(self, executor_id: str) -> None:
        def apply(connection: Connection, _now: datetime) -> None:
            connection.execute(delete(executors).where(executors.c.id == executor_id))

        await self._access.change(apply)

    async def heard(self) -> Mapping[str, datetime]:
        return await self._access.read(_heard)


def _get(connection: Connection, task_id: int) -> Task | None:
    row = connection.execute(select(tasks).where(tasks.c.id == task_id)).first()
    return None if row is None else _task_from(row)


def _listed(connection: Connection, query: Select[Any]) -> list[Task]:
    return [_task_from(row) for row in connection.execute(query)]


def _heard(connection: Connection) -> dict[str, datetime]:
    return {row.id: row.seen_at for row in connection.execute(select(executors))}


def _has(status: TaskStatus) -> ColumnElement[bool]:
    return tasks.c.status == status.value


def _task_from(row: AnyRow) -> Task:
    return Task(
        task_id=row.id,
        type=row.type,
        status=TaskStatus(row.status),
        lane=Lane(row.lane),
        input=row.input,
        requested_by=row.requested_by,
        created_at=row.created_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
        attempts=row.attempts,
        done=row.done,
        total=row.total,
        output_data=row.output_data,
        error=row.error,
        key=row.key,
        schedule_id=row.schedule_id,
        cancel_requested=row.cancel_requested,
    )
