"""What a question asks for."""

from datetime import date

from source.domain.recall.question import Question, is_quotation, phrases_of, read_question

_TODAY = date(2026, 11, 21)
_PEOPLE = {"web:ann": "Ann Lee", "web:ben": "Ben"}
_ANN = frozenset({"web:ann"})


def _read(text: str, *, people: dict[str, str] | None = None, askers: frozenset[str] = _ANN) -> Question:
    return read_question(text, people=people or _PEOPLE, askers=askers, today=_TODAY, years=range(1995, 2027))


def test_of_pages_of_words_and_quotations_some_are_asked_for() -> None:
    words = [f"word{number}" for number in range(1_000)]
    question = _read(" ".join(words) + " Ben", askers=frozenset())
    assert question.terms == tuple(words[:32])
    assert not question.speakers  # named too late
    quoted = _read(" ".join(f'"{word}"' for word in words))
    assert quoted.phrases == tuple(words[:8])
    assert quoted.is_quotation


def test_pages_are_a_quotation_by_how_they_begin() -> None:
    pages = '"one two" ' + " " * 2_000 + '"three four" five'
    assert is_quotation(pages)
    assert phrases_of(pages) == ("one two",)


def test_pages_of_months_and_years_speak_of_some_days() -> None:
    named = " ".join(f"may {year} june 3 {year + 1}" for year in range(1900, 1999))
    assert 0 < len(_read(named).spans) <= 24
    assert len(_read("may 2001 " * 4_000).spans) == 1
