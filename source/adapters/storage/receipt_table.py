"""What was forgotten and who did what, in the database."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, insert, null, select, update

from source.adapters.storage.privacy_tables import audit_log, receipts
from source.adapters.storage.row_reading import AnyRow
from source.adapters.storage.said_table import drop_said
from source.adapters.storage.sql_access import SqlAccess
from source.adapters.storage.tables import people
from source.domain.errors import StoreConflictError
from source.domain.privacy import (
    AuditEntry,
    Counts,
    Receipt,
    ReceiptKind,
    ReceiptState,
    SeenFrom,
    Subject,
    kind_of_asker,
)
from source.domain.thread import Platform, ThreadRef

_UNDER_WAY: Final = receipts.c.state == ReceiptState.UNDER_WAY.value
_UNFINISHED: Final = receipts.c.state != ReceiptState.DONE.value
BEING_FORGOTTEN: Final = "Who is being forgotten is neither linked nor taken apart until that is done: try again then."

Json = dict[str, Any]  # as JSON has it


class ReceiptTable:
    """Implements `ReceiptStore`."""

    def __init__(self, access: SqlAccess) -> None:
        self._access = access

    async def add_receipt(self, kind: ReceiptKind, *, subject: Subject | None, requested_by: str) -> Receipt:
        def apply(connection: Connection, now: datetime) -> Receipt:
            if subject is not None:
                _hold_person(connection, subject.person_id)
            known = _same_under_way(connection, kind, subject)
            if known is not None:
                return known
            row = {
                "id": self._access.ids.next(now),
                "kind": kind.value,
                "state": ReceiptState.UNDER_WAY.value,
                "subject": None if subject is None else _subject_out(subject),
                "counts": {},
                "requested_by": kind_of_asker(requested_by),
                "requested_at": now,
            }
            return _receipt_from(connection.execute(insert(receipts).values(row).returning(receipts)).one())

        return await self._access.change(apply)

    async def receipt(self, receipt_id: int) -> Receipt | None:
        return await self._access.read(_receipt, receipt_id)

    async def note_task(self, receipt_id: int, task_id: int) -> None:
        def apply(connection: Connection, _now: datetime) -> None:
            connection.execute(update(receipts).where(receipts.c.id == receipt_id).values(task_id=task_id))

        await self._access.change(apply)

    async def note_plan(self, receipt_id: int, counts: Counts, later: Sequence[int]) -> None:
        def apply(connection: Connection, _now: datetime) -> None:
            known = _receipt(connection, receipt_id)
            if known is None or known.is_done or known.subject is None:
                return
            subject = _subject_out(replace(known.subject, later=tuple(later)))
            values = {"subject": subject, "counts": dict(known.counts or counts)}
            connection.execute(update(receipts).where(receipts.c.id == receipt_id).values(values))

        await self._access.change(apply)

    async def note_forgotten(self, receipt_id: int) -> None:
        await self._access.change(lambda connection, _now: note_forgotten(connection, receipt_id))

    async def drop_subject(self, receipt_id: int) -> None:
        def apply(connection: Connection, _now: datetime) -> None:
            drop_said(connection, receipt_id)
            connection.execute(update(receipts).where(receipts.c.id == receipt_id).values(subject=null()))

        await self._access.change(apply)

    async def unfinished_receipts(self) -> list[Receipt]:
        return await self._access.read(_unfinished)

    async def finish_receipt(self, receipt_id: int, counts: Counts, *, action: str) -> Receipt:
        def apply(connection: Connection, now: datetime) -> Receipt:
            over = {
                "state": ReceiptState.DONE.value,
                "counts": dict(counts),
                "subject": null(),
                "finished_at": now,
            }
            ending = update(receipts).where(receipts.c.id == receipt_id, _UNFINISHED).values(over).returning(receipts)
            ended = connection.execute(ending).first()
            if ended is None:
                return _receipt_from(connection.execute(select(receipts).where(receipts.c.id == receipt_id)).one())
            key = self._access.ids.next(now)
            _note(connection, AuditEntry(key, now, action, ended.requested_by, receipt_id, counts))
            return _receipt_from(ended)

        return await self._access.change(apply)

    async def note_audit(self, action: str, asked_by: str, counts: Counts, *, receipt_id: int | None = None) -> None:
        def apply(connection: Connection, now: datetime) -> None:
            key = self._access.ids.next(now)
            _note(connection, AuditEntry(key, now, action, kind_of_asker(asked_by), receipt_id, counts))

        await self._access.change(apply)

    async def audit(self, *, limit: int = 100, before: int | None = None) -> list[AuditEntry]:
        return await self._access.read(_audit, limit, before)


def note_forgotten(connection: Connection, receipt_id: int) -> None:
    """Note that nothing shows it any more."""
    this = update(receipts).where(receipts.c.id == receipt_id, _UNDER_WAY)
    connection.execute(this.values(state=ReceiptState.FORGOTTEN.value))


def ensure_none_is_being_forgotten(connection: Connection, *person_ids: int) -> None:
    """Make sure that nobody waits to be forgotten of these people, whose rows the caller holds.

    Raises: StoreConflictError: somebody does.
    """
    for row in connection.execute(select(receipts).where(_UNDER_WAY)):
        subject = _receipt_from(row).subject
        if subject is not None and subject.person_id in person_ids:
            raise StoreConflictError(BEING_FORGOTTEN)


def _hold_person(connection: Connection, person_id: int) -> None:
    """Have the person stay who they are until the wish is noted."""
    query = select(people.c.id).where(people.c.id == person_id).with_for_update()
    if connection.execute(query).first() is None:
        raise StoreConflictError("This person has become one with another meanwhile, or is forgotten: ask again.")


def _note(connection: Connection, entry: AuditEntry) -> None:
    row = {"id": entry.entry_id, "at": entry.at, "action": entry.action, "asked_by": entry.asked_by}
    connection.execute(insert(audit_log).values(**row, receipt_id=entry.receipt_id, counts=dict(entry.counts)))


def _same_under_way(connection: Connection, kind: ReceiptKind, subject: Subject | None) -> Receipt | None:
    query = select(receipts).where(_UNDER_WAY, receipts.c.kind == kind.value).order_by(receipts.c.id)
    for row in connection.execute(query):
        known = _receipt_from(row)
        if _whom(known.subject) == _whom(subject):
            return known
    return None


def _whom(subject: Subject | None) -> tuple[int, SeenFrom | None] | None:
    return None if subject is None else (subject.person_id, subject.place)


def _receipt(connection: Connection, receipt_id: int) -> Receipt | None:
    row = connection.execute(select(receipts).where(receipts.c.id == receipt_id)).first()
    return None if row is None else _receipt_from(row)


def _unfinished(connection: Connection) -> list[Receipt]:
    query = select(receipts).where(_UNFINISHED).order_by(receipts.c.id)
    return [_receipt_from(row) for row in connection.execute(query)]


def _audit(connection: Connection, limit: int, before: int | None) -> list[AuditEntry]:
    query = select(audit_log).order_by(audit_log.c.id.desc()).limit(limit)
    if before is not None:
        query = query.where(audit_log.c.id < before)
    return [
        AuditEntry(row.id, row.at, row.action, row.asked_by, row.receipt_id, row.counts)
        for row in connection.execute(query)
    ]


def _receipt_from(row: AnyRow) -> Receipt:
    return Receipt(
        receipt_id=row.id,
        kind=ReceiptKind(row.kind),
        state=ReceiptState(row.state),
        counts=row.counts,
        requested_by=row.requested_by,
        requested_at=row.requested_at,
        finished_at=row.finished_at,
        task_id=row.task_id,
        subject=None if row.subject is None else _subject_in(row.subject),
    )


def _subject_out(subject: Subject) -> Json:
    place, tell = subject.place, subject.tell
    return {
        "person_id": subject.person_id,
        "place": None if place is None else [place.platform.value, place.external_id, place.guild_id, place.circle],
        "tell": None
        if tell is None
        else [tell.platform.value, tell.thread_id, tell.guild_id, tell.guild_name, tell.circle],
        "later": [*subject.later],
    }


def _subject_in(kept: Json) -> Subject:
    place, tell = kept["place"], kept["tell"]
    return Subject(
        person_id=kept["person_id"],
        place=None if place is None else SeenFrom(Platform(place[0]), *place[1:]),
        tell=None if tell is None else ThreadRef(Platform(tell[0]), *tell[1:]),
        later=tuple(kept["later"]),
    )
