"""Searching on PostgreSQL as on SQLite: words in every form, accents folded, no word left out."""

from typing import Final

from sqlalchemy import Connection, text

from source.domain.errors import StoreUnavailableError

# What a letter is must not hang on the locale of the database. The best first: Unicode's own tables, which
# PostgreSQL has from 17 on, ICU's, the system's.
_COLLATIONS: Final = ("pg_c_utf8", "und-x-icu", "C.utf8", "en_US.utf8")
_TOKENS: Final = (
    "asciiword, word, numword, asciihword, hword, numhword, hword_asciipart, hword_part, hword_numpart, "
    "int, uint, float, sfloat, version, email, host, url, url_path, file"
)
# A tsvector takes a megabyte: of a text that is longer than this the end is not searched.
_MOST_CHARACTERS: Final = 100_000


def create(connection: Connection) -> None:
    """Create what fills and asks the column `messages.words`, the column and its index.

    Raises: StoreUnavailableError: the database cannot keep every text, or knows no letters but those of English.
    """
    if connection.execute(text("SHOW server_encoding")).scalar() != "UTF8":
        raise StoreUnavailableError("the database does not keep UTF-8: make it with ENCODING 'UTF8' TEMPLATE template0")
    collation = _collation(connection)
    for statement in _STATEMENTS:
        connection.execute(text(statement.replace("COLLATION", f'"{collation}"').replace(":", "\\:")))


def _collation(connection: Connection) -> str:
    there = set(connection.execute(text("SELECT collname FROM pg_catalog.pg_collation")).scalars())
    found = next((name for name in _COLLATIONS if name in there), None)
    if found is not None:
        return found
    locale = "SELECT datctype FROM pg_catalog.pg_database WHERE datname = current_database()"
    if connection.execute(text(locale)).scalar() in {"C", "POSIX"}:
        raise StoreUnavailableError("the database's locale knows no letters: make it with one of UTF-8, as en_US.UTF-8")
    return "default"


# Porter's stemmer, as in SQLite's index, and no list of words that are left out.
_STATEMENTS: Final = (
    "CREATE TEXT SEARCH DICTIONARY echo_stem (TEMPLATE = snowball, LANGUAGE = porter)",
    'CREATE TEXT SEARCH CONFIGURATION echo_words (PARSER = "default")',
    f"ALTER TEXT SEARCH CONFIGURATION echo_words ADD MAPPING FOR {_TOKENS} WITH echo_stem",
    # Without accents on Latin letters, and with a space for whatever is neither letter nor digit. Porter's stemmer
    # leaves words of two letters as they are; this server's would make "is" the same as "I".
    r"""
    CREATE FUNCTION echo_plain(said text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN regexp_replace(regexp_replace(
        CASE WHEN octet_length(said) = length(said) THEN lower(said)
        ELSE normalize(
            regexp_replace(normalize(lower(said COLLATE COLLATION), NFD), '([a-z])[\u0300-\u036f]+', '\1', 'g'), NFC
        ) END COLLATE COLLATION,
        '[^[:alnum:][:space:]]', ' ', 'g'
    ), '\m([a-z]s)\M', '\10', 'g')
    """,
    f"""
    CREATE FUNCTION echo_words(said text) RETURNS tsvector
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN to_tsvector('echo_words'::regconfig, echo_plain(left(said, {_MOST_CHARACTERS})))
    """,
    """
    CREATE FUNCTION echo_phrase(word text) RETURNS tsquery
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN phraseto_tsquery('echo_words'::regconfig, echo_plain(word))
    """,
    "ALTER TABLE messages ADD COLUMN words tsvector"
    " GENERATED ALWAYS AS (CASE WHEN message_type = 'chat' THEN echo_words(content) END) STORED",
    "CREATE INDEX ix_messages_words ON messages USING gin (words)",
)
