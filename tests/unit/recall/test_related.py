"""The list of words that stand for each other."""

import pytest

from source.app.recall_parts import related_words
from source.app.settings import ROOT
from source.domain.recall.related import read_related
from source.domain.recall.terms import stem

_LIST = ROOT / "config" / "related_words.txt"


def test_who_asks_for_a_kind_may_mean_one_of_it_and_not_the_other_way() -> None:
    related = read_related(["pet > dog puppies"])
    assert set(related.of(stem("pets"))) == {"dog", stem("puppy")}
    assert related.of("dog") == ()


def test_words_that_mean_the_same_are_found_both_ways() -> None:
    related = read_related(["job work = gig"])
    assert set(related.same_as("job")) == {"work", "gig"}
    assert set(related.same_as("gig")) == {"job", "work"}
    assert related.of("job") == ()


def test_words_that_mean_the_same_ask_for_the_same_and_answer_the_same() -> None:
    related = read_related(["pet > dog", "pet = critter", "dog = hound"])
    assert set(related.of("pet")) == set(related.of("critter")) == {"dog", "hound"}
    assert related.of("hound") == ()


def test_no_word_is_related_to_itself() -> None:
    related = read_related(["dog = dog puppy", "pet > pets dog", "pet = animal"])
    assert all(term not in others for by_stem in (related.alike, related.meant) for term, others in by_stem.items())


def test_lines_about_one_word_add_up() -> None:
    assert set(read_related(["pet > dog", "pet > cat"]).of("pet")) == {"dog", "cat"}


def test_remarks_and_empty_lines_say_nothing() -> None:
    assert read_related(["# pet > dog", "", "   ", "pet > dog # and others > more"]).meant == {"pet": ("dog",)}


def test_words_that_tell_nothing_relate_to_nothing() -> None:
    assert read_related(["pet > the dog"]).of("pet") == ("dog",)


@pytest.mark.parametrize("line", ["pet dog", "pet", "pet - dog"])
def test_a_line_without_a_sign_is_refused_with_its_number(line: str) -> None:
    with pytest.raises(ValueError, match="line 3 "):
        read_related(["pet > dog", "", line])


def test_every_line_of_the_list_that_comes_with_echo_relates_something() -> None:
    lines = _LIST.read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines, 1):
        if line.strip() and not line.startswith("#"):
            related = read_related([line])
            assert related.alike or related.meant, f"line {number}"
    assert related_words() == read_related(lines)
