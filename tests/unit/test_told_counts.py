"""Counts as people read them."""

import pytest

from source.domain.privacy import told_counts


@pytest.mark.parametrize(
    ("counts", "told"),
    [
        ({}, "nothing"),
        ({"messages": 0}, "nothing"),
        ({"messages": 1, "replies": 1}, "1 message and 1 reply of mine"),
        ({"conversations": 1, "shared_conversations": 1}, "1 whole conversation and 1 conversation shared with others"),
        ({"shared_conversations": 2}, "2 conversations shared with others"),
        ({"user_interaction_summaries": 1, "feedback": 1}, "1 summary of you and 1 rating"),
        ({"user_interaction_summaries": 2}, "2 summaries of you"),
        ({"profile_values": 1, "facts": 2, "exports": 1_000}, "1 profile value, 2 facts and 1,000 exports"),
    ],
)
def test_counts_are_told_in_words_for_one_and_for_many(counts: dict[str, int], told: str) -> None:
    assert told_counts(counts) == told
