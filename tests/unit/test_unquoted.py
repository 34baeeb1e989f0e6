"""What repeats words leaves summaries line by line."""

import pytest

from source.domain.carried import begun_with
from source.domain.unquoted import unquoted

KNOWN = "- Fact (2026-03-02): her code is 1234\n- Fact (2026-03-02): she has a cat"
SAID = "What was said before:\n[Monday]\nAda: my code is 1234\n[Tuesday]\nAda: I have a cat"
SUMMARY = "Summary of the conversation:\n- About: a code, 1234\n- Open: the cat"


def _says(text: str) -> bool:
    return "1234" in text


def test_lines_that_say_it_go_with_headings_that_have_nothing_left() -> None:
    left = unquoted(begun_with([KNOWN, SAID], SUMMARY), _says)
    assert left == begun_with(
        [
            "- Fact (2026-03-02): she has a cat",
            "What was said before:\n[Tuesday]\nAda: I have a cat",
        ],
        "Summary of the conversation:\n- Open: the cat",
    )


@pytest.mark.parametrize(
    "text",
    [
        "Summary of the conversation:\n- About: a code, 1234",
        begun_with(["What was said before:\n[Monday]\nAda: my code is 1234"], ""),
        "1234",
    ],
)
def test_nothing_is_left_of_what_says_nothing_else(text: str) -> None:
    assert unquoted(text, _says) == ""


def test_what_only_several_lines_together_say_goes_whole() -> None:
    assert unquoted("- About: one\n- Open: two", lambda text: "one" in text and "two" in text) == ""


def test_what_does_not_say_it_stays_as_it_is() -> None:
    assert unquoted("Heading:\n\n[Monday]", _says) == "Heading:\n\n[Monday]"
