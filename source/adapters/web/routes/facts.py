"""What is known of people: to look at, and to have single things forgotten."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Protocol

from fastapi import APIRouter
from pydantic import Field

from source.adapters.web.access import Caller, Scope, requires
from source.adapters.web.documented import problems
from source.adapters.web.pages import PageQuery, Shown
from source.adapters.web.problems import Problem
from source.adapters.web.record_requests import Key
from source.domain.fact import Fact, KnownFact
from source.domain.memory import MemoryPart, MemorySource
from source.ports.people import PeopleStore
from source.services.fact_forgetting import ForgottenFacts

_Reading = Annotated[Caller, requires(Scope.READ)]
_Writing = Annotated[Caller, requires(Scope.WRITE)]
_ID = 412
_MESSAGE = 6821946150912064
_CONVERSATION = 6821946150912032


class SaidShown(Shown):
    """Where and when something was said."""

    id: int = Field(examples=[_ID])
    text: str = Field(examples=["Ann lives in Lisbon."])
    said_at: datetime
    source: MemorySource
    conversation_id: int = Field(examples=[_CONVERSATION])
    message_ids: list[int] = Field(description="The messages that show it.", examples=[[_MESSAGE]])


class FactShown(SaidShown):
    """Something that is known of a person, in its newest wording."""

    part: MemoryPart = Field(description="The part of the memories that it is from.", examples=["facts"])
    is_current: bool = Field(description="Whether nothing newer took its place.")
    replaced_by: SaidShown | None
    confirmed_by: list[SaidShown] = Field(description="Where else the same was said, the newest first.")


class FactsShown(Shown):
    """A part of what is known of a person and what was, the latest said first."""

    person_id: int
    facts: list[FactShown]


class ForgottenShown(Shown):
    """What is gone: facts, and lines of summaries; `summaries_left` could not be changed now and still say it."""

    facts: int = Field(examples=[1])
    summaries: int = Field(examples=[2])
    summaries_left: int = Field(examples=[0])


class Knows(Protocol):
    """What is needed of `FactsService`."""

    async def of_person(self, person_id: int) -> Sequence[KnownFact]: ...


class KnowsOne(Protocol):
    """What is needed of a `FactStore`."""

    async def fact(self, fact_id: int) -> Fact | None: ...


class Forgets(Protocol):
    """What is needed of `FactForgetting`."""

    async def forget(self, facts: Sequence[Fact]) -> ForgottenFacts: ...


@dataclass(frozen=True, slots=True)
class FactParts:
    """What facts over HTTP need."""

    people: PeopleStore
    known: Knows
    facts: KnowsOne
    forgetting: Forgets


def router(parts: FactParts) -> APIRouter:
    """Return the routes about what is known of people."""
    routes = APIRouter(prefix="/api", tags=["people"])

    @routes.get("/people/{id:int}/facts", operation_id="listFactsOfPerson", responses=problems(404))
    async def listed(id: Key, page: PageQuery, _caller: _Reading) -> FactsShown:  # noqa: A002  # its name in the path
        """List what is known of a person from wherever it was said, with what a newer fact took the place of.

        A person who asks Echo is told only what may be seen from where they ask.
        """
        if await parts.people.person(id) is None:
            raise Problem(404, f"There is no person {id}.")
        known = (await parts.known.of_person(id))[page.offset : page.offset + page.limit]
        return FactsShown(person_id=id, facts=[_shown(each) for each in known])

    @routes.delete("/facts/{id:int}", operation_id="forgetFact", responses=problems(404))
    async def forget(id: Key, _caller: _Writing) -> ForgottenShown:  # noqa: A002
        """Forget a fact for good: out of the memory, and out of the summaries of that place that hold its line.

        The messages stay. Memories that are made of them again do not bring it back.
        """
        fact = await parts.facts.fact(id)
        if fact is None:
            raise Problem(404, f"There is no fact {id}; `GET /api/people/{{id}}/facts` lists those of a person.")
        done = await parts.forgetting.forget([fact])
        return ForgottenShown(facts=done.facts, summaries=done.summaries, summaries_left=done.left)

    return routes


def _shown(known: KnownFact) -> FactShown:
    fact = known.fact
    return FactShown(
        **dict(_said(fact)),
        part=fact.part,
        is_current=known.is_current,
        replaced_by=_said(known.replaced_by) if known.replaced_by is not None else None,
        confirmed_by=[_said(each) for each in known.confirmed_by],
    )


def _said(fact: Fact) -> SaidShown:
    return SaidShown(
        id=fact.fact_id,
        text=fact.text,
        said_at=fact.said_at,
        source=fact.found.source,
        conversation_id=fact.conversation_id,
        message_ids=list(fact.message_ids),
    )
