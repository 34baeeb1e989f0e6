"""Discord's notation as plain text."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from source.adapters.discord.message_text import (
    LONGEST_NAME_CHARS,
    Names,
    readable,
    thread_name,
)
from source.domain.quoted_line import cut_between_words, quote

NAMES = Names(
    own=frozenset({"1", "2"}),
    users={"7": "Ada"},
    roles={"8": "friends"},
    channel={"9": "general"}.get,
)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("<@1> hello", "hello"),
        ("<@!1>, hello", "hello"),
        ("<@&2>: hello", "hello"),
        ("hello <@1>", "hello"),
        ("hello <@1>, are you there?", "hello, are you there?"),
        ("can <@1> help?", "can help?"),
        ("first\n<@1> second", "first\nsecond"),
        ("first <@1>\nsecond", "first\nsecond"),
        ("<@1><@1> hello", "hello"),
        ("<@1>", ""),
        ("    <@1>   \n\n hello", "hello"),
    ],
)
def test_the_mention_of_echo_leaves_no_trace(written: str, read: str) -> None:
    assert readable(written, NAMES) == read


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("<@7> and <@!7>", "@Ada and @Ada"),
        ("<@99>", "@someone"),
        ("<@&8> <@&99>", "@friends @role"),
        ("<#9> <#99>", "#general #channel"),
        ("<:wave:123> <a:dance:456>", ":wave: :dance:"),
        ("</export json:77>", "/export json"),
        ("<t:1772442000:F> <t:1772442000>", "2026-03-02 09:00 UTC 2026-03-02 09:00 UTC"),
        ("<t:999999999999>", "<t:999999999999>"),
        ("a <b> c <@> <#x>", "a <b> c <@> <#x>"),
        ("@everyone", "@everyone"),
    ],
)
def test_numbers_become_what_people_see(written: str, read: str) -> None:
    assert readable(written, NAMES) == read


@given(st.text(alphabet=st.characters(exclude_characters="<"), max_size=200))
def test_text_without_notation_stays_as_it_is(text: str) -> None:
    assert readable(text, Names()) == text.strip()


@given(st.text(alphabet=list("<@!&#:>at1279 \n"), max_size=60))
def test_no_mention_of_echo_is_left_whatever_stands_around_it(text: str) -> None:
    assert "<@1>" not in readable(f"{text}<@1>{text}", NAMES)


def test_a_quote_is_one_short_line() -> None:
    assert quote("Ada", "gears\nare  round") == "> Ada: gears are round"
    assert len(quote("Ada", "word " * 100)) <= len("> Ada: ") + 200
    assert quote("Ada", " \n") == ""


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("How do gears work?", "How do gears work?"),
        ("## **Gears** and `teeth`", "Gears and teeth"),
        ("> Grace: they are round\n\nis that so?", "is that so?"),
        ("https://example.org\nwhat is this?", "what is this?"),
        ("https://example.org", "Chat with Ada"),
        ("```\n```", "Chat with Ada"),
    ],
)
def test_a_thread_is_named_after_the_topic(text: str, name: str) -> None:
    assert thread_name(text, "Ada") == name


@example("", "\n")
@given(st.text(max_size=300), st.text(min_size=1, max_size=120))
def test_a_threads_name_is_one_line_that_discord_takes(text: str, person: str) -> None:
    name = thread_name(text, person)
    assert 0 < len(name) <= LONGEST_NAME_CHARS
    assert "\n" not in name


def test_a_long_line_is_cut_between_words() -> None:
    assert cut_between_words("one two three", 9) == "one two…"
    assert cut_between_words("onetwothree", 5) == "onet…"
    assert cut_between_words("one two", 7) == "one two"
