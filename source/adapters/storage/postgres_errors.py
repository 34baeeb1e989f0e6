"""What PostgreSQL says (its SQLSTATEs), in the words of the store's errors."""

from typing import Final

from source.domain.errors import StoreDamagedError, StoreError, StoreUnavailableError

_Fault = tuple[type[StoreError], str]


def _unavailable(text: str) -> _Fault:
    return StoreUnavailableError, text


_UNREACHABLE: Final = _unavailable(
    "the database cannot be reached or does not let Echo in: see that its server runs, and that host, port, user, "
    "password and name in DATABASE_URL are right"
)
_LOST: Final = _unavailable("the connection to the database was lost: Echo connects again by itself")
_STARTING: Final = _unavailable("the database server is starting or stopping: Echo connects again by itself")
_LOGIN: Final = _unavailable("the database refuses the user or the password of DATABASE_URL: correct them")
_NO_DATABASE: Final = _unavailable("there is no database of the name in DATABASE_URL: create it, or correct the name")
_NO_SCHEMA: Final = _unavailable("the database has no schema for Echo's tables: create one, or set the search_path")
_RIGHTS: Final = _unavailable(
    "the database's user lacks a right: make it the owner of the database and of the tables in it"
)
_FULL: Final = _unavailable("the database server's disk is full: free some space; nothing that was accepted is lost")
_MEMORY: Final = _unavailable("the database server has not enough memory")
_CONNECTIONS: Final = _unavailable("the database server has no connection left: raise its max_connections")
_READ_ONLY: Final = _unavailable("the database takes no writes, as a standby does: let DATABASE_URL name the primary")
_LOCKED: Final = _unavailable("another program keeps a part of the database locked: end what it does")
_CANCELLED: Final = _unavailable("the database server cancelled what Echo asked: look at its time limits")
_CONFLICT: Final = _unavailable("other programs wrote the same at the same time: try it again")
_DISK: Final = _unavailable("the database server could not read or write its files: look at its disk")
_TROUBLE: Final = _unavailable("the database server has an error of its own: look at its log")
_POOLER: Final = _unavailable(
    "the database forgot a statement, as behind a pooler of transactions: let DATABASE_URL name the server itself"
)
_DAMAGED: Final = (StoreDamagedError, "the database is damaged: restore it from a backup")
_OWN_FAULT: Final = (StoreError, "the store refused what it was given")

_CODES: Final[dict[str, _Fault]] = {
    "3D000": _NO_DATABASE,
    "3F000": _NO_SCHEMA,
    "25006": _READ_ONLY,
    "25P03": _LOST,
    "25P04": _CANCELLED,
    "26000": _POOLER,
    "42501": _RIGHTS,
    "53100": _FULL,
    "53200": _MEMORY,
    "53300": _CONNECTIONS,
    "55006": _LOCKED,
    "55P03": _LOCKED,
    "57014": _CANCELLED,
    "57P03": _STARTING,
    "57P04": _NO_DATABASE,
    "XX001": _DAMAGED,
    "XX002": _DAMAGED,
}
# By the first two characters, which name the class.
_CLASSES: Final[dict[str, _Fault]] = {
    **dict.fromkeys(("02", "03", "07", "09", "0A", "0B", "0F", "0L", "0P", "0Z"), _OWN_FAULT),
    **dict.fromkeys(("10", "20", "21", "22", "23", "24", "25", "26", "27", "2B", "2D", "2F"), _OWN_FAULT),
    **dict.fromkeys(("34", "38", "39", "3B", "3D", "3F", "42", "44", "54", "55", "F0", "HV", "P0"), _OWN_FAULT),
    "08": _LOST,
    "28": _LOGIN,
    "40": _CONFLICT,
    "53": _TROUBLE,
    "57": _LOST,
    "58": _DISK,
    "72": _CONFLICT,
    "XX": _TROUBLE,
}
# Where a connection is refused, the driver has no code, only the server's words; in other languages than English
# the operator gets the general sentence.
_REFUSALS: Final[tuple[tuple[str, _Fault], ...]] = (
    ("authentication failed", _LOGIN),
    ("no password supplied", _LOGIN),
    ("no pg_hba.conf entry", _LOGIN),
    ("is not permitted to log in", _LOGIN),
    ("permission denied for database", _RIGHTS),
    ("too many connections", _CONNECTIONS),
    ("too many clients", _CONNECTIONS),
    ("remaining connection slots", _CONNECTIONS),
    ("the database system is", _STARTING),
)
_PASSING_CODES: Final = frozenset({"40001", "40P01", "25P03", "53300", "57P01", "57P02", "57P03", "57P05"})
_PASSING_CLASS: Final = "08"
_PASSING_REFUSALS: Final = (_CONNECTIONS, _STARTING)


def is_known(sqlstate: str) -> bool:
    """Whether this SQLSTATE has words of its own."""
    return sqlstate in _CODES or sqlstate[:2] in _CLASSES


def fault_of(error: Exception) -> StoreError:
    """Return the store's error for one of psycopg's; nothing that the server said is in it."""
    kind, text = _fault(error)
    return kind(f"{text} ({type(error).__name__})" if kind is StoreError else text)


def without_contents(error: Exception) -> Exception:
    """Return what may be shown of an error: its details may quote what was said, its text the password."""
    named = (getattr(getattr(error, "diag", None), name, None) for name in ("table_name", "constraint_name"))
    where = [name for name in (_sqlstate(error), *named) if name]
    return PostgresError(" ".join((type(error).__name__, *where)))


class PostgresError(Exception):
    """What psycopg raised, without what the server quoted."""


def is_connection_lost(error: Exception) -> bool:
    """Whether the connection has broken: what it was doing may or may not have been done."""
    sqlstate = _sqlstate(error)
    if sqlstate is None:
        return type(error).__name__ in {"OperationalError", "InterfaceError", "ConnectionTimeout"}
    return sqlstate[:2] == _PASSING_CLASS or sqlstate in {"25P03", "57P01", "57P02", "57P05"}


def is_passing(error: Exception) -> bool:
    """Whether the same may work in a moment without anybody's doing."""
    sqlstate = _sqlstate(error)
    if sqlstate is not None:
        return sqlstate in _PASSING_CODES or sqlstate[:2] == _PASSING_CLASS
    return is_connection_lost(error) and _fault(error) in (_UNREACHABLE, _LOST, *_PASSING_REFUSALS)


def is_starting(error: Exception) -> bool:
    """Whether the server is there and will take connections soon."""
    return _fault(error) == _STARTING


def _fault(error: Exception) -> _Fault:
    sqlstate = _sqlstate(error)
    if sqlstate is not None:
        return _CODES.get(sqlstate) or _CLASSES.get(sqlstate[:2]) or _TROUBLE
    if not is_connection_lost(error):
        return _OWN_FAULT
    said = str(error)
    if 'database "' in said and "does not exist" in said:
        return _NO_DATABASE
    if 'role "' in said and "does not exist" in said:
        return _LOGIN
    return next((fault for words, fault in _REFUSALS if words in said), _UNREACHABLE)


def _sqlstate(error: Exception) -> str | None:
    code = getattr(error, "sqlstate", None)
    return code if isinstance(code, str) else None
