"""How many bytes a text takes in UTF-8, in each database's own words."""

from typing import Any

from sqlalchemy import Integer
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class octets(FunctionElement[int]):  # noqa: N801  # reads like the functions of `func`
    """`octets(column)`: counted by the database, so that no text has to leave it."""

    name = "octets"
    type = Integer()
    inherit_cache = True


@compiles(octets)
def _octet_length(element: octets, compiler: SQLCompiler, **options: Any) -> str:  # Any: the compiler's own options
    return f"octet_length({compiler.process(element.clauses, **options)})"


@compiles(octets, "sqlite")
def _length_of_blob(element: octets, compiler: SQLCompiler, **options: Any) -> str:
    # SQLite has octet_length only since 3.43.
    return f"length(CAST({compiler.process(element.clauses, **options)} AS BLOB))"
