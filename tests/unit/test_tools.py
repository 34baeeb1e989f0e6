"""Tool calls as models write them."""

import json

import pytest

from source.services.tools import parsed_arguments


@pytest.mark.parametrize("arguments", ["", "{}"])
def test_no_arguments_are_an_empty_object(arguments: str) -> None:
    assert parsed_arguments(arguments) == {}


@pytest.mark.parametrize("arguments", ["[1]", "{", '{"words": ' + "[" * 100_000])
def test_what_is_no_json_object_is_no_arguments(arguments: str) -> None:
    assert parsed_arguments(arguments) is None


@pytest.mark.parametrize("nested", ['{"a": ' * 50 + "1" + "}" * 50, '{"a": ' + "[" * 49 + "1" + "]" * 49 + "}"])
def test_arguments_may_be_nested_fifty_deep_and_no_deeper(nested: str) -> None:
    assert parsed_arguments(nested) == json.loads(nested)
    assert parsed_arguments(f'{{"a": {nested}}}') is None
