"""What stands of what was said: the same is told once, and the newer one wins."""

from source.domain.fact import Fact
from source.domain.fact_standing import standing
from source.domain.memory import MemoryPart
from tests.fakes.fact_samples import fact

PREFERENCES, OPEN = MemoryPart.PREFERENCES, MemoryPart.OPEN_ISSUES


def current(*facts: Fact) -> list[str]:
    return [each.fact.text for each in standing(facts) if each.is_current]


def replaced(*facts: Fact) -> dict[str, str]:
    """What was replaced, and by what."""
    return {each.fact.text: each.replaced_by.text for each in standing(facts) if each.replaced_by is not None}


def test_the_newer_one_wins_whatever_the_order() -> None:
    lisbon, porto = fact("Ana lives in Lisbon.", day=1), fact("Ana: “I moved to Porto.”", day=9)
    for facts in ((lisbon, porto), (porto, lisbon)):
        assert current(*facts) == ["Ana: “I moved to Porto.”"]
        assert replaced(*facts) == {"Ana lives in Lisbon.": "Ana: “I moved to Porto.”"}


def test_without_the_newer_one_the_older_one_stands() -> None:
    assert current(fact("Ana lives in Lisbon.", day=1)) == ["Ana lives in Lisbon."]


def test_each_is_replaced_by_what_came_next() -> None:
    one, two, three = (fact(f"Ana lives in {place}.", day=day) for day, place in enumerate(("Lisbon", "Porto", "Faro")))
    assert replaced(one, two, three) == {one.text: two.text, two.text: three.text}


def test_who_moves_back_lives_there_again() -> None:
    facts = [fact(f"Ana lives in {place}.", day=day) for day, place in enumerate(("Lisbon", "Porto", "Lisbon"))]
    assert current(*facts) == ["Ana lives in Lisbon."]
    assert replaced(*facts) == {"Ana lives in Porto.": "Ana lives in Lisbon."}


def test_the_same_said_again_confirms_it() -> None:
    first, again = fact("Ana lives in Lisbon.", day=1), fact("Ana: “I live in Lisbon now”", day=5)
    (known,) = standing([first, again])
    assert (known.fact, known.confirmed_by) == (again, (first,))


def test_what_is_told_more_fully_replaces_nothing() -> None:
    assert len(current(fact("My name is Ana", day=1), fact("My name is Ana Costa", day=2))) == 2


def test_other_things_stand_beside_each_other() -> None:
    facts = [
        fact("Ana lives in Lisbon."),
        fact("Ana works at Acme.", day=1),
        fact("Ana is allergic to nuts.", day=2),
        fact("Ana is allergic to milk.", day=3),
        fact("Ana likes tea.", day=4, part=PREFERENCES),
        fact("Ana likes coffee.", day=5, part=PREFERENCES),
        fact("Maria lives in Porto.", day=6),
    ]
    assert len(current(*facts)) == len(facts)


def test_what_is_denied_no_longer_stands_and_what_was_not_said_is_not_touched() -> None:
    nuts, milk = fact("Ana is allergic to nuts.", day=1), fact("Ana is allergic to milk.", day=2)
    denied = fact("Ana: “I'm not allergic to nuts”", day=3)
    assert replaced(nuts, milk, denied) == {nuts.text: denied.text}
    home, gone = fact("Ana lives in Lisbon.", day=1), fact("I don't live in Porto anymore", day=2)
    assert replaced(home, gone) == {}


def test_facts_and_preferences_are_of_one_kind() -> None:
    old = fact("Ana's favourite colour is blue", day=1)
    new = fact("Ana's favourite colour is red", day=2, part=PREFERENCES)
    assert replaced(old, new) == {old.text: new.text}
    assert len(standing([fact("Ana likes tea."), fact("Ana likes tea.", part=PREFERENCES)])) == 1


def test_a_fact_of_two_things_is_replaced_when_both_are() -> None:
    both = fact("My name is Ana and I live in Lisbon", day=1)
    home, name = fact("I moved to Porto", day=2), fact("My name is Bea", day=3)
    assert both.text in current(both, home)
    assert replaced(both, home, name) == {both.text: home.text}


def test_of_what_one_message_says_nothing_replaces_the_rest() -> None:
    one, other = fact("Ana lives in Lisbon.", message=7), fact("Ana lives in Porto.", message=7)
    assert replaced(one, other) == {}


def test_the_model_may_say_what_is_out_of_date() -> None:
    old = fact("Ana has a blue boat.", day=1)
    new = fact("Ana sold the boat.", day=2, replaces=(old.fact_id,))
    assert replaced(old, new) == {old.text: new.text}


def test_what_the_model_says_counts_only_where_it_can_be() -> None:
    old, later = fact("Ana has a boat.", day=1), fact("Ana has a car.", day=9)
    assert replaced(old, fact("Ana waits.", day=0, replaces=(old.fact_id,))) == {}, "what is older replaces nothing"
    assert replaced(later, fact("Ana waits.", day=10, replaces=(999_999,))) == {}, "who knows what that is"
    home = fact("Ana lives in Lisbon.", day=1)
    job = fact("Ana works at Acme.", day=2, replaces=(home.fact_id,))
    assert replaced(home, job) == {}, "they tell of different things"
    person = fact("a friend", day=1, part=MemoryPart.PEOPLE, name="Bea")
    assert replaced(person, fact("Ana is alone.", day=2, replaces=(person.fact_id,))) == {}


def test_an_open_issue_is_settled_by_a_fact() -> None:
    issue = fact("Ana waits for her refund.", day=1, part=OPEN)
    paid = fact("The refund was paid.", day=2, replaces=(issue.fact_id,))
    assert replaced(issue, paid) == {issue.text: paid.text}


def test_a_topic_goes_with_what_it_is_a_word_of() -> None:
    old = fact("Ana: “I live in Lisbon.”", day=1, conversation=5, message=7)
    topic = fact("Lisbon", day=1, part=MemoryPart.TOPICS, conversation=5, message=7)
    other = fact("boats", day=1, part=MemoryPart.TOPICS, conversation=5, message=7)
    new = fact("I moved to Porto", day=2)
    assert replaced(old, topic, other, new) == {old.text: new.text, "Lisbon": new.text}


def test_people_of_the_same_name_are_told_apart_by_what_they_are() -> None:
    facts = [fact(text, part=MemoryPart.PEOPLE, name="Bea") for text in ("Ana's sister", "Ana's boss", "Ana's boss")]
    assert len(standing(facts)) == 2
