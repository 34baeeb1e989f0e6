"""What filters mean, and what is refused of them."""

from datetime import UTC, datetime

import pytest

from source.domain.errors import RefusedInputError
from source.domain.filter_parsing import MOST_CONDITIONS, MOST_LEVELS, MOST_VALUES, parse_filter
from source.domain.filters import matches
from source.domain.record_field import Field, Kind
from source.domain.records import MESSAGES, SESSIONS

FIELDS = {
    name: Field(name, kind, "", nullable=nullable)
    for name, kind, nullable in [
        ("id", Kind.KEY, False),
        ("title", Kind.TEXT, True),
        ("number", Kind.INTEGER, True),
        ("score", Kind.NUMBER, True),
        ("starred", Kind.BOOLEAN, False),
        ("at", Kind.MOMENT, True),
        ("tags", Kind.TEXTS, True),
        ("facts", Kind.JSON, True),
    ]
} | {"shown": Field("shown", Kind.INTEGER, "", searchable=False)}

RECORD: dict[str, object] = {
    "id": 6821946150912032,
    "title": "Pizza boxes",
    "number": 7,
    "score": 0.5,
    "starred": True,
    "at": datetime(2026, 3, 2, 9, tzinfo=UTC),
    "tags": ["boxes", "urgent"],
    "facts": {"primary": "order", "sure": 0.95, "vip": True, "none": None, "deep": {"er": "x"}, "list": ["order"]},
}
EMPTY: dict[str, object] = {**dict.fromkeys(FIELDS), "id": 1, "starred": False}


@pytest.mark.parametrize(
    "given",
    [
        None,
        {},
        {"title": "Pizza boxes"},
        {"title": {"$eq": "Pizza boxes", "$ne": "pizza boxes"}},
        {"title": {"$contains": "za b"}},
        {"title": {"$startswith": "Pizza"}},
        {"title": {"$gt": "Pizz", "$lt": "Pj"}},
        {"title": {"$not": {"$contains": "cake"}}},
        {"title": {"$in": ["x", "Pizza boxes"]}},
        {"number": {"$gte": 7, "$lte": 7}},
        {"number": {"$gt": 6.5}},
        {"score": 0.5},
        {"starred": True},
        {"at": "2026-03-02T10:00:00+01:00"},
        {"at": {"$gte": "2026-03-02", "$lt": "2026-03-03"}},
        {"at": {"$lt": "2026-03-02T09:00:01"}},
        {"id": "6821946150912032"},
        {"id": {"$gt": 1}},
        {"tags": "urgent"},
        {"tags": {"$in": ["x", "boxes"]}},
        {"tags": {"$ne": "cake"}},
        {"facts.primary": "order"},
        {"facts.sure": {"$gt": 0.9}},
        {"facts.vip": True},
        {"facts.vip": {"$ne": 1}},
        {"facts.deep.er": {"$exists": True}},
        {"facts.none": {"$exists": False}},
        {"facts.none": None},
        {"facts.list": {"$ne": "order"}},
        {"facts.list": {"$exists": True}},
        {"facts": {"$exists": True}},
        {"$or": [{"number": 1}, {"number": 7}]},
        {"$and": [{"number": 7}, {"title": {"$ne": None}}]},
        {"$nor": [{"number": 1}, {"number": 2}]},
        {"$not": {"number": 1}},
    ],
)
def test_a_filter_matches_what_it_describes(given: object) -> None:
    assert matches(RECORD, parse_filter(given, FIELDS))


@pytest.mark.parametrize(
    "given",
    [
        {"title": "pizza boxes"},
        {"title": {"$contains": "ZA"}},
        {"title": {"$startswith": "boxes"}},
        {"title": None},
        {"title": {"$in": []}},
        {"number": {"$gt": 7}},
        {"number": {"$lt": 7}},
        {"starred": False},
        {"tags": "box"},
        {"facts.vip": 1},
        {"facts.vip": "true"},
        {"facts.sure": {"$gt": "0.9"}},
        {"facts.primary.er": "x"},
        {"facts.deep": "x"},
        {"$nor": [{"number": 1}, {"number": 7}]},
        {"$not": {"number": 7}},
        {"number": 7, "title": "x"},
    ],
)
def test_a_filter_does_not_match_what_it_does_not_describe(given: object) -> None:
    assert not matches(RECORD, parse_filter(given, FIELDS))


