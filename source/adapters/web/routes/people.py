"""Who talks with Echo."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Final

from fastapi import APIRouter, Query, Response
from pydantic import Field

from source.adapters.web.access import Scope, requires
from source.adapters.web.documented import Responses, problems
from source.adapters.web.pages import STORABLE, PageQuery, Shown
from source.adapters.web.problems import Problem
from source.adapters.web.record_json import json_response, plain
from source.adapters.web.record_models import models_of
from source.adapters.web.record_requests import Key
from source.domain.record_field import LARGEST_NUMBER
from source.domain.records import SESSIONS
from source.domain.thread import Platform
from source.ports.people import PeopleQuery, PeopleStore, Person
from source.services.records import RecordLists

_READING: Final = [requires(Scope.READ)]
_Words = Annotated[str | None, Query(min_length=1, max_length=200, pattern=STORABLE)]
_After = Annotated[int, Query(ge=0, le=LARGEST_NUMBER, description="`next` of the page before.")]


class AliasShown(Shown):
    """How a platform names a person."""

    platform: Platform
    external_id: str = Field(examples=["6591234567"])
    display_name: str = Field(examples=["Ann"])


class PersonShown(Shown):
    """Somebody under all their names."""

    id: int = Field(examples=[6821946150912032])
    aliases: list[AliasShown]
    conversation_count: int = Field(description="In how many conversations they took part.", examples=[4])
    message_count: int = Field(description="How many messages they wrote that still stand.", examples=[31])
    first_message_at: datetime | None
    last_message_at: datetime | None
    intents: Mapping[str, int] = Field(
        description="In how many of their conversations each intent came up.", examples=[{"order_placement": 3}]
    )
    languages: Mapping[str, int] = Field(
        description="In how many of their conversations each language was spoken.", examples=[{"en": 4}]
    )


class PeopleShown(Shown):
    """Some people; `next` is `after` for those that follow, null at the end."""

    people: list[PersonShown]
    next: int | None


def router(people: PeopleStore, lists: RecordLists) -> APIRouter:
    """Return the routes about people."""
    routes = APIRouter(prefix="/api/people", tags=["people"], dependencies=_READING)
    conversations: Responses = {200: {"model": models_of(SESSIONS.name).page, "description": "The newest first."}}

    async def person_of(person_id: int) -> Person:
        person = await people.person(person_id)
        if person is None:
            raise Problem(404, f"There is no person {person_id}.")
        return person

    @routes.get("", operation_id="listPeople", responses=problems())
    async def listed(
        platform: Annotated[Platform | None, Query()] = None,
        external_id: _Words = None,
        name: _Words = None,
        limit: Annotated[int, Query(ge=1, le=500)] = 50,
        after: _After = 0,
    ) -> PeopleShown:
        """List people: of a platform, with this id there, with this text in a name."""
        query = PeopleQuery(platform, external_id, name)
        found = await people.people(query, limit=limit + 1, after=after)
        page = found[:limit]
        following = page[-1].person_id if len(found) > limit else None
        return PeopleShown(people=[_shown(person) for person in page], next=following)

    @routes.get("/{id:int}", operation_id="getPerson", responses=problems(404))
    async def one(id: Key) -> PersonShown:  # noqa: A002  # its name in the path
        """Read a person: their names, and what is counted of them."""
        return _shown(await person_of(id))

    @routes.get(
        "/{id:int}/conversations",
        operation_id="listConversationsOfPerson",
        responses={**problems(404), **conversations},
    )
    async def conversations_of(id: Key, page: PageQuery) -> Response:  # noqa: A002  # its name in the path
        """List the conversations in which a person took part, the newest first."""
        await person_of(id)
        keys = await people.conversations_of(id, limit=page.limit, offset=page.offset)
        records = await lists.read_all(SESSIONS.name, keys)
        shown = [plain(SESSIONS, records[key]) for key in keys if key in records]
        return json_response({"records": shown, "next": None})

    return routes


def _shown(person: Person) -> PersonShown:
    aliases = [
        AliasShown(platform=each.platform, external_id=each.external_id, display_name=each.display_name)
        for each in person.aliases
    ]
    counted = person.interactions
    return PersonShown(
        id=person.person_id,
        aliases=aliases,
        conversation_count=counted.conversations,
        message_count=counted.messages,
        first_message_at=counted.first_contact,
        last_message_at=counted.last_contact,
        intents=counted.intents,
        languages=counted.languages,
    )
