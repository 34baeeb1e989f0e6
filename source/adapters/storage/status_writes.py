"""What statuses of sent messages write, inside the caller's transaction."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import Final

from sqlalchemy import ColumnElement, Connection, String, bindparam, delete, select, update

from source.adapters.storage.archive_corrections import note_that_it_is_behind
from source.adapters.storage.row_reading import THREAD_COLUMNS, AnyRow, thread_from
from source.adapters.storage.sql_access import Insert, insert_for, insert_of
from source.adapters.storage.tables import conversations, events, messages, sent_parts, sent_statuses, threads
from source.adapters.storage.write_operations import NoteSent
from source.domain.conversation_head import ConversationState
from source.domain.outcome import Outcome, later, of_reply
from source.domain.thread import Platform, ThreadRef
from source.ports.sent import Failed, Followed, ReplyPart, Status, Told, begun_id, unknown_id

_AT_ONCE: Final = 500
_TOLD: Final = sent_statuses.c
# Made once, since every status takes all of these: to make them takes as long as to run them.
_PLATFORM: Final = bindparam("platform", type_=String)
_NOTED: Final = select(sent_parts.c.external_id, sent_parts.c.key, sent_parts.c.part).where(
    sent_parts.c.platform == _PLATFORM, sent_parts.c.external_id.in_(bindparam("names", expanding=True))
)
_REPLIES: Final = (
    select(
        events.c.id.label("key"), events.c.conversation_id, events.c.reply_id, conversations.c.state, *THREAD_COLUMNS
    )
    .join(conversations, conversations.c.id == events.c.conversation_id)
    .join(threads, threads.c.id == conversations.c.thread_key)
    .where(
        events.c.id.in_(bindparam("keys", expanding=True)),
        events.c.platform == _PLATFORM,
        events.c.reply_id.is_not(None),
    )
    .order_by(events.c.id)
    .with_for_update(of=events, key_share=True)
)
_KNOWN: Final = select(_TOLD.external_id, _TOLD.key, _TOLD.part, _TOLD.parts, _TOLD.status, _TOLD.code).where(
    _TOLD.key.in_(bindparam("keys", expanding=True)), _TOLD.platform == _PLATFORM
)
_DELIVERIES: Final = select(messages.c.seq, messages.c.conversation_id, messages.c.id, messages.c.delivery).where(
    messages.c.id.in_(bindparam("message_ids", expanding=True))
)
_SET_DELIVERY: Final = (
    update(messages).where(messages.c.seq == bindparam("row")).values(delivery=bindparam("new_delivery"))
)


@dataclass(frozen=True, slots=True)
class _Reply:
    """The message that an event was answered with; `place` is its conversation's id and its own."""

    place: tuple[int, int]
    thread: ThreadRef
    is_archived: bool


@dataclass(frozen=True, slots=True)
class _Sent:
    """What is told of one message so far."""

    part: ReplyPart
    outcome: Outcome = Outcome.UNTOLD
    code: int | None = None

    def told(self, status: Status, part: ReplyPart) -> "_Sent":
        whole = replace(self.part, count=max(self.part.count, part.count))
        code = self.code if self.code is not None else status.code
        return _Sent(whole, later(self.outcome, status.outcome), code)


# By the keys of replies, what is told of their messages by the ids of these.
_Known = dict[int, dict[str, _Sent]]


def await_statuses(connection: Connection, notes: Sequence[NoteSent], now: datetime) -> None:
    """Begin to wait for a status of what may not have been sent."""
    for note in notes:
        part = note.part
        row = _row(note.platform, part.external_id, _Sent(ReplyPart(part.key, part.part, part.part + 1)), None, now)
        connection.execute(insert_of(connection, sent_statuses).values(row).on_conflict_do_nothing())


def is_silent(connection: Connection, platform: Platform, since: datetime) -> bool:
    """Whether something has waited for a status since then."""
    return connection.execute(select(_TOLD.key).where(*_silent(platform, since)).limit(1)).first() is not None


