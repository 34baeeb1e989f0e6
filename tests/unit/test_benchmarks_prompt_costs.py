"""What prompts cost when their beginnings repeat."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.prompt_costs import Bill, as_one_conversation, common_prefix, total
from tests.fakes.openai_tokens import Body

NOON = datetime(2023, 5, 8, 12, tzinfo=UTC)


def _body(*contents: str) -> Body:
    return {"messages": [{"role": "user", "content": content} for content in contents]}


@given(st.binary(max_size=40), st.binary(max_size=40), st.binary(max_size=40))
def test_the_common_prefix_is_the_longest(shared: bytes, one: bytes, other: bytes) -> None:
    length = common_prefix(shared + one, shared + other)
    assert length >= len(shared)
    assert (shared + one)[:length] == (shared + other)[:length]
    assert (shared + one)[length : length + 1] != (shared + other)[length : length + 1] or length == len(
        shared + min(one, other, key=len)
    )


def test_a_repeated_prefix_costs_a_tenth() -> None:
    bill = Bill()
    bill.add(_body("x" * 395), NOON)  # with its role 400 bytes, 100 tokens
    bill.add(_body("x" * 395, "y" * 394), NOON)  # those and a line break, a role and 394 bytes: 200 tokens
    cost = total([bill])
    assert cost.tokens == 300
    assert cost.priced == pytest.approx(100 + 100 + 10)
    assert cost.repeated_shares == (0.0, 0.5)


def test_prefixes_below_the_providers_threshold_are_not_cached_in_steps() -> None:
    short, long = Bill(), Bill()
    for bill, size in ((short, 4_000), (long, 4_800)):
        bill.add(_body("x" * size), NOON)
        bill.add(_body("x" * size), NOON)
    assert total([short]).priced_in_steps == total([short]).tokens
    assert total([long]).priced_in_steps == pytest.approx(total([long]).tokens - 0.9 * 1_152)


def test_a_cache_is_cold_after_its_lifetime() -> None:
    bill = Bill()
    for hours in (0, 1, 3):
        bill.add(_body("x" * 395), NOON + timedelta(hours=hours))
    cost = total([bill])
    assert cost.priced == pytest.approx(100 + 10 + 100)
    assert cost.priced_unexpiring == pytest.approx(100 + 10 + 10)


def test_prompts_of_different_threads_are_not_compared() -> None:
    bills = [Bill(), Bill()]
    for bill in bills:
        bill.add(_body("the same"), NOON)
    assert total(bills).repeated_shares == (0.0, 0.0)


def test_a_conversation_for_ever_sends_everything_each_time_and_a_window_its_last_messages() -> None:
    first: Body = {"messages": [{"role": "system", "content": "S"}, {"role": "user", "content": "1"}]}
    said = ["1", "2", "3", "4", "5", "6"]
    forever = [_contents(body) for body in as_one_conversation(first, said)]
    assert forever == ["S1", "S123", "S12345"]
    assert [_contents(body) for body in as_one_conversation(first, said, last=2)] == ["S1", "S23", "S45"]


def _contents(body: Body) -> str:
    messages = body["messages"]
    assert isinstance(messages, list)
    return "".join(message["content"] for message in messages)
