"""Names of transcripts for whatever ids there are."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from source.domain.thread import Platform, ThreadRef
from source.domain.transcript_name import (
    MAX_NAME_BYTES,
    candidate_names,
    is_safe_name,
    may_be_of,
    name_apart,
    transcript_name,
)
from tests.fakes.transcript_samples import MORNING, a_head

hostile = (
    st.text(st.characters(exclude_categories=()))
    | st.text("abin-%._~/")
    | st.sampled_from(
        ["../../etc/passwd", "..", "", ".", "CON", "a/b\\c", "x" * 5000, "-in-", "a\x00b", "😀" * 90, "%2D"]
    )
)


def name(requester: str | None, guild_id: str | None = "1", platform: Platform = Platform.DISCORD) -> str:
    return transcript_name(created_at=MORNING, requester=requester, guild_id=guild_id, platform=platform)


def test_a_usual_name_is_the_seeds() -> None:
    named = transcript_name(
        created_at=datetime(2025, 11, 25, 10, 30),
        requester="123456789012345678",
        guild_id="987654321",
        platform=Platform.DISCORD,
    )
    assert named == "2025-11-25_conversation-with-123456789012345678-in-987654321.json"


@pytest.mark.parametrize("platform", Platform)
def test_without_a_guild_the_platform_stands_in(platform: Platform) -> None:
    assert name("ada", None, platform) == f"2026-03-02_conversation-with-ada-in-{platform}.json"


def test_without_a_requester_it_is_unknown() -> None:
    assert name(None) == "2026-03-02_conversation-with-unknown-in-1.json"


def test_what_a_file_system_may_dislike_is_percent_encoded() -> None:
    assert name("123@c.us", "a/b") == "2026-03-02_conversation-with-123%40c.us-in-a%2Fb.json"


@given(requester=hostile, guild_id=hostile, conversation_id=st.integers(0, 2**53))
def test_no_id_leads_out_of_the_folder(requester: str, guild_id: str, conversation_id: int) -> None:
    for safe in (name(requester, guild_id), name_apart(name(requester, guild_id), conversation_id)):
        assert is_safe_name(safe)
        assert safe.isascii()
        assert not set(safe) & set('<>:"/\\|?*\x00 ')
        assert len(safe) < MAX_NAME_BYTES
        assert safe.startswith("2026-03-02_conversation-with-")


@given(one=st.tuples(hostile, hostile), other=st.tuples(hostile, hostile))
def test_other_ids_give_another_name(one: tuple[str, str], other: tuple[str, str]) -> None:
    assert (name(*one) == name(*other)) == (one == other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("a-in-b", "c"), ("a", "b-in-c")),
        (("a-in", "in-b"), ("a", "in-in-b")),
        (("a-in-in", "b"), ("a", "in-in-b")),
        (("a/b", "1"), ("a%2Fb", "1")),
        (("x" * 61, "1"), ("x" * 62, "1")),
    ],
)
def test_ids_that_would_read_alike_do_not(one: tuple[str, str], other: tuple[str, str]) -> None:
    assert name(*one) != name(*other)


@pytest.mark.parametrize(
    "unsafe",
    [
        "",
        "x",
        "../x.json",
        "a/b.json",
        "a\\b.json",
        ".hidden.json",
        "c:x.json",
        "a\x00.json",
        "\ud800.json",
        "x" * 250 + ".json",
    ],
)
def test_a_name_that_is_no_file_of_the_folder_is_not_safe(unsafe: str) -> None:
    assert not is_safe_name(unsafe)


def test_an_owners_own_name_for_a_file_is_safe() -> None:
    assert is_safe_name("Gespräch über Kuchen.json")


def test_the_given_name_is_tried_first_and_one_with_the_own_id_next() -> None:
    usual = "2026-03-02_conversation-with-42-in-987654321.json"
    apart = "2026-03-02_conversation-with-42-in-987654321_5.json"
    assert candidate_names(a_head(5))[:2] == (usual, apart)
    assert candidate_names(a_head(5, filename="cake.json"))[:2] == ("cake.json", apart)
    assert candidate_names(a_head(5, filename=apart))[0] == apart


def test_an_unsafe_given_name_is_never_tried() -> None:
    names = candidate_names(a_head(5, filename="../../x.json", thread=ThreadRef(Platform.WEB, "../t", "../g")))
    assert all(map(is_safe_name, names))


@given(requester=hostile, guild_id=hostile)
def test_a_search_by_name_finds_what_it_looks_for(requester: str, guild_id: str) -> None:
    for own in (name(requester, guild_id), name_apart(name(requester, guild_id), 77)):
        assert may_be_of(own, requester=requester, guild_id=guild_id, on=MORNING.date())
        assert may_be_of(own)


def test_a_search_by_name_leaves_out_others() -> None:
    own = name("ada", "1")
    assert not may_be_of(own, requester="bob")
    assert not may_be_of(own, guild_id="2")
    assert not may_be_of(own, on=date(2026, 3, 3))


def test_a_renamed_file_may_be_anyones() -> None:
    assert may_be_of("cake.json", requester="bob", guild_id="2", on=datetime.now(UTC).date())