def give_up(connection: Connection, platform: Platform, since: datetime, now: datetime) -> tuple[Followed, ...]:
    """Call unknown what has waited for a status since then, unless it was told of meanwhile."""
    query = select(_TOLD.external_id, _TOLD.key).where(*_silent(platform, since)).limit(_AT_ONCE)
    silent = {row.external_id: row.key for row in connection.execute(query)}
    replies = _replies(connection, platform, set(silent.values()))
    known = _known(connection, platform, replies)
    _drop(connection, platform, [each for each, key in silent.items() if key not in replies])
    lost: _Known = {}
    for key, sent in known.items():
        told = {each.part.number for each in sent.values() if each.outcome}
        waiting = {name: each for name, each in sent.items() if name in silent}
        settled = [name for name, each in waiting.items() if each.part.number in told]
        _drop(connection, platform, settled)
        lost[key] = {
            name: replace(each, outcome=Outcome.UNKNOWN) for name, each in waiting.items() if name not in settled
        }
        sent.update(lost[key])
    _put(connection, platform, lost, replies, now)
    return _follow(connection, replies, known)


def tell(connection: Connection, platform: Platform, statuses: Sequence[Status], now: datetime) -> Told:
    """Keep what is told; so many at once as one statement takes."""
    steps = range(0, len(statuses), _AT_ONCE)
    told = [_tell(connection, platform, statuses[start : start + _AT_ONCE], now) for start in steps]
    return Told(
        tuple(each for some in told for each in some.followed),
        tuple(each for some in told for each in some.failed),
        sum(some.unrelated for some in told),
        sum(some.noted for some in told),
    )


def _tell(connection: Connection, platform: Platform, statuses: Sequence[Status], now: datetime) -> Told:
    parts = _parts(connection, platform, statuses)
    replies = _replies(connection, platform, {part.key for part in parts.values()})
    known = _known(connection, platform, replies)
    changed: _Known = defaultdict(dict)
    failed: list[Failed] = []
    unrelated = 0
    for status in statuses:
        part = parts.get(status.external_id)
        if part is None or part.key not in replies:
            unrelated += 1
            continue
        sent = known[part.key]
        before = sent.get(status.external_id)
        after = (before or _Sent(part)).told(status, part)
        if status.outcome is Outcome.FAILED:
            is_new = before is None or before.outcome is not Outcome.FAILED
            is_replaced = _is_replaced(connection, platform, after.part, status.external_id)
            failed.append(Failed(after.part, after.code, is_new=is_new, is_replaced=is_replaced))
        if after != before:
            sent[status.external_id] = changed[part.key][status.external_id] = after
    noted = _confirm(connection, platform, known, changed)
    _put(connection, platform, changed, replies, now)
    return Told(_follow(connection, replies, {key: known[key] for key in changed}), tuple(failed), unrelated, noted)


def _parts(connection: Connection, platform: Platform, statuses: Sequence[Status]) -> dict[str, ReplyPart]:
    """Return which parts the messages show: as the platform says, else as it was noted when they were sent."""
    parts = {each.external_id: each.part for each in statuses if each.part is not None}
    others = {each.external_id for each in statuses} - parts.keys()
    for row in _rows_of_names(connection, platform, others):
        parts[row.external_id] = ReplyPart(row.key, row.part, row.part + 1)
    return parts


def _rows_of_names(connection: Connection, platform: Platform, names: Collection[str]) -> Iterable[AnyRow]:
    """Return what was noted of these messages when they were sent."""
    if not names:
        return ()
    return connection.execute(_NOTED, {"platform": platform.value, "names": list(names)})


def _replies(connection: Connection, platform: Platform, keys: Collection[int]) -> dict[int, _Reply]:
    """Return the replies to these events; nobody else follows statuses of them before this transaction has."""
    if not keys:
        return {}
    archived = ConversationState.ARCHIVED.value
    return {
        row.key: _Reply((row.conversation_id, row.reply_id), thread_from(row), is_archived=row.state == archived)
        for row in connection.execute(_REPLIES, {"platform": platform.value, "keys": list(keys)})
    }


def _known(connection: Connection, platform: Platform, replies: Mapping[int, _Reply]) -> _Known:
    known: _Known = {key: {} for key in replies}
    named = {"platform": platform.value, "keys": list(replies)}
    for row in connection.execute(_KNOWN, named) if replies else ():
        known[row.key][row.external_id] = _Sent(ReplyPart(row.key, row.part, row.parts), Outcome(row.status), row.code)
    return known


