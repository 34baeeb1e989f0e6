"""What bodies have in common."""

from typing import Annotated

import pytest
from pydantic import Field, ValidationError

from source.adapters.web.pages import Body, Identifier, Name


class Thing(Body):
    thing_id: Annotated[Identifier, Field(strict=True)] = 1
    many: list[Annotated[int, Field(strict=True)]] = Field(default_factory=list)
    name: Name = "a"
    weight: float = 1.5


def test_a_whole_number_is_whole_however_it_is_written() -> None:
    thing = Thing.model_validate_json('{"thing_id": 7.0, "many": [1.0, 2e1], "weight": 2.0}')
    assert (thing.thing_id, thing.many, thing.weight) == (7, [1, 20], 2.0)
    assert all(type(each) is int for each in (thing.thing_id, *thing.many))


@pytest.mark.parametrize(
    "body",
    [
        '{"thing_id": 7.5}',
        '{"thing_id": "7"}',
        '{"thing_id": true}',
        '{"thing_id": 0}',
        '{"thing_id": 9007199254740992}',
        '{"thing_id": 1e400}',
        '{"name": ""}',
        '{"name": "a\\u0000"}',
        '{"nmae": "a"}',
        "[]",
    ],
)
def test_what_is_not_of_the_shape_is_refused(body: str) -> None:
    with pytest.raises(ValidationError):
        Thing.model_validate_json(body)
