"""Who people are, and which of them are one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final, Protocol

from fastapi import APIRouter, Query
from pydantic import Field

from source.adapters.web.access import Caller, Scope, requires
from source.adapters.web.documented import problems
from source.adapters.web.pages import STORABLE, Body, Identifier, Name, Shown
from source.adapters.web.problems import Problem
from source.adapters.web.record_requests import Key
from source.domain.profile import Profile, ProfilePlace, ProfileSource, ProfileValue
from source.domain.thread import Platform
from source.ports.people import PeopleStore, Person
from source.services.profile_forgetting import ProfileForgetting
from source.services.profiles import ProfileService

_Reading = Annotated[Caller, requires(Scope.READ)]
_Writing = Annotated[Caller, requires(Scope.WRITE)]
_MOST_FIELDS: Final = 40
# Without a pattern: of names that a pattern does not match, a description would say nothing.
_FieldName = Annotated[str, Field(min_length=1, max_length=200)]
_Value = Annotated[str, Field(min_length=1, max_length=400, pattern=STORABLE)]


class ValueShown(Shown):
    """A value, with where and when it was given; `is_current` until a newer one took its place."""

    id: int
    field: str = Field(examples=["email"])
    value: str = Field(examples=["ann@example.org"])
    is_current: bool
    source: ProfileSource
    platform: Platform | None
    guild_id: str | None
    circle: str | None
    conversation_id: int | None
    message_id: int | None = Field(description="The message that shows it; null where a command or an operator set it.")
    said_at: datetime


class ProfileShown(Shown):
    """Everything that is known of who a person is, wherever it was said; the newest first."""

    person_id: int
    found_all_info: bool = Field(description="Whether every field of PROFILE_REQUIRED_FIELDS has a value.")
    missing: list[str]
    values: list[ValueShown]


class ProfileBody(Body):
    """Values to set. Without a place they are private: known wherever the person writes to Echo directly."""

    values: dict[_FieldName, _Value] = Field(
        min_length=1, max_length=_MOST_FIELDS, examples=[{"email": "ann@example.org", "company": "Acme"}]
    )
    platform: Platform | None = None
    guild_id: Name | None = None
    circle: Name | None = None

    @property
    def place(self) -> ProfilePlace:
        if (self.guild_id is not None and self.platform is None) or (self.circle is not None and self.guild_id is None):
            raise Problem(422, "A guild_id needs a platform, and a circle a guild_id.")
        return ProfilePlace(self.platform, self.guild_id, self.circle)


class ForgottenShown(Shown):
    """How many values were forgotten, earlier ones included."""

    forgotten: int


class MergeBody(Body):
    """Who is the same person."""

    other_id: Annotated[Identifier, Field(strict=True)]


class Merging(Protocol):
    """What is needed of what links accounts."""

    async def merge(self, kept: int, gone: int) -> bool:
        """As in `LinkingService`."""
        ...


@dataclass(frozen=True, slots=True)
class ProfileParts:
    """What the routes work with."""

    people: PeopleStore
    profiles: ProfileService
    forgetting: ProfileForgetting
    linking: Merging


def router(parts: ProfileParts) -> APIRouter:
    """Return the routes about who people are."""
    routes = APIRouter(prefix="/api/people", tags=["people"])

    async def person_of(person_id: int) -> Person:
        person = await parts.people.person(person_id)
        if person is None:
            raise Problem(404, f"There is no person {person_id}.")
        return person

    async def shown(person_id: int) -> ProfileShown:
        required = parts.profiles.required
        return _shown(person_id, await parts.profiles.profile_of(person_id), required)

    @routes.get("/{id:int}/profile", operation_id="getProfile", responses=problems(404))
    async def profile(id: Key, _caller: _Reading) -> ProfileShown:  # noqa: A002  # its name in the path
        """Read what is known of who a person is, with what it was before."""
        await person_of(id)
        return await shown(id)

    @routes.put("/{id:int}/profile", operation_id="putProfile", responses=problems(404))
    async def put(id: Key, body: ProfileBody, _caller: _Writing) -> ProfileShown:  # noqa: A002
        """Set fields of a person; what they were stays visible as history."""
        if not await parts.profiles.put_of(id, body.place, body.values):
            raise Problem(404, f"There is no person {id}.")
        return await shown(id)

    @routes.delete("/{id:int}/profile", operation_id="forgetProfile", responses=problems(404))
    async def forget(
        id: Key,  # noqa: A002
        _caller: _Writing,
        field: Annotated[list[Name] | None, Query(max_length=_MOST_FIELDS, description="Only these fields.")] = None,
    ) -> ForgottenShown:
        """Forget fields of a person everywhere, or all of them; what was said up to now does not bring them back."""
        forgotten = await parts.forgetting.forget_of(id, field)
        if forgotten is None:
            raise Problem(404, f"There is no person {id}.")
        return ForgottenShown(forgotten=forgotten)

    @routes.post("/{id:int}/merge", operation_id="mergePeople", responses=problems(404, 409))
    async def merge(id: Key, body: MergeBody, _caller: _Writing) -> ProfileShown:  # noqa: A002
        """Make another person this one: all their accounts are theirs then, and what is said in private on one is
        known on the others. The other's id is gone; asked again, it is not found.
        """
        if body.other_id == id:
            raise Problem(422, "A person is merged with another one: other_id is this person's own.")
        for person_id in (id, body.other_id):
            await person_of(person_id)
        if not await parts.linking.merge(id, body.other_id):
            raise Problem(404, f"There is no person {body.other_id} any more.")
        return await shown(id)

    return routes


def _shown(person_id: int, profile: Profile, required: Sequence[str]) -> ProfileShown:
    return ProfileShown(
        person_id=person_id,
        found_all_info=profile.found_all_info(required),
        missing=[*profile.missing(required)],
        values=[_value(value, profile) for value in profile.values],
    )


def _value(value: ProfileValue, profile: Profile) -> ValueShown:
    return ValueShown(
        id=value.value_id,
        field=value.field,
        value=value.value,
        is_current=profile.current(value.field) is value,
        source=value.source,
        platform=value.place.platform,
        guild_id=value.place.guild_id,
        circle=value.place.circle,
        conversation_id=value.conversation_id,
        message_id=value.message_id,
        said_at=value.said_at,
    )
