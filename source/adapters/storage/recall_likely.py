"""Looking through a history that is too long to be read: by its rarest words."""

import json
import math
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Final, NamedTuple

from sqlalchemy import Connection, TextClause, func, or_, select, text

from source.adapters.storage.recall_sights import Sight, Sights
from source.adapters.storage.recall_statements import SAID, newest_said_by, standing_of
from source.adapters.storage.search_index import INDEX
from source.adapters.storage.search_reading import TAIL, index_tail
from source.adapters.storage.seen_places import Gaze, values_of
from source.adapters.storage.tables import messages
from source.domain.recall.terms import folded, unspaced_in
from source.ports.recall import Eyes

# Of a word that more messages hold, the newest of them are looked at; of all that hold any, the best.
_MOST_HOLDING: Final = 1_500
# Where others said it so often that too little is left of what is seen.
_MOST_HOLDING_ANYWHERE: Final = 200_000
_FEW: Final = 8
# Of a long question as many words and pairs of characters are looked for.
_MOST_WORDS: Final = 32
_MOST_SPEAKERS: Final = 4
_MOST_SPOKEN: Final = 200
_LAST: Final = select(func.max(messages.c.seq))


class Account(NamedTuple):
    """Who spoke."""

    platform: str
    external_id: str


def likely_messages(
    connection: Connection, words: Sequence[str], eyes: Eyes, limit: int, *, sights: Sights, speakers: Sequence[Account]
) -> list[int]:
    """Return the `seq` of messages that hold most of what is rare among words, the best first.

    What one of `speakers` said counts as a word more; of them the newest messages are looked at.

    None of the conversation `eyes.besides` is among them. What `sights` hold may be gone since.
    """
    looking = _Looking(connection, words, eyes, sights.of(connection, eyes), speakers[:_MOST_SPEAKERS])
    hits = looking.hits(limit, _MOST_HOLDING)
    if len(hits) < _FEW and looking.is_cut and eyes.is_limited:
        # Others said these words so often that what is seen of them did not come up.
        hits = looking.hits(limit, _MOST_HOLDING_ANYWHERE)
    return hits


class _Looking:
    """One search: for each word the messages that hold it, the newest of them where there are many."""

    def __init__(
        self, connection: Connection, words: Sequence[str], eyes: Eyes, sight: Sight, speakers: Sequence[Account]
    ) -> None:
        self._connection = connection
        self._speakers = speakers
        self._eyes = eyes
        self._sight = sight
        self._unspaced = list(dict.fromkeys(pair for word in words for pair in unspaced_in(word)))[:_MOST_WORDS]
        self._indexed = [word for word in dict.fromkeys(words) if not unspaced_in(word)][:_MOST_WORDS]
        self.is_cut = False

    def hits(self, limit: int, most_holding: int) -> list[int]:
        """Return the messages that are seen whose words weigh most, of equal ones the newest; rare words weigh more."""
        import numpy as np  # which takes a tenth of a second, and not everybody looks for anything

        last = self._connection.execute(_LAST).scalar() or 1
        found, weights = [], []
        for holders in self._holders(most_holding):
            if len(holders):
                seen = self._sight.among(np.asarray(holders, dtype=np.int64))
                found.append(seen)
                weights.append(np.full(len(seen), math.log(1 + last / len(holders))))
        if not found:
            return []
        seqs, places = np.unique(np.concatenate(found), return_inverse=True)
        scores = np.bincount(places, weights=np.concatenate(weights), minlength=len(seqs))
        best: list[int] = seqs[np.lexsort((-seqs, -scores))[: 2 * limit]].tolist()
        return self._standing(best)[:limit]

    def _standing(self, best: Sequence[int]) -> list[int]:
        """Return those that were not deleted or superseded since, and that no index should have had."""
        standing = standing_of(self._connection.dialect.name)
        kept = set(self._connection.execute(standing, {"numbers": json.dumps(best)}).scalars())
        return [seq for seq in best if seq in kept]

    def _holders(self, most: int) -> Iterable[Sequence[int]]:
        """Yield for each word the messages that hold it; scripts without spaces are in no index."""
        for speaker in self._speakers:
            yield self._said_by(speaker)
        if self._unspaced:
            yield from _containing(self._connection, self._unspaced, self._eyes)
        for word in self._indexed:
            holders = [seq for query in self._indexes for seq in _newest(self._connection, query, word, most)]
            self.is_cut = self.is_cut or len(holders) >= most
            yield holders

    def _said_by(self, speaker: Account) -> Sequence[int]:
        asked = {**speaker._asdict(), "most": _MOST_SPOKEN, "besides": self._eyes.besides or 0}
        query = newest_said_by(Gaze.of(self._eyes))
        return self._connection.execute(query, {**values_of(self._eyes), **asked}).scalars().all()

    @cached_property
    def _indexes(self) -> Sequence[TextClause]:
        """What asks the indexes; the second of SQLite holds what the first has not come to."""
        if self._connection.dialect.name == "postgresql":
            return [_HELD_ON_SERVER]
        return [_HELD[INDEX], _HELD[TAIL]] if index_tail(self._connection) else [_HELD[INDEX]]


def _newest(connection: Connection, query: TextClause, word: str, most: int) -> Sequence[int]:
    """Return what an index has, as one value: a row for each message takes twice as long."""
    asked = word if connection.dialect.name == "postgresql" else f'"{word}"'
    found = connection.execute(query, {"word": asked, "most": most}).scalar_one()
    numbers: Sequence[int] = json.loads(found) if isinstance(found, str) else found or []
    return numbers


def _holding(name: str) -> TextClause:
    newest = f"SELECT rowid FROM {name} WHERE {name} MATCH :word ORDER BY rowid DESC LIMIT :most"  # noqa: S608
    return text(f"SELECT json_group_array(rowid) FROM ({newest})")  # noqa: S608


_HELD: Final = {name: _holding(name) for name in (INDEX, TAIL)}
_HELD_ON_SERVER: Final = text(
    "SELECT array_agg(seq) FROM"
    " (SELECT seq FROM messages WHERE words @@ echo_phrase(:word) ORDER BY seq DESC LIMIT :most) AS newest"
)


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