def _is_replaced(connection: Connection, platform: Platform, part: ReplyPart, name: str) -> bool:
    """Whether another message than this one shows the part."""
    shown = sent_parts.c
    of_part = (shown.platform == platform.value, shown.key == part.key, shown.part == part.number)
    # Nobody knows whether these stand for another message, or for this one.
    same = (name, begun_id(part), unknown_id(part))
    return connection.execute(select(shown.part).where(*of_part, shown.external_id.not_in(same))).first() is not None


def _confirm(connection: Connection, platform: Platform, known: _Known, changed: _Known) -> int:
    """Note what shows the parts of which that was not known for certain; return how many those were."""
    parts = {name: each.part for sent in changed.values() for name, each in sent.items()}
    noted = {row.external_id for row in _rows_of_names(connection, platform, parts)}
    rows = [
        {"platform": platform.value, "external_id": name, "key": part.key, "part": part.number}
        for name, part in parts.items()
        if name not in noted
    ]
    if rows:
        connection.execute(_note_part(connection.dialect.name), rows)
        _drop(connection, platform, [begun_id(part) for part in parts.values()])
    doubtful = {unknown_id(part) for part in parts.values()}
    _drop(connection, platform, [name for key in changed for name in doubtful if known[key].pop(name, None)])
    return len(rows)


def _put(
    connection: Connection, platform: Platform, given: _Known, replies: Mapping[int, _Reply], now: datetime
) -> None:
    rows = [
        _row(platform, name, each, replies[key].place[1], now)
        for key, sent in given.items()
        for name, each in sent.items()
    ]
    if rows:
        connection.execute(_put_status(connection.dialect.name), rows)


def _drop(connection: Connection, platform: Platform, names: Collection[str]) -> None:
    """Forget messages of which it was not known whether they were sent."""
    for table in (sent_statuses, sent_parts) if names else ():
        this = (table.c.platform == platform.value, table.c.external_id.in_(names))
        connection.execute(delete(table).where(*this))


def _follow(connection: Connection, replies: Mapping[int, _Reply], known: _Known) -> tuple[Followed, ...]:
    """Have the messages say how far they have come; return those that say something else now."""
    come = {replies[key].place: (replies[key], _come(sent)) for key, sent in known.items()}
    if not come:
        return ()
    changed: dict[int, tuple[_Reply, Outcome]] = {}
    for row in connection.execute(_DELIVERIES, {"message_ids": list({message_id for _, message_id in come})}):
        reply, outcome = come.get((row.conversation_id, row.id), (None, Outcome.UNTOLD))
        if reply is not None and outcome.value != (row.delivery or ""):
            changed[row.seq] = reply, outcome
    if changed:
        deliveries = [{"row": row, "new_delivery": outcome.value or None} for row, (_, outcome) in changed.items()]
        connection.execute(_SET_DELIVERY, deliveries)
    archived = {reply.place[0] for reply, _ in changed.values() if reply.is_archived}
    if archived:
        note_that_it_is_behind(connection, *archived)
    return tuple(Followed(*reply.place, reply.thread, outcome) for reply, outcome in changed.values())


def _come(sent: Mapping[str, _Sent]) -> Outcome:
    tries: defaultdict[int, list[Outcome]] = defaultdict(list)
    for each in sent.values():
        tries[each.part.number].append(each.outcome)
    # A reply that went on after a crash may have been cut otherwise before: its last part knows.
    _, count = max(((each.part.number, each.part.count) for each in sent.values()), default=(0, 0))
    return of_reply(tries, count)


@cache
def _note_part(dialect: str) -> Insert:
    return insert_for(dialect, sent_parts).on_conflict_do_nothing()


@cache
def _put_status(dialect: str) -> Insert:
    put = insert_for(dialect, sent_statuses)
    new = {name: put.excluded[name] for name in ("parts", "message_id", "status", "code", "told_at")}
    return put.on_conflict_do_update(index_elements=["platform", "external_id"], set_=new)


def _silent(platform: Platform, since: datetime) -> tuple[ColumnElement[bool], ...]:
    return (_TOLD.platform == platform.value, _TOLD.status == "", _TOLD.told_at <= since)


def _row(platform: Platform, name: str, sent: _Sent, message_id: int | None, now: datetime) -> dict[str, object]:
    part = sent.part
    return {
        "platform": platform.value,
        "external_id": name,
        "key": part.key,
        "part": part.number,
        "parts": part.count,
        "message_id": message_id,
        "status": sent.outcome.value,
        "code": sent.code,
        "told_at": now,
    }
