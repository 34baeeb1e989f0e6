"""JSON Schema of what fields of records hold, and of conditions on them."""

from typing import Any, Final

from source.adapters.web.pages import STORABLE
from source.domain.filter_parsing import MOST_KEYS
from source.domain.metadata import LONGEST_TAG_CHARS, MOST_TAGS
from source.domain.record_field import LARGEST_NUMBER, Field, Kind
from source.domain.records import MOST_IN_ORDER, Collection

# Any: JSON Schema is JSON.
Schema = dict[str, Any]

_FLAG: Final[Schema] = {"type": "boolean"}
_MOMENT: Final[Schema] = {"type": "string", "format": "date-time"}
_KEY: Final[Schema] = {"type": "string", "pattern": "^[0-9]{1,15}$"}
_TAG: Final[Schema] = {"type": "string", "maxLength": LONGEST_TAG_CHARS, "pattern": r"^[^\x00]*[^\s\x00][^\x00]*$"}
_ANY_KEY: Final[Schema] = {**_KEY, "type": ["string", "integer"], "minimum": 0, "maximum": LARGEST_NUMBER}
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


def filter_schema(collection: Collection) -> Schema:
    """Return which fields, and values inside JSON, a filter may name."""
    fields = [field for field in collection.fields.values() if field.searchable]
    names = "|".join(field.name for field in fields)
    paths = "|".join(field.name for field in fields if field.kind is Kind.JSON)
    inside = f"|({paths}){_IN_PATH}" if paths else ""
    example = {
        "$or": [{collection.key: collection.fields[collection.key].example}, {"language": {"$in": ["en", None]}}]
    }
    return {
        "propertyNames": {"pattern": rf"^({names}{inside}|\$(and|or|nor|not))$"},
        "examples": [{"language": "en"}, example],
    }


def order_schema(collection: Collection) -> Schema:
    """Return by what a list may be ordered."""
    names = [field.name for field in collection.fields.values() if field.is_ordered]
    items = {"type": "string", "enum": [*names, *(f"-{name}" for name in names)]}
    return {"type": "array", "items": items, "maxItems": MOST_IN_ORDER}


def _nullable(schema: Schema) -> Schema:
    kinds = schema["type"]
    nullable = {**schema, "type": [*(kinds if isinstance(kinds, list) else [kinds]), "null"]}
    return {**nullable, "enum": [*schema["enum"], None]} if "enum" in schema else nullable
