"""What a new conversation begins with, as a text."""

from source.domain.carried import begun_with, known_in, summary_in

SUMMARY = "Summary of the conversation of 2026-03-01:\n- Fact (2026-03-01): Ana lives in Lisbon."
PROFILE = "- Name: Ana"
FACTS = "- Preference (2026-02-01): Ana likes tea.\n- Fact (2026-03-01): Ana lives in Lisbon."


def test_what_is_known_comes_before_the_summary_each_part_in_its_order() -> None:
    carried = begun_with([PROFILE, FACTS], SUMMARY)
    assert known_in(carried) == ("- Name: Ana", "- Preference (2026-02-01): Ana likes tea.")
    assert carried.index("Name") < carried.index("tea") < carried.index("Summary")


def test_what_the_summary_says_is_not_said_twice() -> None:
    assert begun_with([FACTS], SUMMARY).count("Lisbon") == 1


def test_a_later_part_does_not_repeat_an_earlier_one_in_another_form() -> None:
    assert known_in(begun_with(["- Ana likes tea.", "• ana  LIKES tea"], "")) == ("- Ana likes tea.",)


def test_the_summary_can_be_taken_out_again() -> None:
    assert summary_in(begun_with([PROFILE, FACTS], SUMMARY)) == SUMMARY
    assert summary_in(begun_with([PROFILE], "")) == ""


def test_a_text_without_known_things_is_all_summary() -> None:
    assert begun_with(["", "\n \n"], SUMMARY) == SUMMARY
    assert summary_in("One.\n\nTwo.") == "One.\n\nTwo."
    assert known_in("One.\n\nTwo.") == ()
