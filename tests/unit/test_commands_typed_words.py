"""Commands as they are typed."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from source.domain.errors import RefusedInputError
from source.services.commands import words
from source.services.commands.typed_words import Commanded, Said, options_of, understood

WORDS = (words.NEW, words.RESUME, words.SUMMARY, words.SEARCH, words.EXPORT, words.FORGET_ME, words.STOP, words.HELP)


@pytest.mark.parametrize(
    ("line", "meaning"),
    [
        ("hello /new", Said("hello /new")),
        ("//new is a command", Said("/new is a command")),
        ("/etc/hosts is a file", Said("/etc/hosts is a file")),
        ("/new", Commanded("new")),
        ("/new  the garden ", Commanded("new", {"topic": "the garden"})),
        ("/new fresh", Commanded("new", {"fresh": True})),
        ("/New FRESH  two\nlines", Commanded("new", {"fresh": True, "topic": "two\nlines"})),
        ("/new freshly baked bread", Commanded("new", {"topic": "freshly baked bread"})),
        ("/resume", Commanded("resume")),
        ("/resume #2", Commanded("resume", {"which": "#2"})),
        ("/search  the blue boat", Commanded("search", {"words": "the blue boat"})),
        ("/export", Commanded("export")),
        ("/export JSON", Commanded("export", {"format": "json"})),
        ("/export json 2", Commanded("export", {"format": "json", "which": "2"})),
        ("/export 2", Commanded("export", {"which": "2"})),
        ("/forget-me here Confirm", Commanded("forget-me", {"here": True, "confirm": True})),
        ("/forget-me confirm here", Commanded("forget-me", {"here": True, "confirm": True})),
        ("/forget-me status 12", Commanded("forget-me", {"status": True, "receipt": "12"})),
        ("/new fresh fresh bread", Commanded("new", {"fresh": True, "topic": "fresh bread"})),
        ("/help ", Commanded("help")),
    ],
)
def test_a_line_is_said_or_a_command_with_its_options(line: str, meaning: Said | Commanded) -> None:
    assert understood(line, WORDS) == meaning


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("/search", r"What words\? Write /search words\."),
        ("/resume 2 please", r"more than /resume takes: write /resume \[which\]\. Begin with // to say it\."),
        ("/export json 2 3", r"write /export \[json\] \[which\]"),
        ("/help me with this", r"/help stands alone\. Begin with // to say it\."),
        ("/summary 123456", "/summary stands alone"),
        ("/resme", r"no command /resme: did you mean /resume\? Begin"),
        ("/zzz", "/help lists what there is"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_how_it_is_typed(line: str, told: str) -> None:
    with pytest.raises(RefusedInputError, match=told):
        understood(line, WORDS)


@given(st.text())
def test_any_line_is_understood_or_refused(text: str) -> None:
    for line in (text, f"/{text}", f"/new {text}", f"/export {text}"):
        with suppress(RefusedInputError):
            understood(line, WORDS)


@given(st.text())
def test_a_topic_arrives_as_it_was_typed(text: str) -> None:
    topic = f"about {text}".strip()
    assert options_of(words.NEW, topic) == {"topic": topic}
