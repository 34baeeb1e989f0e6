import json
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from source.domain.model_summary import (
    ModelSummary,
    UnsupportedSummaryError,
    checked_summary,
    read_answer,
    response_schema,
)
from source.domain.summary import (
    Occasion,
    PointKind,
    Summary,
    SummaryPoint,
    SummarySource,
    read_points,
    render,
    short_title,
    spoken_name,
)
from source.domain.summary_material import NumberedSource
from tests.fakes.openai_rules import strictness_problem
from tests.fakes.summary_samples import point, written

DAY = date(2026, 3, 2)
TEXT = st.text(st.characters(codec="utf-8"), max_size=80)
SHOWN = [
    NumberedSource(1, "[#1] Person: Ana has a dog.", date(2026, 2, 1), None),
    NumberedSource(2, "[#2] Ana (2026-03-01): I moved.", date(2026, 3, 1), 100),
    NumberedSource(3, "[#3] Ana (2026-03-02): To Lisbon.", DAY, 101),
]


def checked(answer: str, *, max_bytes: int = 900, include_client: bool = True) -> Summary:
    return checked_summary(
        read_answer(answer), SHOWN, Occasion(DAY, DAY), max_bytes=max_bytes, include_client=include_client
    )


def test_a_strict_server_takes_the_schema() -> None:
    schema = response_schema()
    assert strictness_problem(schema) is None
    assert schema["required"] == list(ModelSummary.model_fields)
    # Lengths are not in the subset of JSON schema that strict servers take, and defaults are refused.
    assert not any(f'"{keyword}":' in json.dumps(schema) for keyword in ("default", "maxLength", "maxItems"))


def test_a_point_has_the_ids_of_its_messages_and_their_latest_day() -> None:
    [_, fact] = checked(written(facts=[point("Ana moved to Lisbon.", 2, 3, 2)])).points
    assert (fact.kind, fact.message_ids, fact.said_on) == (PointKind.FACT, (100, 101), DAY)


def test_a_point_kept_from_before_keeps_its_day_and_has_no_message() -> None:
    [_, kept] = checked(written(person=[point("Ana has a dog.", 1)])).points
    assert (kept.message_ids, kept.said_on) == ((), date(2026, 2, 1))


def test_points_that_nothing_shows_refuse_the_summary() -> None:
    with pytest.raises(UnsupportedSummaryError):
        checked(written(facts=[point("Ana is a queen.", 9)]))


def test_a_summary_without_points_stands_by_its_sentence() -> None:
    assert checked(written()).text.splitlines() == [
        "Summary of the conversation of 2026-03-02:",
        "- About (2026-03-02): Ana moved and plans a trip.",
    ]


@pytest.mark.parametrize(
    "answer", ["", "no", "{}", "[]", '{"title": "x"}', '{"about": ', "{" * 9_000, '{"about": "", "facts": []}']
)
def test_what_holds_no_summary_is_refused(answer: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        checked(answer)


def test_one_malformed_point_does_not_cost_the_others() -> None:
    answer = written(facts=["text", {"text": 3}, None, point("Ana moved.", 2)], topics="none", preferences=None)
    assert "Ana moved." in checked(answer).text


@pytest.mark.parametrize("numbers", [["2"], ["[#2]"], "#2", 2])
def test_numbers_are_read_however_they_are_written(numbers: object) -> None:
    [_, fact] = checked(written(facts=[{"text": "Ana moved.", "message_ids": numbers}])).points
    assert fact.message_ids == (100,)


def test_the_same_point_is_kept_once() -> None:
    same = point("Ana moved.", 2)
    assert checked(written(facts=[same, same], open_issues=[same])).text.count("Ana moved.") == 1


def test_topics_are_one_line() -> None:
    text = checked(written(topics=[point("boats", 2), point("Lisbon.", 3)])).text
    assert text.splitlines()[-1] == "- Topics (2026-03-02): boats, Lisbon"


def test_points_beyond_the_bytes_are_left_out_whole_the_first_of_each_kind_last() -> None:
    issues = [point(f"Issue {number} is open.", 2) for number in range(8)]
    facts = [point(f"Fact {number} is known.", 2) for number in range(8)]

    lines = checked(written(open_issues=issues, facts=facts), max_bytes=300).text.splitlines()

    assert [line.rpartition(": ")[2] for line in lines[2:]] == [
        "Issue 0 is open.",
        "Issue 1 is open.",
        "Issue 2 is open.",
        "Fact 0 is known.",
        "Fact 1 is known.",
    ]


@given(st.lists(TEXT, max_size=12), TEXT, st.integers(60, 1_500))
def test_no_answer_makes_a_summary_longer_than_its_bytes(texts: list[str], about: str, most: int) -> None:
    answer = written(about=about * 20, title=about * 3, facts=[point(text * 9, 2) for text in texts])
    try:
        summary = checked(answer, max_bytes=most)
    except UnsupportedSummaryError:
        return
    assert 0 < len(summary.text.encode()) <= most
    assert len(summary.title) <= 60
    assert len(summary.text.splitlines()) == 1 + len(summary.points)


@given(TEXT)
def test_a_title_is_one_short_line(text: str) -> None:
    assert len(short_title(text * 5)) <= 60
    assert len(short_title(text).splitlines()) <= 1


@given(TEXT)
def test_a_name_opens_a_line_whatever_it_holds(name: str) -> None:
    line = SummaryPoint(PointKind.EXCERPT, "hello", DAY, (1,), speaker=name).line
    assert read_points(line) == (SummaryPoint(PointKind.EXCERPT, "hello", DAY, speaker=spoken_name(name)),)


@pytest.mark.parametrize("kind", [kind for kind in PointKind if kind is not PointKind.EXCERPT])
@pytest.mark.parametrize("said_on", [DAY, None])
def test_a_point_is_read_back_as_it_was(kind: PointKind, said_on: date | None) -> None:
    one = SummaryPoint(kind, "Ana moved: (at last) to “Lisbon”.", said_on)
    assert read_points(render("Summary:", [one])) == (one,)


def test_prose_is_read_by_the_sentence_and_a_bad_date_is_no_date() -> None:
    assert [each.text for each in read_points("Ana moved. She\nlikes tea.")] == ["Ana moved.", "She", "likes tea."]
    assert read_points("- Fact (2026-13-41): Ana moved.") == (SummaryPoint(PointKind.FACT, "Ana moved."),)


@pytest.mark.parametrize(
    ("occasion", "source", "heading"),
    [
        (Occasion(DAY, DAY), SummarySource.MODEL, "Summary of the conversation of 2026-03-02:"),
        (
            Occasion(DAY, date(2026, 3, 4), is_part=True),
            SummarySource.MODEL,
            "Summary of the part of this conversation that is no longer shown of 2026-03-02 to 2026-03-04:",
        ),
        (
            Occasion(DAY, DAY),
            SummarySource.EXTRACTIVE,
            "Excerpts, word for word and not complete, from the conversation of 2026-03-02:",
        ),
    ],
)
def test_the_heading_says_what_follows_and_when_it_was(occasion: Occasion, source: SummarySource, heading: str) -> None:
    assert occasion.heading(source) == heading
