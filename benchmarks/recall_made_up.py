"""A population that says a million things, made up by rule."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from itertools import product
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, Table, create_engine, insert, make_url, text

from source.adapters.storage.migrate import bring_up_to_date
from source.adapters.storage.search_index import INDEX, index_of
from source.adapters.storage.tables import aliases, conversations, messages, participants, people, threads
from source.domain.stop_words import STOP_WORDS

_BEGAN: Final = datetime(2023, 1, 1, tzinfo=UTC)
_DAYS: Final = 900
_LONGEST_SHARE: Final = 10
_MOST, _LEAST = 20_000, 50
_PER_CONVERSATION: Final = 40
_VOCABULARY: Final = 60_000
_WORDS_EACH: Final = 18
_CHUNK: Final = 20_000
_SYLLABLES: Final = ["".join(each) for each in product("bdfgklmnprstv", "aeiou")]


@dataclass(frozen=True, slots=True)
class Question:
    """A question, and what was said that it asks for, by conversation and message id."""

    text: str
    key: tuple[int, int]


@dataclass(frozen=True)
class Population:
    """`owners` has the person of each conversation in the order of time; person 0 has said the most."""

    sizes: tuple[int, ...]
    owners: tuple[int, ...]
    lengths: tuple[int, ...]

    longest = 0
    second = 1

    @property
    def messages(self) -> int:
        return sum(self.sizes)

    def of_sizes(self, least: int, most: int) -> list[int]:
        """Return the people who said so much."""
        return [person for person, size in enumerate(self.sizes) if least <= size < most and person > self.second]

    def questions(self, person: int | None, count: int) -> list[Question]:
        """Return questions for what a person said, or, of nobody, for what anybody did."""
        chance = np.random.default_rng(1_000 + (person or 0))
        mine = [at for at, owner in enumerate(self.owners) if person in (None, owner)]
        return [self._question(mine[int(chance.integers(len(mine)))], chance) for _ in range(count)]

    def _question(self, conversation: int, chance: np.random.Generator) -> Question:
        place = int(chance.integers(self.lengths[conversation]))
        said = _text(conversation, place)
        telling = list(dict.fromkeys(word for word in said.split() if word not in STOP_WORDS))
        chosen = [telling[int(at)] for at in chance.permutation(len(telling))[:4]]
        return Question(
            f"What was said about {' '.join(chosen)}?", (conversation + 1, self._first[conversation] + place)
        )

    @cached_property
    def _first(self) -> list[int]:
        return [1, *(np.cumsum(self.lengths) + 1).tolist()]


def population(total: int) -> Population:
    """Return people of 50 to 20,000 messages, many of few, who say `total` together; the first says a tenth of it."""
    chance = np.random.default_rng(7)
    sizes = [total // _LONGEST_SHARE, min(_MOST, total // 50)]
    while sum(sizes) < total:
        size = int(np.exp(chance.uniform(np.log(_LEAST), np.log(_MOST))))
        sizes.append(min(size, total - sum(sizes)))
    pieces = [(person, length) for person, size in enumerate(sizes) for length in _pieces(size)]
    order = chance.permutation(len(pieces))
    return Population(
        tuple(sizes), tuple(pieces[int(at)][0] for at in order), tuple(pieces[int(at)][1] for at in order)
    )


def _pieces(size: int) -> Iterator[int]:
    while size > 0:
        yield min(size, _PER_CONVERSATION)
        size -= _PER_CONVERSATION


def _words() -> list[str]:
    """Return words, the most frequent first: those that tell nothing, then made-up ones."""
    said = sorted(word for word in STOP_WORDS if word.isascii() and word.isalpha())[:120]
    chance = np.random.default_rng(11)
    made: dict[str, None] = dict.fromkeys(said)
    while len(made) < _VOCABULARY:
        made[
            "".join(_SYLLABLES[int(at)] for at in chance.integers(len(_SYLLABLES), size=int(chance.integers(2, 5))))
        ] = None
    return list(made)


_WORDS: Final = np.array(_words())
_SHARES: Final[npt.NDArray[np.float64]] = np.cumsum(1 / (np.arange(_VOCABULARY) + 2.7))


def _text(conversation: int, place: int) -> str:
    """Return what is said there: the same whenever it is asked for."""
    chance = np.random.default_rng((conversation, place))
    count = 3 + int(chance.poisson(_WORDS_EACH))
    return " ".join(_WORDS[np.searchsorted(_SHARES, chance.random(count) * _SHARES[-1])])


def fill(url: str, given: Population) -> str:
    """Fill an empty store, the index too; return how much room it takes."""
    is_file = url.startswith("sqlite")
    engine = create_engine(url if is_file else make_url(url).set(drivername="postgresql+psycopg"))
    with engine.connect() as connection:
        if is_file:
            bring_up_to_date(connection)
        _put_people(connection, given)
        waiting: list[dict[str, Any]] = []
        for row in _rows(given):
            waiting.append(row)
            if len(waiting) == _CHUNK:
                connection.execute(insert(messages), waiting)
                waiting.clear()
        if waiting:
            connection.execute(insert(messages), waiting)
        connection.commit()
        index = index_of(connection.dialect)
        index.measure(connection)
        while index.deferred:
            index.step(connection)
            connection.commit()
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))
        sizes = _sizes_on_disk(connection, is_file=is_file)
    engine.dispose()
    return sizes


def _put_people(connection: Connection, given: Population) -> None:
    def put(table: Table, rows: list[dict[str, Any]]) -> None:
        connection.execute(insert(table), rows)

    everybody = range(len(given.sizes))
    put(people, [{"id": person + 1} for person in everybody])
    put(
        aliases,
        [
            {"platform": "discord", "external_id": f"p{person}", "person_id": person + 1, "display_name": _name(person)}
            for person in everybody
        ],
    )
    put(threads, [{"id": person + 1, "platform": "discord", "thread_id": f"t{person}"} for person in everybody])
    put(conversations, [_head(at, owner, len(given.owners)) for at, owner in enumerate(given.owners)])
    put(
        participants, [{"external_id": f"p{owner}", "conversation_id": at + 1} for at, owner in enumerate(given.owners)]
    )


def _name(person: int) -> str:
    return "".join(_SYLLABLES[(person // 65**power) % 65] for power in range(3)).title() + "x"


def _head(at: int, owner: int, count: int) -> dict[str, Any]:
    began = _BEGAN + timedelta(days=_DAYS * at / count)
    return {
        "id": at + 1,
        "thread_key": owner + 1,
        "requester": f"p{owner}",
        "state": "ended",
        "created_at": began,
        "updated_at": began,
        "last_message_at": began,
        "filename": f"{at}.json",
        "title": "",
        "summary": "",
        "carried_summary": "",
        "running_summary": "",
        "context_start": 0,
        "is_active": False,
    }


def _rows(given: Population) -> Iterator[dict[str, Any]]:
    number = 0
    for at, (owner, length) in enumerate(zip(given.owners, given.lengths, strict=True)):
        began = _BEGAN + timedelta(days=_DAYS * at / len(given.owners))
        for place in range(length):
            number += 1
            yield {
                "id": number,
                "conversation_id": at + 1,
                "created_at": began + timedelta(minutes=place),
                "message_type": "chat",
                "content": _text(at, place),
                "requester": None if place % 2 else f"p{owner}",
                "interrupted": False,
            }


def _sizes_on_disk(connection: Connection, *, is_file: bool) -> str:
    if not is_file:
        words = connection.execute(text("SELECT pg_total_relation_size('messages')")).scalar_one()
        return f"messages with their index {words / 1e6:,.0f} MB"
    whole = connection.execute(
        text("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size")
    ).scalar_one()
    index = connection.execute(text(f"SELECT sum(length(block)) FROM {INDEX}_data")).scalar_one()
    content = connection.execute(text("SELECT sum(length(CAST(content AS BLOB))) FROM messages")).scalar_one()
    return f"database {whole / 1e6:,.0f} MB, full-text index {index / 1e6:,.0f} MB, texts {content / 1e6:,.0f} MB"
