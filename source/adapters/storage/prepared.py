"""Statements that are compiled once."""

from collections.abc import Callable, Iterable, Sequence
from operator import itemgetter
from typing import Any, Final

from sqlalchemy import Connection, Insert
from sqlalchemy.engine import Dialect
from sqlalchemy.sql import ClauseElement
from sqlalchemy.sql.compiler import SQLCompiler

Row = tuple[object, ...]
_WORTH_COPYING: Final = 8
_Processor = Callable[[Any], object]  # what a column's type makes of a value depends on the column


class Prepared:
    """A Core statement as the driver takes it, run with plain tuples in the order of `names`.

    Executed by SQLAlchemy, a transaction of two statements took nearly three times as long. What the driver
    raises is not wrapped.
    """

    def __init__(self, statement: ClauseElement, names: Sequence[str], dialect: Dialect) -> None:
        compiled = statement.compile(dialect=dialect)
        if not isinstance(compiled, SQLCompiler):
            raise TypeError("only statements with parameters can be prepared")
        self.sql: Final = compiled.string
        order = compiled.positiontup or ()
        self._order = _reordering(names, order)
        self._processors = [
            (names.index(name), processor)
            for name in dict.fromkeys(order)
            if (processor := compiled.binds[name].type.dialect_impl(dialect).bind_processor(dialect)) is not None
        ]

    def run(self, connection: Connection, rows: Iterable[Row]) -> int:
        """Run the statement for every row; return how many rows of the table it touched."""
        return self._run(connection, [self._parameters(row) for row in rows])

    def _run(self, connection: Connection, parameters: Sequence[Row]) -> int:
        if not parameters:
            return 0
        cursor = connection.connection.cursor()
        try:
            cursor.executemany(self.sql, parameters)
            return cursor.rowcount
        finally:
            cursor.close()

    def returned(self, connection: Connection, row: Row) -> Row | None:
        """Run the statement for one row; return the first row that it gives back."""
        cursor = connection.connection.cursor()
        try:
            cursor.execute(self.sql, self._parameters(row))
            found = cursor.fetchone()
        finally:
            cursor.close()
        return None if found is None else tuple(found)

    def _parameters(self, row: Row) -> Row:
        if self._processors:
            values = list(row)
            for index, processor in self._processors:
                value = values[index]
                if value is not None:
                    values[index] = processor(value)
            row = tuple(values)
        return row if self._order is None else self._order(row)


class PreparedInsert(Prepared):
    """Adds rows to a table; PostgreSQL takes many of them as one COPY, in half of the time."""

    def __init__(self, statement: Insert, names: Sequence[str], dialect: Dialect) -> None:
        # Inline: nobody asks for the keys that the database gives.
        super().__init__(statement.inline(), names, dialect)
        self._copy: str | None = None
        if dialect.name == "postgresql":
            quote = dialect.identifier_preparer.quote
            columns = ", ".join(quote(name) for name in names)
            self._copy = f"COPY {quote(statement.table.name)} ({columns}) FROM STDIN"

    def run(self, connection: Connection, rows: Iterable[Row]) -> int:
        parameters = [self._parameters(row) for row in rows]
        if self._copy is None or len(parameters) < _WORTH_COPYING:
            return self._run(connection, parameters)
        cursor = connection.connection.cursor()
        try:
            with cursor.copy(self._copy) as copy:
                for row in parameters:
                    copy.write_row(row)
            return len(parameters)
        finally:
            cursor.close()


def _reordering(names: Sequence[str], order: Sequence[str]) -> Callable[[Row], Row] | None:
    if list(names) == list(order):
        return None
    indexes = [names.index(name) for name in order]
    if len(indexes) == 1:
        only = indexes[0]
        return lambda row: (row[only],)
    return itemgetter(*indexes)
