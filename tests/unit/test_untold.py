"""What was forgotten is taken out of summaries."""

from source.domain.carried import begun_with, known_in
from source.domain.untold import untold

HEADING = "Summary of the conversation of 2026-03-01:"
HOME = "- Fact (2026-03-01): Ana lives in Lisbon with her dog."
TEA = "- Preference (2026-02-01): Ana likes tea."
ANA = ("Ana",)


def without(text: str, *told: str) -> str:
    return untold(text, told, ANA)


def test_points_that_tell_it_go_and_the_others_stay() -> None:
    assert without(f"{HEADING}\n{HOME}\n{TEA}", "Ana lives in Lisbon.") == f"{HEADING}\n{TEA}"


def test_a_quote_of_it_goes_whoever_notes_it() -> None:
    quoted = f"{HEADING}\n- Ana (2026-03-01): “I live in Lisbon!”\n{TEA}"
    assert without(quoted, "Ana lives in Lisbon.") == f"{HEADING}\n{TEA}"
    assert without(f"{HEADING}\n{HOME}\n{TEA}", "Ana: “I live in Lisbon”") == f"{HEADING}\n{TEA}"


def test_what_is_known_loses_its_line_too() -> None:
    left = without(begun_with([f"- Name: Ana\n{HOME}"], f"{HEADING}\n{TEA}"), "Ana lives in Lisbon.", "Ana likes tea.")
    assert known_in(left) == ("- Name: Ana",)
    assert "Summary" not in left


def test_of_a_line_of_topics_only_the_topic_goes() -> None:
    assert without("- Topics (2026-03-01): tea, trains", "tea") == "- Topics (2026-03-01): trains"
    assert without("- Topics (2026-03-01): tea", "tea") == ""
    assert without(f"{HEADING}\n{TEA}", "tea") == f"{HEADING}\n{TEA}"


def test_of_prose_only_the_sentences_that_tell_it_go() -> None:
    assert without("Ana lives in Lisbon. She asked for trains.", "Ana lives in Lisbon.") == "She asked for trains."


def test_a_heading_does_not_stand_alone() -> None:
    assert without(f"{HEADING}\n{HOME}", "Ana lives in Lisbon.") == ""


def test_what_tells_something_else_stays_as_it_is() -> None:
    text = begun_with(["- Name: Ana"], f"{HEADING}\n{TEA}\n\nFrom before:\n{HOME}")
    assert without(text, "Ana lives in Porto.") == text
