"""What somebody is told before they are answered for the first time: whom they talk with."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

from source.domain.thread import PersonRef, Platform, ThreadRef
from source.domain.turn import Told
from source.ports.attendance import ToldStore
from source.services.asked import Asked

INTRODUCED: Final = "introduction"
"""What people were told of whom they talk with, in `ToldStore`."""


@dataclass(frozen=True, slots=True)
class Introduction:
    """What an answer begins with, and what is noted of that with the answer."""

    text: str
    told: tuple[Told, ...]


class Introductions(Protocol):
    """Knows how people are greeted."""

    async def due(self, thread: ThreadRef, people: Sequence[PersonRef]) -> Introduction | None:
        """Return what the answer to these people begins with; None: all of them know.

        Raises: StoreError.
        """
        ...


class _NoIntroductions:
    async def due(self, thread: ThreadRef, people: Sequence[PersonRef]) -> Introduction | None:  # noqa: ARG002
        return None


NO_INTRODUCTIONS: Final[Introductions] = _NoIntroductions()


async def introduced(asked: Asked, introductions: Introductions) -> Asked:
    """Have an answer begin with what its readers have to know first."""
    newcomers = asked.newcomers
    due = await introductions.due(asked.thread, newcomers) if newcomers else None
    if due is None:
        return asked
    asked.speech.begin_with(due.text, asked.reply)
    return replace(asked, told=(*asked.told, *due.told))


@dataclass(frozen=True, slots=True)
class Business:
    """Whom Echo speaks for, and what it is there for; empty: nobody says."""

    name: str = ""
    purpose: str = ""

    @property
    def disclosure(self) -> str:
        """The sentence that says that a machine answers."""
        whose = f" of {self.name}" if self.name else ""
        return f"I am an AI assistant{whose}{f', here for {self.purpose}' if self.purpose else ''}."

    @property
    def line(self) -> str:
        """The line that tells the model what it is for; empty when nobody says."""
        for_whom = f"You answer the customers of {self.name}." if self.name else ""
        bounds = f"You are here for {self.purpose}; what has nothing to do with that you decline in one sentence."
        return " ".join(filter(None, (for_whom, bounds if self.purpose else "")))


class FirstAnswers:
    """Implements `Introductions`: a notice of the operator's, and on some platforms that a machine answers.

    Whoever sits at the terminal knows.
    """

    def __init__(self, told: ToldStore, business: Business, *, notice: str, disclosed_on: Collection[Platform]) -> None:
        self._told = told
        self._business = business
        self._notice = notice
        self._disclosed_on = frozenset(disclosed_on)

    async def due(self, thread: ThreadRef, people: Sequence[PersonRef]) -> Introduction | None:
        platform = thread.platform
        lines = [self._business.disclosure if platform in self._disclosed_on else "", self._notice]
        text = "\n".join(filter(None, lines))
        if not text or platform is Platform.TERMINAL:
            return None
        asked = [person.external_id for person in people]
        told = await self._told.told(platform, asked, INTRODUCED)
        new = tuple(Told(platform, who, INTRODUCED) for who in asked if who not in told)
        return Introduction(text, new) if new else None