@pytest.mark.parametrize(
    ("given", "matched"),
    [
        ({"title": None}, True),
        ({"title": {"$exists": False}}, True),
        ({"title": {"$ne": "x"}}, True),
        ({"title": {"$nin": ["x"]}}, True),
        ({"title": {"$in": ["x", None]}}, True),
        ({"title": {"$nin": ["x", None]}}, False),
        ({"title": {"$not": {"$gt": "x"}}}, True),
        ({"number": {"$lt": 5}}, False),
        ({"at": {"$lt": "2030-01-01"}}, False),
        ({"tags": {"$ne": "x"}}, True),
        ({"tags": "x"}, False),
        ({"facts.primary": {"$ne": "x"}}, True),
        ({"facts.primary": None}, True),
        ({"facts": None}, True),
    ],
)
def test_what_is_missing_equals_nothing_and_compares_with_nothing(given: object, matched: bool) -> None:
    assert matches(EMPTY, parse_filter(given, FIELDS)) is matched


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ([], "filter: an object of fields and conditions is expected."),
        ({"titel": "x"}, "there is no field 'titel'; did you mean title?"),
        ({"shown": 1}, "shown cannot be searched for"),
        ({"title": 1}, "filter.title: text is expected."),
        ({"title": True}, "filter.title: text is expected."),
        ({"number": "1"}, "filter.number: a number is expected."),
        ({"number": True}, "filter.number: a number is expected."),
        ({"number": 2**53}, "at most 2^53 - 1"),
        ({"score": float("nan")}, "at most 2^53 - 1"),
        ({"starred": 1}, "true or false is expected"),
        ({"starred": {"$gt": True}}, "needs something that has an order"),
        ({"at": "yesterday"}, "a time such as 2026-03-02T09:00:00Z is expected"),
        ({"at": "0001-01-01T00:00:00+14:00"}, "a time such as"),
        ({"at": 5}, "a time such as"),
        ({"id": "one"}, "an id, which is a number"),
        ({"id": "12345678901234567"}, "an id, which is a number"),
        ({"title": "\x00"}, "no NUL"),
        ({"title": {"$contains": "\ud800"}}, "no lone surrogate"),
        ({"title": "x" * 3000}, "text of at most 2000 characters"),
        ({"title": {"$regex": "^x"}}, "use $contains or $startswith"),
        ({"title": {"$containz": "x"}}, "did you mean $contains?"),
        ({"number": {"$contains": "x"}}, "looks for text in a text"),
        ({"title": {"$contains": 1}}, "looks for text in a text"),
        ({"title": {}}, "a value or an operator is expected"),
        ({"title": {"x": 1}}, "no such operator"),
        ({"title": {"$in": "x"}}, "a list of at most"),
        ({"title": {"$in": ["x"] * (MOST_VALUES + 1)}}, "a list of at most"),
        ({"$or": [{"title": {"$in": ["x"] * MOST_VALUES}}] * 3}, "values in all"),
        ({"title": {"$exists": 1}}, "true or false is expected"),
        ({"title": {"$not": "x"}}, "an operator is expected"),
        ({"title.x": 1}, "has nothing in it"),
        ({"facts": "x"}, "name one value in it"),
        ({"facts": {"primary": "x"}}, "such as facts.primary"),
        ({"facts": {"$gt": 1}}, "name one value in it"),
        ({"facts.primary": [1]}, "text, a number, true, false or null"),
        ({'facts.a"b': 1}, "keys at most, of letters"),
        ({"facts..x": 1}, "keys at most, of letters"),
        ({"facts.a.b.c.d.e.f.g": 1}, "may name 6 keys at most"),
        ({"tags": {"$gt": "x"}}, "needs something that has an order"),
        ({"$xor": []}, "did you mean $or?"),
        ({"$or": []}, "with at least one"),
        ({"$and": {"number": 1}}, "a list of filters"),
        ({"$and": [5]}, "filter.$and[0]: an object"),
        ({"$or": [{"number": 1}] * (MOST_CONDITIONS + 1)}, "100 conditions at most"),
        ({"$or": [{"number": 1}] * (MOST_CONDITIONS // 2 + 1)}, "100 conditions at most"),
    ],
)
def test_what_is_wrong_with_a_filter_is_said_and_where(given: object, sentence: str) -> None:
    with pytest.raises(RefusedInputError) as refused:
        parse_filter(given, FIELDS)
    assert sentence in str(refused.value)


@pytest.mark.parametrize("wrapped", [lambda inner: {"$not": inner}, lambda inner: {"$and": [inner]}])
def test_a_filter_is_only_so_deep(wrapped: object) -> None:
    deep: object = {"number": 1}
    for _ in range(MOST_LEVELS):
        assert callable(wrapped)
        deep = wrapped(deep)
    with pytest.raises(RefusedInputError, match="8 levels at most"):
        parse_filter(deep, FIELDS)
    not_so_deep: object = {"$ne": 1}
    for _ in range(MOST_LEVELS):
        not_so_deep = {"$not": not_so_deep}
    with pytest.raises(RefusedInputError, match="8 levels at most"):
        parse_filter({"number": not_so_deep}, FIELDS)


def test_what_is_only_shown_of_a_session_is_no_field_to_search_for() -> None:
    for collection, name in [(SESSIONS, "message_count"), (SESSIONS, "version"), (MESSAGES, "version")]:
        with pytest.raises(RefusedInputError, match="only shown"):
            parse_filter({name: 1}, collection.fields)
