"""JSON Schema of what fields of records hold, and of conditions on them."""

from typing import Any, Final

from source.adapters.web.pages import STORABLE
from source.domain.filter_parsing import MOST_KEYS, MOST_VALUES
from source.domain.filters import Comparison, TextTest
from source.domain.metadata import LONGEST_TAG_CHARS, MOST_TAGS
from source.domain.record_field import LARGEST_NUMBER, MOST_TEXT_CHARS, Field, Kind
from source.domain.records import MOST_IN_ORDER, Collection

# Any: JSON Schema is JSON.
Schema = dict[str, Any]

_TEXT: Final[Schema] = {"type": "string", "maxLength": MOST_TEXT_CHARS, "pattern": STORABLE}
_NUMBER: Final[Schema] = {"type": "number", "minimum": -LARGEST_NUMBER, "maximum": LARGEST_NUMBER}
_FLAG: Final[Schema] = {"type": "boolean"}
_MOMENT: Final[Schema] = {"type": "string", "format": "date-time"}
_KEY: Final[Schema] = {"type": "string", "pattern": "^[0-9]{1,15}$"}
_TAG: Final[Schema] = {"type": "string", "maxLength": LONGEST_TAG_CHARS, "pattern": r"^[^\x00]*[^\s\x00][^\x00]*$"}
_ANY_KEY: Final[Schema] = {**_KEY, "type": ["string", "integer"], "minimum": 0, "maximum": LARGEST_NUMBER}
_IN_JSON: Final[Schema] = {**_TEXT, **_NUMBER, "type": ["string", "number", "boolean"]}
_IN_PATH: Final = rf"(\.[A-Za-z0-9_ -]{{1,64}}){{1,{MOST_KEYS}}}"


def shown(field: Field) -> Schema:
    """Return what the field holds in an answer."""
    match field.kind:
        case Kind.TEXT:
            schema: Schema = {"type": "string", "enum": list(field.choices)} if field.choices else {"type": "string"}
        case Kind.INTEGER | Kind.NUMBER:
            schema = {"type": field.kind.value}
        case Kind.BOOLEAN:
            schema = _FLAG
        case Kind.MOMENT:
            schema = _MOMENT
        case Kind.KEY:
            schema = _KEY
        case Kind.TEXTS:
            schema = {"type": "array", "items": {"type": "string"}}
        case Kind.JSON:
            schema = {"type": "object"}
    return _nullable(schema) if field.nullable else schema


def written(field: Field) -> Schema:
    """Return what the field may be given."""
    match field.kind:
        case Kind.TEXT if field.choices:
            schema: Schema = {"type": "string", "enum": list(field.choices)}
        case Kind.TEXT:
            bounds = {"minLength": field.min_chars, "maxLength": field.max_chars, "pattern": STORABLE}
            schema = {"type": "string", **bounds}
        case Kind.INTEGER | Kind.NUMBER:
            schema = {"type": field.kind.value, "minimum": field.least, "maximum": field.most}
        case Kind.TEXTS:
            schema = {"type": "array", "items": _TAG, "maxItems": MOST_TAGS}
        case Kind.KEY:
            schema = _ANY_KEY
        case _:
            schema = shown(field)
    return _nullable(schema) if field.nullable else schema


def condition(field: Field) -> Schema:
    """Return what a filter may say of the field."""
    if field.kind is Kind.JSON:
        return {"anyOf": [{"type": "null"}, _operators({"$exists": _FLAG})]}
    values = {
        Kind.TEXT: _TEXT,
        Kind.TEXTS: _TEXT,
        Kind.INTEGER: _NUMBER,
        Kind.NUMBER: _NUMBER,
        Kind.BOOLEAN: _FLAG,
        Kind.MOMENT: _MOMENT,
        Kind.KEY: _ANY_KEY,
    }[field.kind]
    has_order = field.kind not in {Kind.BOOLEAN, Kind.TEXTS}
    return _tests(values, values if has_order else None, is_text=field.kind is Kind.TEXT)


def paths(collection: Collection) -> dict[str, Schema]:
    """Return what a filter may say of values inside JSON, by patterns of their paths."""
    names = [field.name for field in collection.fields.values() if field.kind is Kind.JSON]
    tests = _tests(_IN_JSON, {**_IN_JSON, "type": ["string", "number"]}, is_text=True)
    return {f"^({'|'.join(names)}){_IN_PATH}$": tests} if names else {}


def order_schema(collection: Collection) -> Schema:
    """Return by what a list may be ordered."""
    names = [field.name for field in collection.fields.values() if field.is_ordered]
    items = {"type": "string", "enum": [*names, *(f"-{name}" for name in names)]}
    return {"type": "array", "items": items, "maxItems": MOST_IN_ORDER}


def _tests(values: Schema, ordered: Schema | None, *, is_text: bool) -> Schema:
    nullable = _nullable(values)
    several = {"type": "array", "items": nullable, "maxItems": MOST_VALUES}
    tests = {"$eq": nullable, "$ne": nullable, "$in": several, "$nin": several, "$exists": _FLAG}
    tests |= {each.value: ordered for each in Comparison} if ordered else {}
    tests |= {each.value: _TEXT for each in TextTest} if is_text else {}
    return {"anyOf": [nullable, _operators({**tests, "$not": {"type": "object", "minProperties": 1}})]}


def _operators(tests: dict[str, Schema]) -> Schema:
    return {"type": "object", "properties": tests, "additionalProperties": False, "minProperties": 1}


def _nullable(schema: Schema) -> Schema:
    kinds = schema["type"]
    nullable = {**schema, "type": [*(kinds if isinstance(kinds, list) else [kinds]), "null"]}
    return {**nullable, "enum": [*schema["enum"], None]} if "enum" in schema else nullable
