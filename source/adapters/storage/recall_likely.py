"""Looking through a history that is too long to be read: by its rarest words, with what stands around them."""

import json
import math
from collections.abc import Iterable, Sequence
from functools import cache
from itertools import pairwise
from typing import Final

from sqlalchemy import ColumnElement, Connection, Select, and_, func, literal_column, or_, select, text

from source.adapters.storage.recall_statements import SAID, is_one_of, visible_to
from source.adapters.storage.search_index import INDEX
from source.adapters.storage.search_reading import TAIL, index_tail
from source.adapters.storage.seen_places import Gaze, values_of
from source.adapters.storage.tables import messages
from source.domain.message import MessageType, Standing
from source.domain.recall.terms import folded, unspaced_in
from source.ports.recall import EVERYTHING, Eyes

# Of a word that more messages hold, the newest of them are looked at; of all that hold any, the best.
_MOST_HOLDING: Final = 1_500
_LOOKED_AT: Final = (400, 1_200)
# Around a hit, as far as its neighbours are looked at.
_AROUND: Final = 2
_LAST_ID: Final = 2**63 - 1


def likely_messages(connection: Connection, words: Sequence[str], eyes: Eyes, limit: int) -> list[int]:
    """Return the `seq` of messages that hold most of what is rare among words, and of those around them."""
    looked_at = (2 * limit,) if eyes == EVERYTHING else _LOOKED_AT
    best = _best(connection, words, eyes, looked_at[-1])
    query = visible_to(Gaze.of(eyes), connection.dialect.name)
    hits: list[int] = []
    for start, end in pairwise((0, *looked_at)):
        some = best[start:end]
        if some and len(hits) < limit:
            values = {**values_of(eyes), "numbers": json.dumps(some)}
            visible = set(connection.execute(query, values).scalars())
            hits += [seq for seq in some if seq in visible]
    around = _with_neighbours(connection.dialect.name)
    return list(connection.execute(around, {"numbers": json.dumps(hits[:limit])}).scalars()) if hits else []


def _best(connection: Connection, words: Sequence[str], eyes: Eyes, count: int) -> list[int]:
    """Return the messages whose words weigh most, of equal ones the newest; rare words weigh more."""
    import numpy as np  # which takes a tenth of a second, and not everybody looks for anything

    last = connection.execute(select(func.max(messages.c.seq))).scalar() or 1
    holders = [found for found in _holders(connection, words, eyes) if len(found)]
    if not holders:
        return []
    weights = [math.log(1 + last / len(found)) for found in holders]
    seqs, places = np.unique(
        np.concatenate([np.asarray(found, dtype=np.int64) for found in holders]), return_inverse=True
    )
    scores = np.bincount(places, weights=np.repeat(weights, [len(found) for found in holders]))
    best: list[int] = seqs[np.lexsort((-seqs, -scores))[:count]].tolist()
    return best


def _holders(connection: Connection, words: Sequence[str], eyes: Eyes) -> Iterable[Sequence[int]]:
    """Yield for each word the messages that hold it; scripts without spaces are in no index."""
    unspaced = list(dict.fromkeys(pair for word in words for pair in unspaced_in(word)))
    if unspaced:
        yield from _containing(connection, unspaced, eyes)
    indexed = [word for word in dict.fromkeys(words) if not unspaced_in(word)]
    if connection.dialect.name == "postgresql":
        query = text(f"SELECT seq FROM messages WHERE words @@ echo_phrase(:word) LIMIT {_MOST_HOLDING}")  # noqa: S608
        for word in indexed:
            yield connection.execute(query, {"word": word}).scalars().all()
    elif indexed:
        names = [INDEX, TAIL] if index_tail(connection) else [INDEX]
        for word in indexed:
            yield [seq for name in names for seq in _newest(connection, name, word)]


def _newest(connection: Connection, name: str, word: str) -> list[int]:
    """Return what an index of SQLite has, as one value: a row for each message takes twice as long."""
    newest = f"SELECT rowid FROM {name} WHERE {name} MATCH :word ORDER BY rowid DESC LIMIT {_MOST_HOLDING}"  # noqa: S608
    together = text(f"SELECT json_group_array(rowid) FROM ({newest})")  # noqa: S608
    found: list[int] = json.loads(connection.execute(together, {"word": f'"{word}"'}).scalar_one())
    return found


def _containing(connection: Connection, words: Sequence[str], eyes: Eyes) -> Iterable[Sequence[int]]:
    """Yield for each word the newest messages with it in their text, from one look through what is seen."""
    contains = or_(*(messages.c.content.contains(word, autoescape=True) for word in words))
    limits = Gaze.of(eyes).limits(messages.c.conversation_id)
    query = select(messages.c.seq, messages.c.content).where(*SAID, contains, *limits)
    rows = connection.execute(query.order_by(messages.c.seq.desc()).limit(_MOST_HOLDING), values_of(eyes)).all()
    texts = [(row.seq, folded(row.content)) for row in rows]
    for word in words:
        yield [seq for seq, said in texts if word in said]


@cache  # making it takes longer than running it
def _with_neighbours(dialect: str) -> Select[int]:
    """Select messages, by `seq`, and those around each."""
    hit, near = messages.alias("hit"), messages.alias("near")
    first = _beside(hit.c.conversation_id, hit.c.id, is_before=True)
    last = _beside(hit.c.conversation_id, hit.c.id, is_before=False)
    together = and_(
        near.c.conversation_id == hit.c.conversation_id,
        near.c.id >= func.coalesce(first.scalar_subquery(), 0),
        near.c.id <= func.coalesce(last.scalar_subquery(), literal_column(str(_LAST_ID))),
    )
    chosen = is_one_of(hit.c.seq, dialect)
    return select(near.c.seq).select_from(hit).join(near, together).where(chosen).distinct()


def _beside(conversation_id: ColumnElement[int], message_id: ColumnElement[int], *, is_before: bool) -> Select[int]:
    """Select the id of the message that was said so many before or after another in its conversation."""
    other = messages.alias("other")
    said = (other.c.message_type == MessageType.CHAT.value, other.c.standing == Standing.KEPT.value)
    there = other.c.id < message_id if is_before else other.c.id > message_id
    order = other.c.id.desc() if is_before else other.c.id
    query = select(other.c.id).where(other.c.conversation_id == conversation_id, there, *said)
    return query.order_by(order).limit(1).offset(_AROUND - 1)
