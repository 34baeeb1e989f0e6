"""Tool calls as models write them."""

import pytest

from source.services.tools import parsed_arguments


@pytest.mark.parametrize("arguments", ["", "{}"])
def test_no_arguments_are_an_empty_object(arguments: str) -> None:
    assert parsed_arguments(arguments) == {}


@pytest.mark.parametrize("arguments", ["[1]", "{", '{"words": ' + "[" * 100_000])
def test_what_is_no_json_object_is_no_arguments(arguments: str) -> None:
    assert parsed_arguments(arguments) is None
