"""Whom an operator means by a name."""

from collections.abc import AsyncIterator, Iterator
from typing import Final

from source.domain.errors import RefusedInputError
from source.domain.thread import Platform
from source.ports.people import Alias, PeopleQuery, PeopleStore, Person

_MOST_NAMED: Final = 5
_AT_ONCE: Final = 200
_LONGEST_SHOWN: Final = 80


async def person_named(people: PeopleStore, whose: str, *, may_be_part: bool) -> Person:
    """Return who is known by this name, in whatever case, or by an id such as discord:1234.

    Where nobody is, and it `may_be_part` of a name, who has it in theirs.

    Raises: RefusedInputError: nobody is meant, or it is not clear who.
    """
    if (by_id := await _by_id(people, whose)) is not None:
        return by_id
    found = [each async for each in _found(people, whose)]
    meant = {each.person_id: each for each in found if any(_is_just(alias, whose) for alias in each.aliases)}
    if not meant and may_be_part:
        meant = {each.person_id: each for each in found}
    shown = whose[:_LONGEST_SHOWN]
    if not meant:
        raise RefusedInputError(f"Nobody is known as {shown}: give a name, or an id such as discord:1234.")
    if len(meant) > 1:
        named = "; ".join(shown_person(each) for each in list(meant.values())[:_MOST_NAMED])
        raise RefusedInputError(f"Several are known as {shown}: {named}. Give the id of one, such as discord:1234.")
    return next(iter(meant.values()))


def shown_person(person: Person) -> str:
    """Return a person's accounts with their names."""
    return ", ".join(f"{alias.platform}:{alias.external_id} ({alias.display_name})" for alias in person.aliases)


async def _by_id(people: PeopleStore, whose: str) -> Person | None:
    platform, _, external_id = whose.partition(":")
    if not external_id or platform not in set(Platform):
        return None
    query = PeopleQuery(platform=Platform(platform), external_id=external_id)
    return next(iter(await people.people(query, limit=1)), None)


async def _found(people: PeopleStore, whose: str) -> AsyncIterator[Person]:
    """Give everybody whose id it is, or who has it in a name: whose name it is may be the last of them."""
    for query in _queries(whose):
        after = 0
        while some := await people.people(query, limit=_AT_ONCE, after=after):
            for person in some:
                yield person
            after = some[-1].person_id


def _queries(whose: str) -> Iterator[PeopleQuery]:
    yield PeopleQuery(external_id=whose)
    yield PeopleQuery(name=whose)


def _is_just(alias: Alias, whose: str) -> bool:
    return alias.external_id == whose or alias.display_name.casefold() == whose.casefold()
