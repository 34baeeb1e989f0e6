"""A history in process memory."""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from source.domain.recall.terms import words_of
from source.domain.recall.turns import SaidTurn
from source.domain.thread import Platform, ThreadRef
from source.ports.recall import Extent, Eyes, Likely, RecallReader, Sought, StoredTurn
from tests.unit.recall.made import turn

T = TypeVar("T")

THREAD = ThreadRef(Platform.WEB, "main")


class InMemoryRecallStore:
    """Implements RecallStore and its reader; `visible` maps eyes to what conversations they see, others see all."""

    def __init__(self) -> None:
        self.said: dict[tuple[int, int], SaidTurn] = {}
        self.visible: dict[Eyes, set[int]] = {}
        self.people: dict[str, str] = {"web:ana": "Ana", "web:ben": "Ben"}
        self.askers: frozenset[str] = frozenset()
        self.changes: list[int] = []
        self.read: list[int] = []
        self.silent: dict[int, int] = {}  # conversations of which nothing is shown, with the ids of their last messages
        self.looks = 0
        self.after_look: Callable[[], None] = lambda: None
        self.looked_for: list[Sequence[str]] = []
        self.is_forgotten = False

    def say(self, *texts: str, conversation: int = 1, speaker: str | None = "web:ana") -> None:
        for text in texts:
            said = turn(text, len(self.said) + 1, conversation=conversation, speaker=speaker)
            self.said[said.key] = said

    def change(self, text: str, now: str | None) -> None:
        """Have a message read otherwise, or delete it."""
        (key,) = [key for key, said in self.said.items() if said.text == text]
        said = self.said.pop(key)
        if now is not None:
            self.said[key] = replace(said, text=now)
        self.changes.append(said.conversation_id)

    async def look(self, look: Callable[[RecallReader], T]) -> T:
        await asyncio.sleep(0)
        self.looks += 1
        found = look(self)
        self.after_look()
        return found

    def extent(self, eyes: Eyes, *, most_conversations: int, since: int | None = None) -> Extent:
        seen = [said for said in self._in_order() if self._is_seen(eyes, said)]
        last = {said.conversation_id: said.message_id for said in seen} | self.silent
        newest = dict(sorted(last.items())[-most_conversations:])
        return Extent(
            newest,
            len(self.changes),
            changed=None if since is None else frozenset(self.changes[since:]),
            people=self.people,
            askers=self.askers,
            is_whole=len(newest) == len(last),
        )

    def said_in(self, after: Mapping[int, int], *, limit: int) -> list[SaidTurn]:
        found = [said for said in self._in_order() if said.message_id > after.get(said.conversation_id, 1 << 62)]
        self.read.append(len(found[:limit]))
        return found[:limit]

    def likely(self, sought: Sought, eyes: Eyes, *, limit: int) -> Likely:
        self.looked_for.append(sought.words)
        speakers = sought.question.speakers | sought.question.besides
        seen = (said for said in self._in_order() if self._is_seen(replace(eyes, besides=None), said))
        held = [
            said
            for said in seen
            if said.conversation_id != eyes.besides and (_holds(said, sought.words) or said.speaker in speakers)
        ]
        return Likely([StoredTurn(said, THREAD) for said in held[-limit:]])

    def told(self, keys: Collection[tuple[int, int]], eyes: Eyes) -> list[StoredTurn]:
        return [StoredTurn(said, THREAD) for said in self._in_order() if said.key in keys and self._is_seen(eyes, said)]

    def forget(self) -> None:
        self.is_forgotten = True

    def _in_order(self) -> list[SaidTurn]:
        return [self.said[key] for key in sorted(self.said)]

    def _is_seen(self, eyes: Eyes, said: SaidTurn) -> bool:
        return eyes not in self.visible or said.conversation_id in self.visible[eyes]


def _holds(said: SaidTurn, words: Sequence[str]) -> bool:
    text = " ".join(words_of(said.text))
    return any(word in text for word in words)
