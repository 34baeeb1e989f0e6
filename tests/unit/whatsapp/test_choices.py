"""Buttons and lists as Meta takes them, and files."""

import io
import zipfile
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from source.adapters.whatsapp import documents
from source.adapters.whatsapp.choices import interactive_of
from source.adapters.whatsapp.documents import Document, document_of
from source.domain.errors import RefusedInputError
from source.domain.opinions import opinion_of
from source.services.commands.vocabulary import Choice, ExportedFile
from tests.fakes.graph_interactive import check_interactive


def test_a_few_choices_are_buttons() -> None:
    found: Any = interactive_of("Sure?", [Choice("Yes", "/forget-me confirm"), Choice("A very long label here", "/x")])
    replies = [each["reply"] for each in found["action"]["buttons"]]
    assert found["type"] == "button"
    assert replies == [{"id": "/forget-me confirm", "title": "Yes"}, {"id": "/x", "title": "A very long label h…"}]


def test_no_two_buttons_are_called_the_same() -> None:
    found: Any = interactive_of("Sure?", [Choice(f"The same long title, {each}", f"/x {each}") for each in (1, 2)])
    assert [each["reply"]["title"] for each in found["action"]["buttons"]] == ["The same long title…"]


def test_many_choices_or_such_as_need_a_line_are_a_list() -> None:
    about: Any = interactive_of("Which?", [Choice("Boat", "/resume 1", "yesterday")])
    (row,) = about["action"]["sections"][0]["rows"]
    assert row == {"id": "/resume 1", "title": "Boat", "description": "yesterday"}
    many: Any = interactive_of("Which?", [Choice(f"{each}", f"/resume {each}") for each in range(30)])
    assert len(many["action"]["sections"][0]["rows"]) == 10


def test_what_cannot_be_tapped_is_no_choice() -> None:
    assert interactive_of("Which?", []) is None
    assert interactive_of("Which?", [Choice("Long", "/x " + "y" * 200), Choice(" ", "/x")]) is None


_texts = st.text(max_size=90)


@given(st.text(min_size=1, max_size=1_024), st.lists(st.builds(Choice, _texts, _texts, _texts), max_size=14))
def test_meta_takes_whatever_is_offered(body: str, choices: list[Choice]) -> None:
    found = interactive_of(body, choices)
    if found is not None:
        check_interactive(dict(found))


def test_a_file_goes_as_a_type_that_meta_takes() -> None:
    assert document_of(ExportedFile("a.json", b"{}")) == Document("a.json", "text/plain", b"{}")
    assert document_of(ExportedFile("a.PDF", b"%PDF")) == Document("a.PDF", "application/pdf", b"%PDF")


def test_what_is_packed_is_unpacked() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("my-data.json", b"{}" * 100)
    sent = document_of(ExportedFile("my-data.zip", packed.getvalue()))
    assert sent == Document("my-data.json", "text/plain", b"{}" * 100)


def test_what_is_too_large_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "MOST_BYTES", 10)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("my-data.json", b"{}" * 100)
    for file_ in (ExportedFile("a.json", b"x" * 11), ExportedFile("a.zip", packed.getvalue())):
        with pytest.raises(RefusedInputError, match="100 MB"):
            document_of(file_)


@pytest.mark.parametrize(
    ("emojis", "opinion"),
    [
        (["👍"], 1),
        (["👍🏽"], 1),
        (["❤️"], 1),
        (["❤️‍🔥"], 1),
        (["👎🏿"], -1),
        (["🚢"], 0),
        ([], 0),
        (["🚢", "👎", "👍"], -1),
        ([""], 0),
    ],
)
def test_an_emoji_may_say_what_somebody_thinks(emojis: list[str], opinion: int) -> None:
    assert opinion_of(emojis) == opinion
