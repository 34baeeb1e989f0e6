"""Looking for words in whatever is on the disk, and in every table of a server."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from sqlalchemy import create_engine, inspect, make_url
from sqlalchemy.pool import NullPool

from source.adapters.blobs.zstandard import Zstandard

_MAX_BYTES = 100_000_000


def found_in(folder: Path, words: Iterable[str], *, url: str = "") -> dict[str, list[str]]:
    """Return by word where it stands: files of the folder, opened where they are packed, and tables of a server."""
    texts = dict(_files(folder))
    if url.startswith("postgresql"):
        texts |= dict(_tables(url))
    found = {
        word: [name for name, content in texts.items() if word.encode().lower() in content.lower()] for word in words
    }
    return {word: names for word, names in found.items() if names}


def _files(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            content = path.read_bytes()
            if path.suffix == ".zst":
                content += Zstandard().decompress(content, max_bytes=_MAX_BYTES)
            yield str(path.relative_to(folder)), path.name.encode() + b" " + content


def _tables(url: str) -> Iterator[tuple[str, bytes]]:
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"), poolclass=NullPool)
    with engine.connect() as connection:
        for schema in inspect(connection).get_schema_names():
            if schema.startswith("pg_") or schema == "information_schema":
                continue
            for table in inspect(connection).get_table_names(schema):
                rows = connection.exec_driver_sql(f'SELECT t::text FROM "{schema}"."{table}" t').scalars().all()
                yield f"{schema}.{table}", "\n".join(rows).encode("utf-8", "surrogatepass")
    engine.dispose()
