"""Random filters, and values that are likely to meet them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from source.domain.record_field import Field, Kind

TEXTS = st.one_of(
    st.sampled_from(
        ["", "a", "A", "ab", "b", "é", "e\u0301", "Z", "z", "%", "_", "ß", "😀", "\uffff", "0", "1", "true"]
    ),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=4),
)
INTEGERS = st.one_of(st.integers(-3, 3), st.sampled_from([2**53 - 1, 1 - 2**53, 2**31, 2**31 - 1]))
NUMBERS = st.one_of(st.integers(-2, 2), st.sampled_from([0.5, -0.5, 1.0, 0.1, 1e-9, 1e15, 2**53 - 1]))
MOMENTS = st.sampled_from(
    [datetime(2026, 3, 2, 9, tzinfo=UTC) + timedelta(microseconds=n) for n in (-1, 0, 1, 999_999)]
)
KEYS = ["a", "b", "0", "a b", "A"]
SCALARS = st.one_of(TEXTS, NUMBERS, st.booleans())
JSON_VALUES: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.none(), SCALARS),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.one_of(st.sampled_from(KEYS), TEXTS), inner, max_size=3)
    ),
    max_leaves=6,
)
JSON_OBJECTS = st.dictionaries(st.one_of(st.sampled_from(KEYS), TEXTS), JSON_VALUES, max_size=4)
TAGS = st.lists(TEXTS.filter(bool), max_size=3)


def value_of(field: Field) -> st.SearchStrategy[Any]:
    """Values that the field may hold, in every form that a row may have them."""
    if field.choices:
        return st.sampled_from(field.choices)
    match field.kind:
        case Kind.TEXT:
            return TEXTS
        case Kind.INTEGER:
            return st.integers(-3, 3)
        case Kind.NUMBER:
            return NUMBERS
        case Kind.BOOLEAN:
            return st.booleans()
        case Kind.MOMENT:
            return MOMENTS
        case Kind.KEY:
            return st.integers(1, 5)
        case Kind.TEXTS:
            return TAGS
        case Kind.JSON:
            return JSON_OBJECTS


def filters_over(fields: dict[str, Field]) -> st.SearchStrategy[dict[str, Any]]:
    """Filters as people write them."""
    conditions = st.one_of([_on(field) for field in fields.values() if field.searchable])
    return st.recursive(
        conditions,
        lambda inner: st.one_of(
            st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"$and": parts}),
            st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"$or": parts}),
            st.lists(inner, min_size=1, max_size=2).map(lambda parts: {"$nor": parts}),
            inner.map(lambda part: {"$not": part}),
        ),
        max_leaves=4,
    )


def _on(field: Field) -> st.SearchStrategy[dict[str, Any]]:
    if field.kind is Kind.JSON:
        paths = st.lists(st.sampled_from(KEYS), min_size=1, max_size=3).map(lambda keys: ".".join([field.name, *keys]))
        bare = _named(field.name, st.one_of(st.none(), _existing()))
        return st.one_of(bare, paths.flatmap(lambda path: _named(path, _tests(SCALARS, is_text=True, has_order=True))))
    values = value_of(field)
    if field.kind is Kind.MOMENT:
        values = MOMENTS.map(datetime.isoformat)
    if field.kind is Kind.INTEGER:
        values = st.one_of(INTEGERS, NUMBERS)
    if field.kind is Kind.KEY:
        values = st.one_of(st.integers(0, 6), st.integers(0, 6).map(str))
    if field.kind is Kind.TEXTS:
        values = TEXTS
    return _named(
        field.name,
        _tests(values, is_text=field.kind is Kind.TEXT, has_order=field.kind not in {Kind.BOOLEAN, Kind.TEXTS}),
    )


def _tests(values: st.SearchStrategy[Any], *, is_text: bool, has_order: bool) -> st.SearchStrategy[Any]:
    nullable = st.one_of(st.none(), values)
    lists = st.lists(nullable, max_size=3)
    ordered = values.filter(lambda value: not isinstance(value, bool))
    tests = {"$eq": nullable, "$ne": nullable, "$in": lists, "$nin": lists, "$exists": st.booleans()}
    tests |= dict.fromkeys(("$gt", "$gte", "$lt", "$lte"), ordered) if has_order else {}
    tests |= dict.fromkeys(("$contains", "$startswith"), TEXTS) if is_text else {}
    operators = st.fixed_dictionaries({}, optional=tests).filter(bool)
    return st.one_of(nullable, operators, operators.map(lambda given: {"$not": given}))


def _existing() -> st.SearchStrategy[Any]:
    return st.booleans().map(lambda wanted: {"$exists": wanted})


def _named(name: str, given: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return given.map(lambda value: {name: value})
