"""What /stats says, and what it does not pretend to know."""

from dataclasses import replace

from source.ports.store import ThreadStatistics, UsageTotals
from source.services.statistics import told

USAGE = UsageTotals(calls=12, input_tokens=45_210, cached_tokens=30_100, output_tokens=3_200, cost=13_200)
LONG = ThreadStatistics(conversations=3, messages=42, usage=USAGE, forever_input_tokens=210_000)


def test_what_was_said_and_taken_and_saved_is_told() -> None:
    assert told(LONG).splitlines() == [
        "42 messages in 3 conversations.",
        "12 model calls: 45,210 tokens in (30,100 of them cached), 3,200 out.",
        "Cost: $0.0132.",
        "Saved against one conversation for ever: 78%, about 164,790 tokens in.",
    ]


def test_one_is_not_many() -> None:
    usage = replace(USAGE, calls=1, cached_tokens=0)
    lines = told(replace(LONG, conversations=1, messages=1, usage=usage)).splitlines()
    assert lines[:2] == ["1 message in 1 conversation.", "1 model call: 45,210 tokens in, 3,200 out."]


def test_nothing_said_is_nothing_counted() -> None:
    nothing = ThreadStatistics(0, 0, UsageTotals(0, 0, 0, 0, None), 0)
    assert told(nothing) == "Nothing has been said here yet."


def test_without_a_model_nothing_is_compared() -> None:
    for calls in (0, 21):  # offline, answers take no tokens
        text = told(replace(LONG, usage=UsageTotals(calls, 0, 0, 0, None)))
        assert text.startswith("42 messages in 3 conversations.\n")
        assert "nothing to count or to compare" in text
        assert "%" not in text


def test_without_prices_no_cost_is_made_up() -> None:
    assert "Cost: not known, no prices are set." in told(replace(LONG, usage=replace(USAGE, cost=None)))


def test_large_costs_are_told_in_cents() -> None:
    assert "Cost: $1,234.57." in told(replace(LONG, usage=replace(USAGE, cost=1_234_567_000)))


def test_a_young_thread_has_saved_nothing_and_says_so() -> None:
    for forever in (40_000, USAGE.input_tokens, USAGE.input_tokens + 100):
        text = told(replace(LONG, forever_input_tokens=forever))
        assert "nothing yet" in text
        assert "%" not in text


def test_what_cannot_be_compared_is_not_known() -> None:
    assert "not known yet" in told(replace(LONG, forever_input_tokens=0))
