"""Files that are read as part of a message."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from source.domain.text_files import decoded, fenced, is_text, named


@given(st.text(alphabet="`~ab\n", max_size=40))
def test_a_files_fence_is_closed_by_nothing_in_the_file(text: str) -> None:
    name, opening, *lines, closing = fenced("a.txt", text).split("\n")
    assert (name, opening) == ("a.txt:", closing)
    assert not any(line.startswith(closing) for line in lines)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("Zähne".encode(), "Zähne"),
        (b"\xef\xbb\xbfplain", "plain"),
        ("wide".encode("utf-16"), "wide"),
        (b"\xff\xd8\xff\xe0", None),
        (b"nul\x00", None),
        (b"x" * 70_000, None),
    ],
)
def test_a_file_is_text_or_it_is_not(content: bytes, text: str | None) -> None:
    assert decoded(content) == text


@pytest.mark.parametrize(
    ("name", "media_type", "is_it"),
    [
        ("notes", "text/plain; charset=utf-8", True),
        ("Notes.MD", "application/octet-stream", True),
        ("data", "application/json", True),
        ("paper.pdf", "application/pdf", False),
        ("", "", False),
    ],
)
def test_a_file_says_by_type_or_name_whether_it_is_text(name: str, media_type: str, is_it: bool) -> None:
    assert is_text(name, media_type) is is_it


def test_a_file_is_named_with_what_is_known_of_it() -> None:
    assert named("paper.pdf", "application/pdf", 10) == "[attached: paper.pdf, application/pdf, 1 kB]"
    assert named("song.ogg", "", 4096, seconds=2.6) == "[attached: song.ogg, 4 kB, 3 s]"
    assert named("paper.pdf", "", 0) == "[attached: paper.pdf]"
