"""Who people are: what they told, what was found in their words, and what new conversations begin with."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

import structlog

from source.domain.errors import RefusedInputError
from source.domain.profile import Profile, ProfilePlace, ProfileSource, ProfileValue
from source.domain.profile_fields import KNOWN_FIELDS, ProfileRules, checked_value, settable_field
from source.domain.summary_text import size_of
from source.domain.thread import PersonRef
from source.ports.clock import Clock
from source.ports.profiles import NewValue, ProfileStore
from source.ports.store import Scope

log = structlog.get_logger(__name__)

_SPOKEN: Final = {"email": "E-mail", "time_zone": "Time zone"}


class ProfileService:
    """Reads and changes profiles; a person sees what was given where they look from, an operator everything.

    Every method may raise a StoreError: nothing was changed then.
    """

    def __init__(self, store: ProfileStore, clock: Clock, rules: ProfileRules, *, required: Sequence[str]) -> None:
        self._store = store
        self._clock = clock
        self._rules = rules
        self.required = tuple(required)

    async def profile(self, scope: Scope) -> Profile:
        """Return what is known of the person who looks."""
        return Profile.of(await self._store.seen(scope))

    async def put(self, scope: Scope, person: PersonRef, field: str, value: str) -> tuple[str, str]:
        """Keep what a person says of themself, in this place; return field and value as they are kept.

        Raises: RefusedInputError: the text says what form they have.
        """
        new = self._checked(field, value, ProfileSource.PERSON)
        await self._store.put(scope, person, new)
        log.info("profile_value_put", field=_known(new.field), source=new.source.value)
        return new.field, new.value

    async def introduce(self, scope: Scope, person: PersonRef, shown: Mapping[str, str]) -> None:
        """Keep what a platform shows of a person, as far as it has the form of such values; all else goes before it."""
        new = []
        for field, value in shown.items():
            try:
                new.append(self._checked(field, value, ProfileSource.CONTACT))
            except RefusedInputError:
                log.info("contact_value_refused", field=_known(field))
        await self._store.introduce(scope, person, new)

    async def carried(self, scope: Scope, opening: str, budget_bytes: int) -> str:  # noqa: ARG002  # as in `Carries`
        """As in `Carries`."""
        profile = await self.profile(scope)
        lines: list[str] = []
        left = budget_bytes
        for field in profile.fields(KNOWN_FIELDS):
            value = profile.current(field)
            line = line_of(value) if value else ""
            if size_of(line) < left:
                lines.append(line)
                left -= size_of(line) + 1
        return "\n".join(lines)

    async def profile_of(self, person_id: int) -> Profile:
        """Return everything that is known of a person."""
        return Profile.of(await self._store.of_person(person_id))

    async def put_of(self, person_id: int, place: ProfilePlace, values: Mapping[str, str]) -> bool:
        """Keep what an operator says of a person; False: there is nobody of this id.

        Raises: RefusedInputError: the text says what form the values have; nothing was kept.
        """
        new = [self._checked(field, value, ProfileSource.OPERATOR) for field, value in values.items()]
        return await self._store.put_of(person_id, place, new)

    def _checked(self, field: str, value: str, source: ProfileSource) -> NewValue:
        name = settable_field(field)
        return NewValue(name, checked_value(name, value, self._rules), source, self._clock.now())


def spoken(field: str) -> str:
    """Return a field as people read it."""
    return _SPOKEN.get(field) or field.replace("_", " ").capitalize()


def day_of(moment: datetime) -> str:
    """Return the day of a value."""
    return f"{moment:%Y-%m-%d}"


def line_of(value: ProfileValue) -> str:
    """Return the line by which a new conversation knows a value; who forgets it looks for the same line."""
    return f"- {spoken(value.field)}: {value.value} ({day_of(value.said_at)})"


def _known(field: str) -> str:
    """Return a field for the log; what people call their own fields is theirs."""
    return field if field in KNOWN_FIELDS else "other"
