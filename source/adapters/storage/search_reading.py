"""Searching what was said."""

from collections.abc import Iterator
from functools import reduce
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Float,
    Integer,
    Select,
    and_,
    column,
    func,
    literal,
    literal_column,
    or_,
    select,
    table,
    true,
)

from source.adapters.storage.row_reading import MESSAGE_COLUMNS, THREAD_COLUMNS, message_from, thread_from
from source.adapters.storage.search_index import INDEX, TOKENIZER
from source.adapters.storage.search_query import SearchWords, search_words
from source.adapters.storage.seen_places import seen_from
from source.adapters.storage.tables import conversations, messages, threads
from source.domain.message import MessageType, Standing
from source.ports.store import Scope, SearchHit

TAIL: Final = "messages_tail"
_WORDS: Final = "words"
# Every hit with all words comes before every hit with some of them; ranks of FTS5 are far smaller than this.
_TIER: Final = 1_000.0
# PostgreSQL: divide a rank by the length of the message, or long ones would always be first.
_BY_LENGTH: Final = 1
_CHAT: Final = MessageType.CHAT.value

_Found = dict[int, SearchHit]


def search(connection: Connection, typed: str, scope: Scope | None, limit: int, *, with_tail: bool) -> list[SearchHit]:
    """Find messages with all of the words, then with any of them; `with_tail` also reads what no index has yet."""
    words = search_words(typed)
    if not words or limit <= 0:
        return []
    if connection.dialect.name == "postgresql":
        return _ServerSearch(connection, words, scope, limit, [_WORDS]).hits()
    indexes = [INDEX]
    if with_tail and words.indexed and index_tail(connection):
        indexes.append(TAIL)
    return _Search(connection, words, scope, limit, indexes).hits()


class _Search:
    def __init__(
        self, connection: Connection, words: SearchWords, scope: Scope | None, limit: int, indexes: list[str]
    ) -> None:
        self._connection = connection
        self._words = words
        self._scope = scope
        self._limit = limit
        self._indexes = indexes

    def hits(self) -> list[SearchHit]:
        found: _Found = {}
        self._gather(found, self._with_every_word(), tier=0)
        if len(found) < self._limit and self._words.count > 1:
            self._gather(found, self._with_any_word(), tier=1)
        return sorted(found.values(), key=lambda hit: (hit.rank, -hit.message.message_id))[: self._limit]

    def _with_every_word(self) -> Iterator[Select[Any]]:
        contains = and_(true(), *self._contained())  # the neutral element
        if self._words.indexed:
            for index in self._indexes:
                yield self._indexed(index, every=True).where(contains)
        else:
            yield self._unindexed().where(contains)

    def _with_any_word(self) -> Iterator[Select[Any]]:
        if self._words.indexed:
            for index in self._indexes:
                yield self._indexed(index, every=False)
        if self._words.contained:
            yield self._unindexed().where(or_(*self._contained()))

    def _gather(self, found: _Found, queries: Iterator[Select[Any]], *, tier: int) -> None:
        for query in queries:
            for row in self._connection.execute(query.limit(self._limit)):
                rank = row.rank + _TIER * tier
                hit = SearchHit(message_from(row), row.conversation_id, thread_from(row), rank)
                found.setdefault(row.seq, hit)

    def _contained(self) -> list[ColumnElement[bool]]:
        return [messages.c.content.contains(word, autoescape=True) for word in self._words.contained]

    def _indexed(self, name: str, *, every: bool) -> Select[Any]:
        index = table(name, column("rowid", Integer), column("rank", Float))
        query = self._select(index.c.rank).join(index, index.c.rowid == messages.c.seq)
        matches = literal_column(name).op("MATCH")(self._words.match(every=every))
        return query.where(matches).order_by(index.c.rank, messages.c.seq.desc())

    def _unindexed(self) -> Select[Any]:
        query = self._select(literal(0.0).label("rank")).where(messages.c.message_type == _CHAT)
        return query.order_by(messages.c.seq.desc())

    def _select(self, rank: ColumnElement[float]) -> Select[Any]:
        query = (
            select(*MESSAGE_COLUMNS, messages.c.seq, messages.c.conversation_id, *THREAD_COLUMNS, rank)
            .select_from(messages)
            .join(conversations, conversations.c.id == messages.c.conversation_id)
            .join(threads, threads.c.id == conversations.c.thread_key)
            .where(messages.c.standing == Standing.KEPT.value)
        )
        if self._scope is not None:
            query = query.where(messages.c.conversation_id.in_(seen_from(self._scope)))
        return query


class _ServerSearch(_Search):
    """On PostgreSQL the index is a column, which the functions of migration 0001 fill and ask."""

    def _contained(self) -> list[ColumnElement[bool]]:
        return [_contains(word) for word in self._words.contained]

    def _indexed(self, name: str, *, every: bool) -> Select[Any]:
        words: ColumnElement[Any] = literal_column(f"messages.{name}")
        phrases: list[ColumnElement[Any]] = [func.echo_phrase(word) for word in self._words.indexed]
        asked = reduce(lambda one, other: one.op("&&" if every else "||")(other), phrases)
        rank = -func.ts_rank(words, asked, _BY_LENGTH, type_=Float)
        query = self._select(rank.label("rank")).where(words.op("@@")(asked))
        return query.order_by(literal_column("rank"), messages.c.seq.desc())


def _contains(word: str) -> ColumnElement[bool]:
    # Only where there is a case: looking past it takes this database several times as long.
    if word.lower() == word.upper():
        return messages.c.content.contains(word, autoescape=True)
    return messages.c.content.icontains(word, autoescape=True)


def index_tail(connection: Connection) -> bool:
    """Index what the writing process has not indexed yet, in memory; gone with the transaction."""
    waiting = f"FROM messages WHERE seq > (SELECT indexed_to FROM search_progress) AND message_type = '{_CHAT}'"  # noqa: S608  # a constant
    if connection.exec_driver_sql(f"SELECT 1 {waiting} LIMIT 1").first() is None:
        return False
    connection.exec_driver_sql(f"CREATE VIRTUAL TABLE temp.{TAIL} USING fts5(content, tokenize = '{TOKENIZER}')")
    connection.exec_driver_sql(f"INSERT INTO temp.{TAIL} (rowid, content) SELECT seq, content {waiting}")
    return True
