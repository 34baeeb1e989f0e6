"""How well is known what people told of themselves over months: kept, replaced when it changed, and shown by messages.

By rules alone, and with a model that is scripted: it notes most of what is told, half of it in words that no rule
knows, and it errs as often as `--errors` says: it leaves out, makes up, and calls the wrong thing out of date.
"""

import asyncio
import random
import re
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from benchmarks.facts_made_up import MadeUpPerson, Telling, made_up_people
from benchmarks.measure import Table, begin, duration, options, temporary_folder
from source.adapters.storage.fact_table import FactTable
from source.adapters.storage.memory_table import MemoryTable
from source.adapters.storage.sql_store import SqlStore
from source.domain.conversation_head import ConversationHead, ConversationState, CreatedReason
from source.domain.fact import KnownFact
from source.domain.memory import MemoryPart
from source.domain.message import Message, MessageType
from source.domain.summary_text import size_of
from source.domain.thread import PersonRef, Platform, ThreadRef
from source.domain.turn import Purpose, TurnRecord
from source.ports.clock import SystemClock
from source.ports.llm import JsonSchema
from source.ports.store import Scope
from source.services.facts import FactsService
from source.services.memories import MemoryService, StoreDesk
from source.services.memory_extractors import MemoryExtractor, ModelExtractor, OfflineExtractor

_LINE: Final = re.compile(r"\[#(?P<number>\d+)\] (?P<who>[^:]+): (?P<text>.*)")
# As a model may note it: the first by words that rules know, the second in others.
_NOTED: Final[Mapping[str, tuple[str, str]]] = {
    "home": ("{who} lives in {value}.", "{who}'s place is in {value}."),
    "employer": ("{who} works at {value}.", "{who} is employed by {value}."),
    "phone": ("{who}'s phone number is {value}.", "{who} can be reached at {value}."),
    "favourite food": ("{who}'s favourite food is {value}.", "{who} likes to eat {value} most."),
    "boss": ("{who}'s boss is called {value}.", "{who} reports to {value}."),
    "like": ("{who} likes {value}.", "{who} enjoys {value} a lot."),
    "dislike": ("{who} does not like {value}.", "{who} has gone off {value}."),
    "stays": ("{who}: {text}", "{who} said: {text}"),
}


@dataclass
class ScriptedNotes:
    """Implements `StructuredModel`: notes what is told in the lines that it is given, with errors."""

    told: Mapping[str, Telling]
    chance: random.Random
    errors: float

    async def ask(
        self,
        instructions: str,  # noqa: ARG002  # the port's
        material: str,
        schema: JsonSchema,  # noqa: ARG002
        *,
        purpose: Purpose,  # noqa: ARG002
        conversation_id: int,  # noqa: ARG002
    ) -> Mapping[str, object]:
        await asyncio.sleep(0)
        known, _, said = material.partition("Messages:\n")
        lines = [found for line in said.splitlines() if (found := _LINE.fullmatch(line))]
        facts: list[object] = []
        for line in lines:
            telling = self.told.get(line["text"])
            if telling is None or not telling.is_fact or self.chance.random() < self.errors:
                continue
            facts.append(self._note(telling, line, known.splitlines()))
        if self.chance.random() < self.errors:
            facts.append({"text": "They own a castle in Scotland.", "message_ids": [1], "replaces": []})
        empty: dict[str, object] = {part.value: [] for part in MemoryPart}
        return {**empty, "facts": facts, "summary": {"text": "", "message_ids": []}, "language": "en", "settled": []}

    def _note(self, telling: Telling, line: re.Match[str], known: Sequence[str]) -> Mapping[str, object]:
        attribute = telling.attribute or ""
        kind = "dislike" if not telling.holds else attribute.split(" ")[0] if " " in attribute else attribute
        form = self.chance.choice(_NOTED.get(attribute) or _NOTED.get(kind) or _NOTED["stays"])
        who = line["who"].split(" (")[0]
        text = form.format(who=who, value=telling.value, text=telling.text)
        return {"text": text, "message_ids": [int(line["number"])], "replaces": self._replaced(telling, known)}

    def _replaced(self, telling: Telling, known: Sequence[str]) -> list[int]:
        numbered = [found for line in known if (found := _LINE.fullmatch(line))]
        if numbered and self.chance.random() < self.errors:
            return [int(self.chance.choice(numbered)["number"])]
        same = [line for line in numbered if _is_of(telling, line["text"], self.told.values())]
        return [int(line["number"]) for line in same]


def _is_of(telling: Telling, known: str, told: Iterable[Telling]) -> bool:
    """Whether a known line tells of the same thing, with another value or a taste that is gone."""
    if not telling.holds:
        return telling.value in known
    others = [each for each in told if each.attribute == telling.attribute and each.value != telling.value]
    return any(each.value in known for each in others)


