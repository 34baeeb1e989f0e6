"""Pages of lists, and the shapes that several routes share."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import Depends, Query
from pydantic import BaseModel, ConfigDict, Field, model_validator

MOST_IN_A_PAGE: Final = 500
_FURTHEST: Final = 10_000_000
_LARGEST_ID: Final = 2**53 - 1
# PostgreSQL takes no NUL; half of a surrogate pair does not get this far.
STORABLE: Final = r"^[^\x00]*$"
SAID: Final = r"^[^\x00]*[^\x00\s][^\x00]*$"
COMMAND: Final = r"^[a-z-]{1,40}$"
MESSAGE_NAME: Final = r"^[A-Za-z0-9._:-]{1,200}$"
PATTERNS_IN_WORDS: Final[Mapping[str, str]] = {
    COMMAND: "A command's name is expected, without the slash, such as new.",
    MESSAGE_NAME: "It must have 1 to 200 characters, which are letters from A to Z, digits, dots, colons, _ or -.",
    STORABLE: "It must have no NUL character.",
    SAID: "It must have at least one character that is to be seen, and no NUL.",
}
"""What is said of a text that is not of a pattern, which not everybody reads."""


class Body(BaseModel):
    """What a request brings: unknown fields are refused, so that a misspelt one is not ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _with_whole_numbers(cls, given: object) -> object:
        """JSON knows one kind of number: 7.0 is 7, also where an integer is asked for strictly."""
        return {name: _whole(value) for name, value in given.items()} if isinstance(given, dict) else given


def _whole(value: object) -> object:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return [_whole(each) for each in value] if isinstance(value, list) else value


class Shown(BaseModel):
    """What an answer has."""

    model_config = ConfigDict(frozen=True)


Identifier = Annotated[int, Field(ge=1, le=_LARGEST_ID, examples=[6821946150912032])]
"""An id of Echo's, in a path or a body; digits in a text are taken as well."""

Name = Annotated[str, Field(min_length=1, max_length=200, pattern=STORABLE)]
"""A name, or a platform's id."""

Sentence = Annotated[str, Field(max_length=1_000, pattern=STORABLE)]
"""A short text."""


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of a list is asked for."""

    limit: int
    offset: int


async def _page(
    limit: Annotated[int, Query(ge=1, le=MOST_IN_A_PAGE, description="How many at most.")] = 50,
    offset: Annotated[int, Query(ge=0, le=_FURTHEST, description="How many of the first are left out.")] = 0,
) -> Page:
    return Page(limit, offset)


PageQuery = Annotated[Page, Depends(_page)]
"""A parameter of a route: `limit` and `offset`."""
