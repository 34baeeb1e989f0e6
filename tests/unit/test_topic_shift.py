"""When a conversation has come to another topic."""

import random
from collections.abc import Sequence

import pytest

from source.domain.topic_order import about_first
from source.domain.topic_shift import LOOKED_AT, Exchange, has_shifted, stems

GARDEN = "tomato soil compost seedling watering pruning greenhouse snail lettuce harvest fertilizer"
TAXES = "income deduction receipt invoice refund accountant declaration pension allowance deadline office"
GARTEN = "Tomate Erde Kompost Setzling Gießkanne Rückschnitt Gewächshaus Schnecke Kopfsalat Ernte Dünger"
STEUER = "Einkommen Abzug Quittung Rechnung Erstattung Beraterin Erklärung Rente Freibetrag Frist Finanzamt"
CHINESE = ("番茄土壤堆肥幼苗浇水修剪温室蜗牛生菜收获肥料", "收入扣除收据发票退款会计申报养老金免税额截止日期税务局")


def talk(subject: str, count: int, *, seed: int = 1) -> list[Exchange]:
    """A person and Echo talk about a subject, four of its words at a time."""
    chance, words = random.Random(seed), subject.split()
    return [
        Exchange(" und ".join(chance.sample(words, 4)), " the ".join(chance.sample(words, 4))) for _ in range(count)
    ]


def told(exchanges: Sequence[Exchange]) -> list[int]:
    """After which messages there is a new topic, read one by one."""
    return [end for end in range(1, len(exchanges) + 1) if has_shifted(exchanges[:end])]


@pytest.mark.parametrize(("first", "second"), [(GARDEN, TAXES), (GARTEN, STEUER)])
def test_a_new_topic_is_told_once_and_after_several_messages(first: str, second: str) -> None:
    (place,) = told([*talk(first, 20), *talk(second, 30)])
    assert 23 <= place <= 25


def test_a_topic_is_told_in_a_language_without_spaces() -> None:
    first, second = (" ".join(text[at : at + 3] for at in range(0, len(text) - 2)) for text in CHINESE)
    assert told([*talk(first, 20), *talk(second, 10)])


def test_who_stays_with_a_topic_is_told_nothing() -> None:
    assert told(talk(GARDEN, 60)) == []


def test_a_digression_is_no_topic() -> None:
    assert told([*talk(GARDEN, 20), *talk(TAXES, 2), *talk(GARDEN, 10, seed=2)]) == []


def test_a_young_conversation_has_no_topic_to_leave() -> None:
    assert told([*talk(GARDEN, 6), *talk(TAXES, 6)]) == []


def test_who_comes_back_to_a_topic_is_told_nothing() -> None:
    assert len(told([*talk(GARDEN, 20), *talk(TAXES, 8), *talk(GARDEN, 10, seed=2)])) == 1


def test_remarks_are_no_topic() -> None:
    remarks = [Exchange("Okay, thanks!", "You are welcome."), Exchange("Good.", "Fine."), Exchange("Bye", "Bye!")]
    assert told([*talk(GARDEN, 20), *remarks, *remarks]) == []


def test_words_that_cannot_be_told_apart_tell_no_topic() -> None:
    """As in languages without spaces whose words are not known: what is never alike does not become different."""
    chance = random.Random(3)
    alone = [Exchange("".join(chance.choices("กขคงจฉชซญดตถทนบปผพฟมยรลวสหอฮ", k=60))) for _ in range(40)]
    assert told(alone) == []


def test_what_was_said_before_a_restart_is_not_told_again() -> None:
    whole = [*talk(GARDEN, 20), *talk(TAXES, 30)]
    (place,) = told(whole)
    assert not any(has_shifted(whole[:end][-LOOKED_AT:]) for end in range(place + 1, len(whole) + 1))


def test_stems_are_the_beginnings_of_words_that_tell_something() -> None:
    assert stems("The tomatoes, and the Tomato plants!") == ["tomato", "tomato", "plants"]


def test_what_bears_on_a_topic_comes_first_below_its_own_heading() -> None:
    summary = (
        "Summary:\n- Open: The boiler\n- Fact: Grows tomatoes\nFrom before:\n- Topics: Taxes\n- Topics: Tomato soup"
    )
    assert about_first("tomato", summary).splitlines() == [
        "Summary:",
        "- Fact: Grows tomatoes",
        "- Open: The boiler",
        "From before:",
        "- Topics: Tomato soup",
        "- Topics: Taxes",
    ]
    assert about_first("", summary) == summary
