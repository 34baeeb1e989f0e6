"""Looking through a history that is too long to be read: by which messages hold the words that are sought."""

import json
import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, TextClause, func, or_, select, text

from source.adapters.storage import recall_statements as statements
from source.adapters.storage.recall_outlines import Outlines, gathered
from source.adapters.storage.recall_reading import account_of, told_turn
from source.adapters.storage.search_index import INDEX
from source.adapters.storage.search_reading import TAIL, index_tail
from source.adapters.storage.seen_places import Gaze, values_of
from source.adapters.storage.tables import messages
from source.domain.recall.question import ECHO
from source.domain.recall.terms import folded, unspaced_in
from source.ports.recall import Eyes, Likely, Sought

if TYPE_CHECKING:  # numpy takes a tenth of a second to import: whoever never asks does not wait for it
    from source.domain.recall.outline import Holding, Integers

# Of a word that more messages hold, the newest of them are looked at.
_MOST_HOLDING: Final = 1_500
# Where others said it so often that too little is left of what is seen.
_MOST_HOLDING_ANYWHERE: Final = 200_000
_FEW: Final = 8
# Of a long question as many words and pairs of characters are looked for.
_MOST_WORDS: Final = 32
_MOST_AKIN: Final = 64
_MOST_SPEAKERS: Final = 4
_MOST_SPOKEN: Final = 200
# Of more messages than these nobody holds an outline who sees everything.
_MOST_OUTLINED: Final = 200_000
# Where no outline is held, of each hit its neighbours are read too.
_TURNS_AROUND: Final = 5
_LAST: Final = select(func.max(messages.c.seq))


