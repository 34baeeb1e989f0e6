"""Placeholders stand for personal data, and it comes back exactly."""

import json
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from source.domain.personal_data import Found, Kind
from source.domain.placeholders import Placeholders, Restoring
from tests.unit.test_personal_data import FINDER, texts

ADA, BO = "ada@example.org", "bo@example.org"
LOOKALIKES = st.sampled_from(
    ["[email 1]", "[Email 1]", "[text 1]", "[phone 12]", "[email 1", "email 1]", ADA, "[", "]"]
)
said = st.lists(st.one_of(texts, LOOKALIKES, st.lists(LOOKALIKES, max_size=4).map("".join)), max_size=5)


def placeholders() -> Placeholders:
    return Placeholders(FINDER.find)


def test_each_value_has_a_number_in_the_order_of_appearance() -> None:
    known = placeholders()
    assert known.scrubbed(f"{ADA} wrote to {BO} from 203.0.113.7") == "[email 1] wrote to [email 2] from [ip 1]"
    assert known.scrubbed(f"and {BO} to {ADA}, call +49 170 1234567") == "and [email 2] to [email 1], call [phone 1]"
    assert known.restored("[email 2], [EMAIL 1], [phone 1], [phone 2]") == f"{BO}, {ADA}, +49 170 1234567, [phone 2]"


def test_a_secret_is_known_again_without_the_word_that_told_it() -> None:
    known = placeholders()
    assert known.scrubbed("password: hunter2!x") == "password: [secret 1]"
    assert known.scrubbed("is hunter2!x all right?") == "is [secret 1] all right?"


def test_what_only_looks_like_a_placeholder_never_becomes_somebodys_data() -> None:
    known = placeholders()
    scrubbed = [known.scrubbed(text) for text in (f"I am {ADA}", "what is [email 1]? And [Email 1]?")]
    assert scrubbed == ["I am [email 1]", "what is [text 1]? And [text 2]?"]
    assert known.restored("You wrote [text 1], and you are [email 1].") == f"You wrote [email 1], and you are {ADA}."


@pytest.mark.parametrize(
    "text",
    [
        "so 4111 1111 11… and",
        "…11 1111 1111, so",
        "is ada@exa…",
        "… @example.org is",
        "the key sk-Ab12cd… is",
        "ab…\n…4711 1111",
    ],
)
def test_what_is_left_of_personal_data_where_a_text_was_cut_is_taken_out(text: str) -> None:
    scrubbed = placeholders().scrubbed(text)
    assert not re.search(r"\d{3}|@|sk-", scrubbed.replace("[text 1]", ""))
    assert "[text 1]" in scrubbed


def test_a_value_that_is_known_is_known_also_where_it_was_cut_off() -> None:
    known = placeholders()
    known.scrubbed(f"I am {ADA}")
    assert known.scrubbed("Who wrote: I am ada@exam") == "Who wrote: I am [text 1]"
    assert known.scrubbed("Who is ada") == "Who is ada"


@given(said)
@example(["[email 1]", ADA, "[text 1]"])
@example([f"[email {ADA}]", "[email 1]"])
def test_what_was_taken_out_comes_back(texts: list[str]) -> None:
    known = placeholders()
    scrubbed = [known.scrubbed(text) for text in texts]
    assert [known.restored(text) for text in scrubbed] == texts
    assert [FINDER.find(text) for text in scrubbed] == [[] for _ in texts]


@given(said, said)
def test_what_follows_changes_nothing_of_what_came_before(before: list[str], after: list[str]) -> None:
    first, second = placeholders(), placeholders()
    earlier = [first.scrubbed(text) for text in before]
    later = [second.scrubbed(text) for text in (*before, *after)]
    assert later[: len(before)] == earlier


@given(st.data(), said)
def test_a_reply_in_pieces_is_restored_like_a_whole_one(data: st.DataObject, texts: list[str]) -> None:
    known = placeholders()
    reply = "".join(known.scrubbed(text) for text in texts) + "[email 1] [email 99] [EMAIL 1"
    cuts = sorted(data.draw(st.lists(st.integers(0, len(reply)), max_size=12)))
    pieces = [reply[start:end] for start, end in zip([0, *cuts], [*cuts, len(reply)], strict=True)]
    restoring = Restoring(known)
    assert "".join([*map(restoring.feed, pieces), restoring.end()]) == known.restored(reply)


def test_only_what_may_become_a_placeholder_is_held_back() -> None:
    known = placeholders()
    known.scrubbed(ADA)
    restoring = Restoring(known)
    fed = [restoring.feed(piece) for piece in ("see [", "1] or [e", "mail", " 1", "]!", " [link](x) [note 1", "]")]
    assert fed == ["see ", "[1] or ", "", "", f"{ADA}!", " [link](x) [note 1", "]"]
    assert Restoring(placeholders()).feed("nothing is known [email 1") == "nothing is known [email 1"


def test_json_stays_json_both_ways() -> None:
    known = placeholders()
    written = json.dumps({ADA: [{"card": 4111111111111111, "n": 7, "ok": True, "none": None}], "of": "a\n" + BO})
    scrubbed = known.scrubbed_json(written)
    assert json.loads(scrubbed) == {
        "[email 1]": [{"card": "[card 1]", "n": 7, "ok": True, "none": None}],
        "of": "a\n[email 2]",
    }
    assert json.loads(known.restored_json(scrubbed))["of"] == f"a\n{BO}"


def test_json_without_personal_data_is_left_as_it_was_written() -> None:
    known = placeholders()
    assert known.scrubbed_json('{"words":"tea",  "more": 1e2}') == '{"words":"tea",  "more": 1e2}'
    assert known.scrubbed_json("{not json, " + ADA) == "{not json, [email 1]"


@pytest.mark.parametrize("secret", ['say "friend"', "back\\slash1", "line\nbreak"])
def test_what_comes_back_into_a_json_string_is_quoted(secret: str) -> None:
    known = Placeholders(lambda text: [Found(Kind.SECRET, 0, len(text))])
    known.scrubbed(secret)
    assert json.loads(known.restored('{"a": "[secret 1]"}', in_json=True)) == {"a": secret}
    assert json.loads(known.restored_json('{"a": "[secret 1]", "b"')[:-5] + "}") == {"a": secret}
