"""Looking through a history that is too long to be read: by its rarest words, with what stands around them."""

import json
import math
from collections.abc import Iterable, Sequence
from functools import cache, cached_property
from itertools import pairwise
from typing import Final, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, and_, func, literal_column, or_, select, text

from source.adapters.storage.recall_statements import SAID, is_one_of, newest_holding, newest_said_by, visible_to
from source.adapters.storage.search_index import INDEX
from source.adapters.storage.search_reading import TAIL, index_tail
from source.adapters.storage.seen_places import Gaze, values_of
from source.adapters.storage.tables import messages
from source.domain.message import MessageType, Standing
from source.domain.recall.terms import folded, unspaced_in
from source.ports.recall import Eyes

# Of a word that more messages hold, the newest of them are looked at; of all that hold any, the best.
_MOST_HOLDING: Final = 1_500
_LOOKED_AT: Final = (400, 1_200)
_FEW: Final = 8
# Around a hit, as far as its neighbours are looked at.
_AROUND: Final = 2
# Of a long question as many words and pairs of characters are looked for.
_MOST_WORDS: Final = 32
_MOST_SPEAKERS: Final = 4
_MOST_SPOKEN: Final = 200
_LAST_ID: Final = 2**63 - 1
_LAST: Final = select(func.max(messages.c.seq))
_HOLDERS: Final = {name: f"SELECT rowid FROM {name} WHERE {name} MATCH :word" for name in (INDEX, TAIL)}  # noqa: S608
_HOLDERS_ON_SERVER: Final = "SELECT seq FROM messages WHERE words @@ echo_phrase(:word)"
_NEWEST_ON_SERVER: Final = text(f"{_HOLDERS_ON_SERVER} ORDER BY seq DESC LIMIT {_MOST_HOLDING}")


class Account(NamedTuple):
    """Who spoke."""

    platform: str
    external_id: str


def likely_messages(
    connection: Connection, words: Sequence[str], eyes: Eyes, limit: int, speakers: Sequence[Account] = ()
) -> list[int]:
    """Return the `seq` of messages that hold most of what is rare among words, and of those around them.

    What one of `speakers` said counts as a word more; of them the newest messages are looked at.

    None of the conversation `eyes.besides` is among them.
    """
    looking = _Looking(connection, words, eyes, speakers[:_MOST_SPEAKERS])
    hits = looking.hits(limit)
    if len(hits) < _FEW and looking.is_cut and eyes.is_limited:
        # Others said these words so often that what is seen of them did not come up.
        hits = looking.hits_among_seen(limit)
    around = _with_neighbours(connection.dialect.name)
    return list(connection.execute(around, {"numbers": json.dumps(hits)}).scalars()) if hits else []


class _Looking:
    """One search: for each word the messages that hold it, the newest of them where there are many."""

    def __init__(self, connection: Connection, words: Sequence[str], eyes: Eyes, speakers: Sequence[Account]) -> None:
        self._connection = connection
        self._speakers = speakers
        self._eyes = eyes
        self._gaze = Gaze.of(eyes)
        self._values = {**values_of(eyes), "besides": eyes.besides or 0}
        self._unspaced = list(dict.fromkeys(pair for word in words for pair in unspaced_in(word)))[:_MOST_WORDS]
        self._indexed = [word for word in dict.fromkeys(words) if not unspaced_in(word)][:_MOST_WORDS]
        self.is_cut = False

    def hits(self, limit: int) -> list[int]:
        """Return the best messages that are seen, of those that were said lately anywhere."""
        looked_at = _LOOKED_AT if self._eyes.is_limited else (2 * limit,)
        best = self._best(self._holders(), looked_at[-1])
        query = visible_to(self._gaze, self._connection.dialect.name)
        hits: list[int] = []
        for start, end in pairwise((0, *looked_at)):
            some = best[start:end]
            if some and len(hits) < limit:
                values = {**self._values, "numbers": json.dumps(some)}
                visible = set(self._connection.execute(query, values).scalars())
                hits += [seq for seq in some if seq in visible]
        return hits[:limit]

    def hits_among_seen(self, limit: int) -> list[int]:
        """Return the best messages of those that are seen: of a frequent word this takes much longer."""
        return self._best(self._seen_holders(), limit)

    def _best(self, holders: Iterable[Sequence[int]], count: int) -> list[int]:
        """Return the messages whose words weigh most, of equal ones the newest; rare words weigh more."""
        import numpy as np  # which takes a tenth of a second, and not everybody looks for anything

        last = self._connection.execute(_LAST).scalar() or 1
        some = [found for found in holders if len(found)]
        self.is_cut = any(len(found) >= _MOST_HOLDING for found in some)
        if not some:
            return []
        weights = [math.log(1 + last / len(found)) for found in some]
        seqs, places = np.unique(
            np.concatenate([np.asarray(found, dtype=np.int64) for found in some]), return_inverse=True
        )
        scores = np.bincount(places, weights=np.repeat(weights, [len(found) for found in some]))
        best: list[int] = seqs[np.lexsort((-seqs, -scores))[:count]].tolist()
        return best

    def _holders(self) -> Iterable[Sequence[int]]:
        """Yield for each word the messages that hold it; scripts without spaces are in no index."""
        yield from self._spoken()
        if self._unspaced:
            yield from _containing(self._connection, self._unspaced, self._eyes)
        if self._connection.dialect.name == "postgresql":
            for word in self._indexed:
                yield self._connection.execute(_NEWEST_ON_SERVER, {"word": word}).scalars().all()
        elif self._indexed:
            for word in self._indexed:
                yield [seq for name in self._names for seq in _newest(self._connection, name, word)]

    def _seen_holders(self) -> Iterable[Sequence[int]]:
        yield from self._spoken()
        if self._unspaced:
            yield from _containing(self._connection, self._unspaced, self._eyes)
        values = {**self._values, "most": _MOST_HOLDING}
        if self._connection.dialect.name == "postgresql":
            query = newest_holding(self._gaze, _HOLDERS_ON_SERVER)
            for word in self._indexed:
                yield self._connection.execute(query, {**values, "word": word}).scalars().all()
            return
        queries = [newest_holding(self._gaze, _HOLDERS[name]) for name in self._names]
        for word in self._indexed:
            asked = {**values, "word": f'"{word}"'}
            yield [seq for query in queries for seq in self._connection.execute(query, asked).scalars()]

    def _spoken(self) -> Iterable[Sequence[int]]:
        for platform, external_id in self._speakers:
            values = {**self._values, "platform": platform, "external_id": external_id, "most": _MOST_SPOKEN}
            yield self._connection.execute(newest_said_by(self._gaze), values).scalars().all()

    @cached_property
    def _names(self) -> Sequence[str]:
        """The indexes of SQLite; the second holds what the first has not come to."""
        return [INDEX, TAIL] if index_tail(self._connection) else [INDEX]


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
    elsewhere = [messages.c.conversation_id != eyes.besides] if eyes.besides is not None else []
    query = select(messages.c.seq, messages.c.content).where(*SAID, contains, *elsewhere, *limits)
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
