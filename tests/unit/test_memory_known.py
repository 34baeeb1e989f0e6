"""A model is told what is known from before, and may say what of it is out of date."""

from dataclasses import replace

from source.domain.fact import Fact, KnownFact
from source.domain.fact_standing import standing
from source.domain.memory import Memory, MemoryPart
from source.domain.memory_evidence import Evidence
from source.domain.memory_material import next_material
from source.domain.memory_model import grown_memory, response_schema
from source.domain.summary_text import size_of
from source.services.memories import MadeMemory
from tests.fakes.dialogue_samples import PEOPLE, lisbon
from tests.fakes.fact_samples import fact
from tests.fakes.memory_samples import MOVED, claim, record, remembered
from tests.fakes.memory_work import MemoryWork, answer

HOME, CAT = fact("Ana lives in Berlin."), fact("Ana has a cat.")


def grown(*replaces: object, earlier: Memory | None = None, known: tuple[Fact, ...] = (HOME, CAT)) -> Memory:
    said = [each for each in lisbon() if not earlier or each.message_id >= MOVED]
    material = next_material(earlier, said, PEOPLE, known)
    moved = next(n for n, line in enumerate(_lines(material.text), 1) if "I moved to Lisbon" in line)
    claims = [claim("Ana moved to Lisbon.", moved, replaces=[*replaces])]
    return grown_memory(record(summary=None, facts=claims), material, earlier, Evidence(lisbon(), PEOPLE))


def _lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("[#")]


def test_known_lines_come_first_and_are_numbered_with_the_rest() -> None:
    lines = next_material(remembered("Ana moved."), lisbon()[3:], PEOPLE, [HOME]).text.splitlines()
    assert lines[:6] == [
        "Known from before:",
        "[#1] Fact (2026-03-01): Ana lives in Berlin.",
        "",
        "Notes so far:",
        "[#2] Summary: Ana moved.",
        "[#3] Fact: Ana moved.",
    ]
    assert lines[8].startswith("[#4] ")


def test_numbers_of_known_lines_become_ids_of_facts() -> None:
    memory = grown(1)
    (moved,) = memory.of(MemoryPart.FACTS)
    assert (moved.replaces, moved.message_ids) == ((HOME.fact_id,), (MOVED,))
    assert memory.as_data()["facts"] == [claim("Ana moved to Lisbon.", MOVED, replaces=[HOME.fact_id])]


def test_numbers_of_other_lines_replace_nothing_and_known_lines_show_nothing() -> None:
    assert grown(0, 3, 99, "x").of(MemoryPart.FACTS)[0].replaces == ()
    material = next_material(None, lisbon(), PEOPLE, [HOME])
    assert material.ids([1]) == ()
    assert material.note(1) is None


def test_notes_are_found_behind_known_lines() -> None:
    earlier = remembered("Ana moved.")
    memory = grown(1, earlier=earlier)
    assert [item.text for item in memory.of(MemoryPart.FACTS)] == ["Ana moved.", "Ana moved to Lisbon."]
    material = next_material(earlier, lisbon(), PEOPLE, [HOME])
    assert material.note(2) == material.notes[0]


def test_known_lines_have_a_budget() -> None:
    many = [fact(f"Ana has boat number {number}.") for number in range(200)]
    material = next_material(None, lisbon(), PEOPLE, many)
    assert material.known == tuple(many[: len(material.known)])
    assert 20 < len(material.known) < 200
    assert size_of(material.text) < size_of(next_material(None, lisbon(), PEOPLE).text) + 3_100


def test_only_where_something_is_known_items_have_a_place_for_what_they_replace() -> None:
    assert "replaces" not in str(response_schema())
    assert "replaces" in str(response_schema(with_known=True))


class _Knows:
    """Knows this of everybody."""

    def __init__(self, *facts: Fact) -> None:
        self.facts = facts

    async def known_to(self, conversation_id: int) -> list[KnownFact]:
        return standing(self.facts)


async def test_what_is_known_now_is_told_and_what_it_replaces_is_kept_with_the_memory() -> None:
    old, now = fact("Ann lives in Rome.", day=-9), fact("Ann lives in Berlin.", day=-5)
    topic = fact("boats", part=MemoryPart.TOPICS)
    said = claim("Ann moved to Lisbon.", 2, replaces=[1])
    work = MemoryWork([answer(facts=[said])], known=_Knows(old, now, topic))
    conversation = await work.put("I moved to Lisbon last month.", "Nice.")
    assert await work.service.make(conversation) is MadeMemory.GENERATED
    prompt = work.model.prompts[0].messages[1].content
    assert "[#1] Fact (2026-02-24): Ann lives in Berlin." in prompt
    assert "Rome" not in prompt
    assert "boats" not in prompt
    assert f"'replaces': [{now.fact_id}]" in str(work.memories.kept[conversation].memory_data)


async def test_what_was_said_to_be_replaced_stays_so_when_the_memory_grows() -> None:
    first = [claim("Ann moved to Lisbon.", 1, replaces=[])]
    work = MemoryWork([answer(facts=first), answer()])
    conversation = await work.put("I moved to Lisbon.", "Nice.")
    await work.service.make(conversation)
    stored = work.memories.kept[conversation]
    data = {**stored.memory_data, "facts": [claim("Ann moved to Lisbon.", *_cited(stored.memory_data), replaces=[7])]}
    work.memories.kept[conversation] = replace(stored, memory_data=data)
    await work.put("And I have a cat.", conversation=work.store.heads[conversation], after=60)
    await work.service.make(conversation)
    assert "'replaces': [7]" in str(work.memories.kept[conversation].memory_data)


def _cited(memory_data: object) -> list[int]:
    ids: list[int] = memory_data["facts"][0]["message_ids"]  # type: ignore[index]  # of a memory's form
    return ids