def likely(connection: Connection, sought: Sought, eyes: Eyes, limit: int, outlines: Outlines) -> Likely:
    """Return the turns that may bear on what is sought."""
    if eyes.see_everything and (connection.execute(_LAST).scalar() or 0) > _MOST_OUTLINED:
        return _likely_anywhere(connection, sought, eyes, max(1, limit // _TURNS_AROUND))
    from source.domain.recall.outline import most_likely

    outline = outlines.of(connection, eyes)
    holders = _Holders(connection, sought.words, eyes)
    held = holders.by_word(sought.akin)
    for word in holders.cut:
        if len(outline.places(held[word].exact)) < _FEW:
            # Others said it so often that too little of what is seen came up.
            [exact] = holders.newest([[word]], _MOST_HOLDING_ANYWHERE)
            held[word] = held[word]._replace(exact=exact)
    found = most_likely(outline, sought.question, held, limit, besides=eyes.besides)
    query = statements.turns_of(Gaze.of(eyes), connection.dialect.name)
    rows = connection.execute(query, {**values_of(eyes), "numbers": json.dumps(found.numbers)}).all()
    return Likely([told_turn(row) for row in rows], found.rarity)


def _likely_anywhere(connection: Connection, sought: Sought, eyes: Eyes, limit: int) -> Likely:
    """Return what holds most of what is rare among the words, of all that was ever said, with what stands around it.

    What one of those who are named said counts as a word more; of them the newest messages are looked at.
    """
    import numpy as np

    last = connection.execute(_LAST).scalar() or 1
    holders = _Holders(connection, sought.words, eyes)
    found = [holding.exact for holding in holders.by_word({}).values()]
    found = [*holders.said_by(sought.question.speakers | sought.question.besides), *found]
    weights = [np.full(len(numbers), math.log(1 + last / max(1, len(numbers)))) for numbers in found]
    if not any(map(len, found)):
        return Likely()
    seqs, places = np.unique(np.concatenate(found), return_inverse=True)
    scores = np.bincount(places, weights=np.concatenate(weights))
    # Of equal ones the newest; more than are wanted, and many more where some may be of the conversation `besides`.
    best = seqs[np.lexsort((-seqs, -scores))[: (2 if eyes.besides is None else 40) * limit]]
    values = {"numbers": json.dumps(best.tolist()), "besides": eyes.besides or 0}
    standing = set(connection.execute(statements.standing_of(connection.dialect.name), values).scalars())
    hits = [seq for seq in best.tolist() if seq in standing][:limit]
    rows = connection.execute(statements.turns_around(connection.dialect.name), {"numbers": json.dumps(hits)}).all()
    return Likely([told_turn(row) for row in rows])


class _Holders:
    """For each word the messages that hold it, the newest of them where there are many."""

    def __init__(self, connection: Connection, words: Sequence[str], eyes: Eyes) -> None:
        self._connection = connection
        self._eyes = eyes
        self._unspaced = list(dict.fromkeys(pair for word in words for pair in unspaced_in(word)))[:_MOST_WORDS]
        self._indexed = [word for word in dict.fromkeys(words) if not unspaced_in(word)][:_MOST_WORDS]
        self._is_on_server = connection.dialect.name == "postgresql"
        self.cut: list[str] = []

    def by_word(self, akin: Mapping[str, Collection[str]]) -> "dict[str, Holding]":
        """Return what holds each word, and what holds another that is akin to it; more hold the words of `cut`."""
        from source.domain.recall.outline import Holding

        nothing = _numbers([])
        held = {word: Holding(numbers, nothing) for word, numbers in self._containing()}
        related = {word: sorted(akin[word])[:_MOST_AKIN] for word in self._indexed if akin.get(word)}
        found = self.newest([*([word] for word in self._indexed), *related.values()], _MOST_HOLDING)
        exact = dict(zip(self._indexed, found, strict=False))
        near = dict(zip(related, found[len(exact) :], strict=True))
        self.cut = [word for word, numbers in exact.items() if len(numbers) >= _MOST_HOLDING]
        return held | {word: Holding(numbers, near.get(word, nothing)) for word, numbers in exact.items()}

    def said_by(self, speakers: frozenset[str]) -> "Iterable[Integers]":
        """Yield the newest messages of each who is named."""
        for speaker in sorted(speakers - {ECHO})[:_MOST_SPEAKERS]:
            values = {**account_of(speaker)._asdict(), "most": _MOST_SPOKEN, "besides": self._eyes.besides or 0}
            yield _numbers(self._connection.execute(statements.newest_said_by(), values).scalars().all())

    def newest(self, words: Sequence[Sequence[str]], most: int) -> "list[Integers]":
        """Return by group of words what the indexes have of any of them.

        One statement asks for all, and a group's numbers are one value: each by itself takes twice as long.
        """
        groups = words if self._is_on_server else [" OR ".join(f'"{word}"' for word in group) for group in words]
        values = {"groups": json.dumps(groups), "most": most}
        found = [self._connection.execute(query, values).scalars().all() for query in self._indexes]
        return [_numbers([number for each in parts for number in gathered(each)]) for parts in zip(*found, strict=True)]

    @cached_property
    def _indexes(self) -> Sequence[TextClause]:
        """What asks the indexes; the second of SQLite holds what the first has not come to."""
        if self._is_on_server:
            return [_HELD_ON_SERVER]
        return [_HELD[INDEX], _HELD[TAIL]] if index_tail(self._connection) else [_HELD[INDEX]]

    def _containing(self) -> "Iterable[tuple[str, Integers]]":
        """Yield for each pair of characters of scripts without spaces the newest messages with it in their text.

        They are in no index: one look goes through all that is seen.
        """
        if not self._unspaced:
            return
        contains = or_(*(messages.c.content.contains(word, autoescape=True) for word in self._unspaced))
        limits = Gaze.of(self._eyes).limits(messages.c.conversation_id)
        query = select(messages.c.seq, messages.c.content).where(*statements.SAID, contains, *limits)
        newest = query.order_by(messages.c.seq.desc()).limit(_MOST_HOLDING)
        texts = [(row.seq, folded(row.content)) for row in self._connection.execute(newest, values_of(self._eyes))]
        for word in self._unspaced:
            yield word, _numbers([seq for seq, said in texts if word in said])


def _numbers(found: Sequence[int]) -> "Integers":
    import numpy as np

    return np.asarray(found, dtype=np.int64)


def _holding(name: str) -> TextClause:
    newest = f"SELECT rowid FROM {name} WHERE {name} MATCH asked.value ORDER BY rowid DESC LIMIT :most"  # noqa: S608
    together = f"SELECT json_group_array(rowid) FROM ({newest})"  # noqa: S608
    return text(f"SELECT ({together}) FROM json_each(:groups) AS asked ORDER BY asked.key")  # noqa: S608


_HELD: Final = {name: _holding(name) for name in (INDEX, TAIL)}
_HELD_ON_SERVER: Final = text(
    "SELECT (SELECT array_agg(seq) FROM (SELECT seq FROM messages WHERE words @@ ("
    "SELECT string_agg('(' || echo_phrase(word)::text || ')', ' | ')::tsquery"
    " FROM json_array_elements_text(asked.words) AS word WHERE echo_phrase(word)::text <> ''"
    ") ORDER BY seq DESC LIMIT :most) AS newest)"
    " FROM json_array_elements(CAST(:groups AS json)) WITH ORDINALITY AS asked(words, place) ORDER BY place"
)