@dataclass
class Score:
    """What came of it, counted over all people."""

    counts: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)

    def add(self, person: MadeUpPerson, known: Sequence[KnownFact], said: Mapping[int, str]) -> None:
        current = [each for each in known if each.is_current and each.fact.part is not MemoryPart.TOPICS]
        for value in person.current.values():
            self.counts["told"] += 1
            self.counts["kept"] += any(value in each.fact.text for each in current)
            self.counts["wrongly replaced"] += self._is_replaced(value, known) and not any(
                value in each.fact.text for each in current
            )
        for attribute, value in person.former:
            holds = [each for each in current if value in each.fact.text and not _denies(each.fact.text)]
            was_noted = any(value in each.fact.text for each in known)
            self.counts["changed"] += was_noted
            self.counts["replaced"] += was_noted and not holds
            self.counts[f"not replaced: {attribute.split(' ')[0]}"] += bool(holds)
        for each in known:
            words = [said[message_id] for message_id in each.fact.message_ids if message_id in said]
            self.counts["facts"] += 1
            self.counts["shown"] += bool(words) and "castle" not in each.fact.text

    def _is_replaced(self, value: str, known: Sequence[KnownFact]) -> bool:
        return any(value in each.fact.text and not each.is_current for each in known)

    def share(self, part: str, whole: str) -> str:
        return f"{100 * self.counts[part] / max(1, self.counts[whole]):.1f} %"


def _denies(text: str) -> bool:
    return bool(re.search(r"(?i)\b(?:not|n't|don't|hate|kein|no me|off)\b", text))


async def main() -> None:
    parser = options(__doc__)
    parser.add_argument("--people", type=int, default=100)
    parser.add_argument("--errors", type=float, default=0.05, help="how often the scripted model errs (0.05)")
    chosen = parser.parse_args()
    begin("What is known of people who tell of themselves in 8 dialogues over months", durability="normal")
    people = made_up_people(3 if chosen.quick else chosen.people)
    cases = {"by rules": await _scored(people, None), "scripted model": await _scored(people, chosen.errors)}
    print(Table(("", *cases), _rows([*cases.values()])))


def _rows(scores: Sequence[Score]) -> list[tuple[str, ...]]:
    def row(name: str, part: str, whole: str) -> tuple[str, ...]:
        return (name, *(score.share(part, whole) for score in scores))

    return [
        ("things that hold at the end", *(f"{score.counts['told']:,}" for score in scores)),
        row("of these known at the end", "kept", "told"),
        row("of these wrongly replaced", "wrongly replaced", "told"),
        ("things that changed, as far as noted", *(f"{score.counts['changed']:,}" for score in scores)),
        row("of these no longer known as so", "replaced", "changed"),
        row("facts that messages show", "shown", "facts"),
        ("what a conversation begins with: time", *(duration(_median(score.seconds)) for score in scores)),
    ]


def _median(values: Sequence[float]) -> float:
    return sorted(values)[len(values) // 2] if values else 0.0


async def _scored(people: Sequence[MadeUpPerson], errors: float | None) -> Score:
    """Have memories made of all dialogues, in their order, and compare what is known at the end with what is so."""
    score = Score()
    with temporary_folder() as folder:
        store = await SqlStore.open(folder / "echo.db", clock=SystemClock(), durability="normal")
        try:
            for person in people:
                await _live(person, store, errors, score)
        finally:
            await store.close()
    return score


async def _live(person: MadeUpPerson, store: SqlStore, errors: float | None, score: Score) -> None:
    facts = FactsService(FactTable(store), SystemClock())
    memories = MemoryTable(store)
    extractor = _extractor(person, errors)
    service = MemoryService(StoreDesk(store, memories, facts if errors is not None else None), extractor, SystemClock())
    said: dict[int, str] = {}
    for at, tellings in person.dialogues:
        head = ConversationHead(
            conversation_id=store.ids.next(at),
            thread=ThreadRef(Platform.TERMINAL, f"{person.name} {at}"),
            requester=person.name,
            created_at=at,
            updated_at=at,
            created_reason=CreatedReason.FIRST_MESSAGE,
            filename=f"{person.name}-{at}.json",
            state=ConversationState.ENDED,
        )
        messages = []
        for place, telling in enumerate(tellings):
            moment = at + timedelta(minutes=place)
            for text, who in ((telling.text, person.name), ("I see.", None)):
                message = Message(moment, MessageType.CHAT, text, requester=who, message_id=store.ids.next(moment))
                messages.append(message)
                said[message.message_id] = text
        record = TurnRecord(head.conversation_id, tuple(messages), (head,), (PersonRef(person.name, person.name),))
        await store.commit_turn(record)
        await service.make(head.conversation_id)
    scope = Scope(Platform.TERMINAL, person.name, None)
    began = time.perf_counter()
    carried = await facts.carried(scope, "Where do I live?", 1_200)
    score.seconds.append(time.perf_counter() - began)
    assert size_of(carried) <= 1_200
    score.add(person, await facts.known(scope), said)


def _extractor(person: MadeUpPerson, errors: float | None) -> MemoryExtractor:
    if errors is None:
        return OfflineExtractor(_no_language)
    told = {telling.text: telling for _, tellings in person.dialogues for telling in tellings}
    return ModelExtractor(ScriptedNotes(told, random.Random(person.name), errors), "Note it.", _no_language)


async def _no_language(_text: str) -> str | None:
    await asyncio.sleep(0)
    return None


if __name__ == "__main__":
    asyncio.run(main())
