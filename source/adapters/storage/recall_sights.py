"""Which messages somebody sees, held as numbers: to ask it of each that holds a word takes longer than all else."""

import json
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from sqlalchemy import Connection, Select, bindparam, func, select

from source.adapters.storage.recall_statements import SAID, is_one_of
from source.adapters.storage.seen_places import Gaze, values_of
from source.adapters.storage.tables import messages
from source.ports.recall import Eyes

if TYPE_CHECKING:  # numpy takes a tenth of a second to import: whoever never asks does not wait for it
    import numpy as np
    import numpy.typing as npt

    Numbers: TypeAlias = npt.NDArray[np.int64]

# What comes to be seen without a new message, as when a place is opened to others, is seen after this long.
_HELD_FOR_SECONDS: Final = 600.0
# Messages of all that are held, 16 bytes each.
_MOST_HELD: Final = 2_000_000
# Of fewer new messages it is asked of each whether it is seen; of more, all that is seen is gathered once.
_FEW_NEW: Final = 400
# PostgreSQL: numbers are given out before the commit, so that a lower one may come to be seen after a higher one.
_LATE_BY: Final = {"postgresql": 1_000}


@dataclass(frozen=True, slots=True)
class _Held:
    """What eyes see: the `seq` of each message, ascending, and its conversation.

    It is true of the messages up to `looked_to`, for these accounts of who looks, until the clock comes to `until`.
    """

    seqs: "Numbers"
    conversations: "Numbers"
    accounts: frozenset[tuple[str, str]]
    looked_to: int
    until: float


@dataclass(frozen=True, slots=True)
class Sight:
    """Which messages somebody sees, by `seq`, ascending; None: all. Those of `besides` are not looked at."""

    seen: "Numbers | None"
    besides: "Numbers | None"

    def among(self, found: "Numbers") -> "Numbers":
        """Return those of messages that are seen."""
        kept = found if self.seen is None else found[_is_in(found, self.seen)]
        return kept if self.besides is None else kept[~_is_in(kept, self.besides)]


def _is_in(found: "Numbers", ascending: "Numbers") -> "npt.NDArray[np.bool_]":
    """Return which of some numbers are among many that ascend: NumPy's own way looks at all of these."""
    import numpy as np

    if not len(ascending):
        return np.zeros(len(found), dtype=np.bool_)
    places = np.searchsorted(ascending, found).clip(max=len(ascending) - 1)
    there: npt.NDArray[np.bool_] = ascending[places] == found
    return there


class Sights:
    """Holds what those saw who looked lately, and adds what is new; whoever shows a message checks it once more."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._held: OrderedDict[Eyes, _Held] = OrderedDict()
        self._guard = threading.Lock()

    def of(self, connection: Connection, eyes: Eyes) -> Sight:
        """Return what these eyes see now."""
        besides = None if eyes.besides is None else _all_in(connection, [eyes.besides])[0]
        if not eyes.scopes and eyes.person_id is None:
            return Sight(None, besides)
        return Sight(self._seen(connection, replace(eyes, besides=None)).seqs, besides)

    def forget(self) -> None:
        """Hold nothing any more."""
        with self._guard:
            self._held.clear()

    def _seen(self, connection: Connection, eyes: Eyes) -> _Held:
        held = self._held.get(eyes)
        accounts = frozenset((row[0], row[1]) for row in connection.execute(_accounts(Gaze.of(eyes)), values_of(eyes)))
        newest: int = connection.execute(_NEWEST).scalar() or 0
        if held is None or held.accounts != accounts or self._monotonic() >= held.until:
            held = self._read(connection, eyes, accounts, newest)
        else:
            held = _extended(connection, eyes, held, newest)
        self._keep(eyes, held)
        return held

    def _read(self, connection: Connection, eyes: Eyes, accounts: frozenset[tuple[str, str]], newest: int) -> _Held:
        seqs, conversations = _pairs(connection, _all_seen(Gaze.of(eyes), connection.dialect.name), values_of(eyes))
        return _Held(seqs, conversations, accounts, newest, self._monotonic() + _HELD_FOR_SECONDS)

    def _keep(self, eyes: Eyes, held: _Held) -> None:
        with self._guard:
            self._held[eyes] = held
            self._held.move_to_end(eyes)
            together = sum(len(each.seqs) for each in self._held.values())
            while len(self._held) > 1 and together > _MOST_HELD:
                _, dropped = self._held.popitem(last=False)
                together -= len(dropped.seqs)


def _extended(connection: Connection, eyes: Eyes, held: _Held, newest: int) -> _Held:
    """Return what was held with what was said since; whoever speaks somewhere sees all that was said there."""
    import numpy as np

    dialect = connection.dialect.name
    after = held.looked_to - _LATE_BY.get(dialect, 0)
    if newest <= after:
        return held
    query = _seen_since(Gaze.of(eyes), dialect, is_few=newest - after <= _FEW_NEW)
    seqs, conversations = _pairs(connection, query, {**values_of(eyes), "after": after})
    came = np.setdiff1d(conversations, held.conversations)
    if len(came):
        there, of = _all_in(connection, came.tolist())
        seqs, conversations = np.concatenate((seqs, there)), np.concatenate((conversations, of))
    if not len(np.setdiff1d(seqs, held.seqs)):
        return replace(held, looked_to=newest)
    seqs, places = np.unique(np.concatenate((held.seqs, seqs)), return_index=True)
    return replace(
        held,
        seqs=seqs,
        conversations=np.concatenate((held.conversations, conversations))[places],
        looked_to=newest,
    )


def _pairs(connection: Connection, query: Select[Any], values: Mapping[str, Any]) -> "tuple[Numbers, Numbers]":
    """Return the messages of a statement, ascending, and the conversation of each."""
    import numpy as np

    seqs, conversations = (
        np.asarray(json.loads(each) if isinstance(each, str) else each or [], dtype=np.int64)
        for each in connection.execute(query, values).one()
    )
    order = np.argsort(seqs)
    return seqs[order], conversations[order]


_NEWEST: Final = select(func.max(messages.c.seq))


@cache
def _accounts(gaze: Gaze) -> Select[Any]:
    return gaze.accounts()


@cache
def _all_seen(gaze: Gaze, dialect: str) -> Select[Any]:
    return _together(dialect).where(*gaze.limits(messages.c.conversation_id))


@cache
def _seen_since(gaze: Gaze, dialect: str, *, is_few: bool) -> Select[Any]:
    conversation_id = messages.c.conversation_id
    seen = gaze.sees(conversation_id) if is_few else gaze.limits(conversation_id)
    return _together(dialect).where(messages.c.seq > bindparam("after"), *seen)


def _all_in(connection: Connection, conversation_ids: list[int]) -> "tuple[Numbers, Numbers]":
    """Return all that was said in conversations."""
    query = _said_in(connection.dialect.name)
    return _pairs(connection, query, {"numbers": json.dumps(conversation_ids)})


@cache
def _said_in(dialect: str) -> Select[Any]:
    return _together(dialect).where(is_one_of(messages.c.conversation_id, dialect))


def _together(dialect: str) -> Select[Any]:
    """Select messages and their conversations as two values: a row for each takes several times as long."""
    gathered = func.array_agg if dialect == "postgresql" else func.json_group_array
    return select(gathered(messages.c.seq), gathered(messages.c.conversation_id)).where(*SAID)
