"""What is worth telling first of what is known, within a budget."""

from datetime import timedelta

from source.domain.fact import Fact
from source.domain.fact_ranking import bearing, lines_within, ranked
from source.domain.fact_standing import standing
from source.domain.memory import MemoryPart
from source.domain.summary_text import size_of
from tests.fakes.fact_samples import BEGAN, fact

NOW = BEGAN + timedelta(days=30)
PREFERENCES, OPEN, TOPICS = MemoryPart.PREFERENCES, MemoryPart.OPEN_ISSUES, MemoryPart.TOPICS


def in_order(*facts: Fact, opening: str = "") -> list[str]:
    return [each.fact.text for each in ranked(standing(facts), opening, NOW)]


def lines(*facts: Fact, budget: int = 10_000, opening: str = "") -> list[str]:
    return lines_within(ranked(standing(facts), opening, NOW), budget)


def test_the_name_then_what_is_open_then_tastes_then_facts_come_first() -> None:
    facts = (
        fact("boats", part=TOPICS, day=29),
        fact("Ana has a boat.", day=29),
        fact("Ana prefers aisle seats.", part=PREFERENCES, day=29),
        fact("Ana waits for a refund.", part=OPEN, day=29),
        fact("My name is Ana", day=1),
    )
    assert in_order(*facts) == [
        "My name is Ana",
        "Ana waits for a refund.",
        "Ana prefers aisle seats.",
        "Ana has a boat.",
        "boats",
    ]


def test_what_bears_on_the_first_words_comes_before_all_else() -> None:
    facts = (fact("My name is Ana"), fact("Ana keeps two boats.", day=-300), fact("Ana waits.", part=OPEN, day=29))
    assert in_order(*facts, opening="How do I paint a boat?")[0] == "Ana keeps two boats."


def test_newer_and_confirmed_ones_come_before_older_ones() -> None:
    assert in_order(fact("Ana has a cat.", day=-400), fact("Ana has a dog.", day=20))[0] == "Ana has a dog."
    often = [fact("Ana has a cat.", day=day) for day in (5, 10, 15)]
    assert in_order(fact("Ana has a dog.", day=15.5), *often)[0] == "Ana has a cat."


def test_what_was_replaced_is_not_told() -> None:
    assert in_order(fact("Ana lives in Lisbon.", day=1), fact("Ana lives in Porto.", day=2)) == ["Ana lives in Porto."]


def test_lines_say_what_it_is_and_when_it_was_said() -> None:
    friend = fact("a friend from school", part=MemoryPart.PEOPLE, name="Bea", day=4)
    assert lines(fact("Ana waits.", part=OPEN, day=1), friend) == [
        "- Open (2026-03-02): Ana waits.",
        "- Person (2026-03-05): Bea: a friend from school",
    ]


def test_the_budget_holds_with_the_most_useful_first() -> None:
    facts = [fact(f"Ana owns boat number {number} – ein schönes Boot.", day=number) for number in range(30)]
    told = lines(*facts, budget=200)
    assert size_of("\n".join(told)) <= 200
    assert "number 29" in told[0]
    assert len(told) == 2
    assert lines(*facts, budget=10) == []


def test_a_long_line_leaves_its_room_to_shorter_ones() -> None:
    assert lines(fact("Ana waits " + "long " * 50, part=OPEN), fact("Ana has a cat."), budget=60) == [
        "- Fact (2026-03-01): Ana has a cat."
    ]


def test_topics_are_one_line_at_the_end_without_what_is_told_anyway() -> None:
    topics = [fact(text, part=TOPICS, day=day) for day, text in enumerate(("boats", "tea", "Porto"))]
    assert lines(*topics, fact("Ana likes tea.", part=PREFERENCES)) == [
        "- Preference (2026-03-01): Ana likes tea.",
        "- Topics (2026-03-03): Porto, boats",
    ]


def test_rare_words_weigh_more_than_common_ones() -> None:
    facts = [fact(f"Ana drinks tea {number}") for number in range(9)] + [fact("Ana drinks matcha")]
    scores = bearing(facts, "Is matcha a tea?")
    assert max(scores, key=lambda key: scores[key]) == facts[-1].fact_id
    assert len(scores) == len(facts)


def test_forms_of_a_word_bear_on_each_other_and_nothing_on_no_words() -> None:
    facts = [fact("Ana is allergic to nuts"), fact("Ana likes tea"), fact("我住在北京")]
    assert list(bearing(facts, "Any allergies?")) == [facts[0].fact_id]
    assert list(bearing(facts, "北京 的天气")) == [facts[2].fact_id]
    assert bearing(facts, "") == {}
