from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, Field

from source.domain.json_answer import compact_schema, misshapen, objects_in


class Item(BaseModel):
    text: str
    kind: Literal["a", "b"] = "a"


class Answer(BaseModel):
    title: str
    count: int | None = None
    score: Annotated[float, Field(title="Score", ge=0)] = 0
    items: list[Item] = Field(default_factory=list)


SCHEMA = compact_schema(Answer.model_json_schema())
GOOD: dict[str, object] = {"title": "t", "count": None, "score": 1, "items": []}


def test_a_schema_is_closed_and_keeps_no_titles_and_defaults() -> None:
    assert SCHEMA["required"] == ["title", "count", "score", "items"]
    assert SCHEMA["additionalProperties"] is False
    assert "default" not in str(SCHEMA)
    assert "'title': 'Score'" not in str(SCHEMA)
    definitions = SCHEMA["$defs"]
    assert isinstance(definitions, dict)
    assert definitions["Item"]["properties"]["kind"]["enum"] == ["a", "b"]


def test_objects_are_found_in_talk_and_fences() -> None:
    text = 'Here {you} are:\n```json\n{"a": {"b": 1}}\n```\nand {"c": 2}'
    assert [*objects_in(text)] == [{"a": {"b": 1}}, {"c": 2}]


@pytest.mark.parametrize("text", ["", "no", "[1]", '{"a": ', "{" * 50_000, '{"a":' * 20_000])
def test_where_there_is_no_object_none_is_found(text: str) -> None:
    assert [*objects_in(text)] == []


def test_what_has_all_keys_and_kinds_is_of_the_shape() -> None:
    assert misshapen(GOOD, SCHEMA) is None
    assert misshapen(GOOD | {"items": ["whatever"], "count": 3}, SCHEMA) is None


@pytest.mark.parametrize(
    ("changed", "named"),
    [({"title": 3}, "title"), ({"count": "3"}, "count"), ({"score": True}, "score"), ({"items": {}}, "items")],
)
def test_a_key_of_another_kind_is_named(changed: dict[str, object], named: str) -> None:
    assert f"`{named}` must be" in (misshapen(GOOD | changed, SCHEMA) or "")


def test_a_missing_key_is_named() -> None:
    assert misshapen({"title": "t", "count": 1, "score": 1}, SCHEMA) == "`items` is missing"
