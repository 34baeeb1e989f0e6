"""What the API's description says of records; what they may hold is checked where they are written."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, GetJsonSchemaHandler, RootModel, WithJsonSchema, create_model
from pydantic import Field as Described
from pydantic_core import CoreSchema
from typing_extensions import TypeAliasType

from source.adapters.web.pages import STORABLE
from source.adapters.web.record_schemas import Schema, filter_schema, order_schema, shown, written
from source.domain.record_cursor import LONGEST_CURSOR_CHARS
from source.domain.record_field import LARGEST_NUMBER, Field, Given, Kind
from source.domain.record_values import LONGEST_KEY_CHARS
from source.domain.records import COLLECTIONS, MOST_IN_ORDER, Collection
from source.services.records import MOST_IN_A_PAGE, MOST_IN_BULK

_NAMES: Final = {
    "sessions": ("Session", "Sessions"),
    "messages": ("Message", "Messages"),
    "user_summaries": ("UserSummary", "UserSummaries"),
}
_PAGE: Final = "Records in order; `next` is `after` for those that follow, null at the end."
FURTHEST: Final = 1_000_000
_PARTIAL: Final = (bool, Described(default=False, strict=True))
_Text = Annotated[str, Described(pattern=STORABLE)]
_Whole = Annotated[int, Described(ge=-LARGEST_NUMBER, le=LARGEST_NUMBER)]
_Number = Annotated[float, Described(ge=-LARGEST_NUMBER, le=LARGEST_NUMBER)]
_JsonKey = Annotated[str, Described(max_length=LONGEST_KEY_CHARS)]


class _StorableKeys:
    """Says of an object what its keys may be."""

    def __get_pydantic_json_schema__(self, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> Schema:
        return {**handler(core_schema), "propertyNames": {"pattern": STORABLE, "maxLength": LONGEST_KEY_CHARS}}


_Object = Annotated[dict[_JsonKey, "JsonPart"], _StorableKeys()]
JsonPart = TypeAliasType("JsonPart", "bool | _Whole | _Number | _Text | list[JsonPart] | _Object | None")


@dataclass(frozen=True, slots=True)
class RecordModels:
    """The shapes of one collection's records: as they are shown, made and changed, and of filters over them."""

    one: str
    plural: str
    shown: type[BaseModel]
    page: type[BaseModel]
    new: type[BaseModel]
    changes: type[BaseModel]
    filter: type[BaseModel]


@cache
def models_of(name: str) -> RecordModels:
    """Return the models of a collection."""
    collection = COLLECTIONS[name]
    (one, plural), fields = _NAMES[name], collection.fields.values()
    record = _model(one, f"A {collection.one}.", {each.name: (_described(each, shown(each)), ...) for each in fields})
    return RecordModels(
        one,
        plural,
        shown=record,
        page=_model(f"{one}Page", _PAGE, {"records": (list[record], ...), "next": (str | None, ...)}),  # type: ignore[valid-type]  # made just now
        new=_model(
            f"New{one}",
            f"A {collection.one} to be made.",
            {each.name: _given(each, each.required) for each in fields if each.given is not Given.NEVER},
        ),
        changes=_model(
            f"{one}Changes",
            f"What to change of a {collection.one}; null takes away what may be missing.",
            {each.name: _given(each, False) for each in fields if each.given is Given.ALWAYS},
            minProperties=1,
        ),
        filter=_filter(f"{one}Filter", collection),
    )


@cache
def query_model(name: str) -> type[BaseModel]:
    """Return the body of a list that is asked for by POST."""
    order = Annotated[list[str], WithJsonSchema(order_schema(COLLECTIONS[name]))]
    return _model(
        f"{models_of(name).one}Query",
        "Which records, in which order, and which part of them.",
        {
            "filter": (models_of(name).filter | None, None),
            "order_by": (order, Described(default=[], max_length=MOST_IN_ORDER)),
            "limit": (int, Described(default=50, ge=1, le=MOST_IN_A_PAGE)),
            "offset": (int, Described(default=0, ge=0, le=FURTHEST)),
            "after": (str | None, Described(default=None, max_length=LONGEST_CURSOR_CHARS)),
        },
    )


def bulk_new_model(name: str) -> type[BaseModel]:
    """Return the body that makes many records."""
    models = models_of(name)
    records = list[models.new]  # type: ignore[name-defined]  # made of fields
    return _model(
        f"New{models.plural}",
        "Records to be made; `partial`: the others although some are refused.",
        {
            "records": (records, Described(min_length=1, max_length=MOST_IN_BULK)),
            "partial": _PARTIAL,
        },
    )


def bulk_changes_model(name: str) -> type[BaseModel]:
    """Return the body that changes many records alike."""
    models = models_of(name)
    about = "What to change, of the records of `ids` or of those that match `filter`."
    fields = {
        **_selecting(models),
        "changes": (models.changes, ...),
        "partial": _PARTIAL,
    }
    return _model(f"{models.plural}Changes", about, fields)


def selection_model(name: str) -> type[BaseModel]:
    """Return the body that names many records."""
    models = models_of(name)
    return _model(f"{models.plural}Named", "The records of `ids`, or those that match `filter`.", _selecting(models))


def _selecting(models: RecordModels) -> dict[str, Any]:
    identifier = Annotated[int, Described(ge=1, le=LARGEST_NUMBER)]
    return {
        "ids": (list[identifier], Described(default_factory=_missing, max_length=MOST_IN_BULK)),
        "filter": (models.filter, Described(default_factory=_missing)),
    }


def values_in(model: BaseModel) -> dict[str, Any]:
    """Return what a request brought, as it brought it."""
    return model.model_dump(by_alias=True, exclude_unset=True)


def _missing() -> None:
    """Stand for what was not given; as a plain default the description would show it."""


def _model(name: str, about: str, fields: Mapping[str, Any], **more: Any) -> type[BaseModel]:
    settings = ConfigDict(extra="forbid", frozen=True, json_schema_extra=more)
    model: type[BaseModel] = create_model(name, __config__=settings, __doc__=about, **fields)
    return model


def _given(field: Field, required: bool) -> tuple[object, object]:
    default = ... if required else Described(default_factory=_missing)
    if field.kind is Kind.JSON:
        # Checked here already: only a type can say of its parts that they have parts like itself.
        about = Described(description=field.about, examples=[field.example])
        return Annotated[_Object | None, about], default
    return _described(field, written(field)), default


def _described(field: Field, schema: Schema) -> object:
    return Annotated[Any, WithJsonSchema({**schema, "description": field.about, "examples": [field.example]})]


def _filter(name: str, collection: Collection) -> type[BaseModel]:
    """Return a model of filters, which is read where it is used; only the names of fields are described.

    All that could be said of each of them would be most of the API's description.
    """
    about = f"Which {collection.name.replace('_', ' ')}: values of fields, or operators on them (docs/filters.md)."
    settings = ConfigDict(frozen=True, json_schema_extra=filter_schema(collection))
    model: type[BaseModel] = type(
        name, (RootModel[dict[str, Any]],), {"__doc__": about, "__module__": __name__, "model_config": settings}
    )
    return model
