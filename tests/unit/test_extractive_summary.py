import time
from datetime import date, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from source.domain.extractive_summary import extractive_summary, most_telling, title_of
from source.domain.message import Message
from source.domain.summary import Occasion, PointKind, Summary, SummarySource, read_points
from source.domain.summary_material import SummaryMaterial, day_of
from tests.fakes.dialogue_samples import BEGAN, PEOPLE, dialogue, lisbon

TEXT = st.text(st.characters(codec="utf-8"), max_size=200)
SPOKEN = st.tuples(st.sampled_from(["ana", "ben", None]), TEXT)


def material(messages: list[Message], carried: str = "", *, is_part: bool = False) -> SummaryMaterial:
    days = [day_of(message) for message in messages] or [BEGAN.date()]
    return SummaryMaterial(
        tuple(messages), read_points(carried), PEOPLE, Occasion(min(days), max(days), is_part=is_part)
    )


def excerpts(
    messages: list[Message], carried: str = "", *, max_bytes: int = 900, include_client: bool = True
) -> Summary:
    return extractive_summary(material(messages, carried), max_bytes=max_bytes, include_client=include_client)


def test_what_was_said_is_quoted_with_speaker_and_date_in_order() -> None:
    summary = excerpts(lisbon())

    assert summary.source is SummarySource.EXTRACTIVE
    assert "- Ana (2026-03-02): “My new job at Hotjar starts on 12 March.”" in summary.text
    places = [summary.text.find(words) for words in ("Hotjar starts", "plan a trip", "What about hotels?")]
    assert -1 not in places
    assert places == sorted(places)


def test_a_summary_of_excerpts_says_that_it_is_one() -> None:
    heading = excerpts(lisbon()).text.splitlines()[0]
    assert heading == "Excerpts, word for word and not complete, from the conversation of 2026-03-02:"


def test_every_quote_names_its_message_and_is_in_it() -> None:
    messages = {message.message_id: message for message in lisbon()}
    points = excerpts(lisbon()).points
    assert points
    for point in points:
        assert point.text in messages[point.message_ids[0]].message_content


def test_what_tells_most_is_quoted_when_there_is_little_room() -> None:
    small_talk = ["that is so nice", "yes it is", "well well", "good to hear"] * 10
    messages = dialogue(*small_talk, "My passport number is C01X0006H.", *small_talk[1:])

    summary = excerpts(messages, max_bytes=250)

    assert "C01X0006H" in summary.text


def test_a_question_left_open_at_the_end_is_quoted() -> None:
    facts = [f"I met person number {place} in Rome on {place} May." for place in range(1, 30)]
    assert "Shall we go?" in excerpts(dialogue(*facts, "Shall we go?"), max_bytes=300).text


def test_the_same_is_not_quoted_twice() -> None:
    messages = dialogue(*[("ana", f"My train to Porto leaves at noon from platform {place}.") for place in range(9)])
    assert excerpts(messages).text.count("leaves at noon") == 1


def test_what_echo_repeats_about_itself_takes_no_room_from_persons() -> None:
    canned = "I am offline: no model key is set and no local model server was found."
    messages = dialogue("My boat is called Aurora.", canned, "It lies in Porto.", canned, "It needs paint.", canned)

    text = excerpts(messages, max_bytes=300).text

    assert all(name in text for name in ("Aurora", "Porto", "paint"))
    assert text.count("offline") <= 1


def test_a_long_sentence_is_cut_and_shows_it() -> None:
    text = excerpts(dialogue("I like " + "very " * 500 + "old boats.")).text
    assert "…”" in text
    assert len(text) < 500


def test_a_conversation_of_courtesies_still_has_a_summary() -> None:
    assert "“hi”" in excerpts(dialogue("hi", "hi")).text
    assert "“🙂”" in excerpts(dialogue("🙂")).text


def test_nothing_said_and_nothing_known_is_an_empty_summary() -> None:
    assert excerpts([]) == Summary("", "", SummarySource.EXTRACTIVE)


@pytest.mark.parametrize(
    ("spoken", "quoted", "title"),
    [
        ("Я переехала в Лиссабон. Привет!", "“Я переехала в Лиссабон.”", "Переехала в Лиссабон"),
        ("我上个月搬到了里斯本。你好！", "“我上个月搬到了里斯本。”", "我上个月搬到了里斯本"),
        ("Ich wohne jetzt in Lissabon. Hallo!", "“Ich wohne jetzt in Lissabon.”", "Wohne jetzt in Lissabon"),
        ("انتقلت إلى لشبونة؟ نعم.", "“انتقلت إلى لشبونة؟”", "انتقلت إلى لشبونة"),
    ],
)
def test_other_languages_are_quoted_by_the_sentence(spoken: str, quoted: str, title: str) -> None:
    summary = excerpts(dialogue(spoken))
    assert quoted in summary.text
    assert summary.title == title


def test_the_title_is_what_a_person_first_said_with_something_in_it() -> None:
    assert title_of(dialogue("Hi!", "Hello!", "Can you help me repot my basil?")) == "Help me repot my basil"


def test_a_title_is_one_line_of_bounded_length() -> None:
    title = title_of(dialogue("Basil\nand " + "tomatoes and " * 30))
    assert 0 < len(title) <= 60
    assert "\n" not in title


def test_the_most_telling_messages_are_given_in_order() -> None:
    messages = dialogue("well", "ok", "I was born in 1990 in Porto.", "fine", "My phone is 555 0100.", "good")
    assert [message.message_id for message in most_telling(messages, 2)] == [102, 104]


def test_the_same_conversation_has_the_same_summary() -> None:
    assert excerpts(lisbon(), "- Fact: Rex is a dog.") == excerpts(lisbon(), "- Fact: Rex is a dog.")


def test_what_is_known_of_a_person_is_left_out_when_not_wanted() -> None:
    carried = "- Person (2026-02-01): Ana is a nurse.\n- Fact (2026-02-01): The ferry leaves at 8."
    text = excerpts(lisbon(), carried, include_client=False).text
    assert "nurse" not in text
    assert "ferry" in text


def test_prose_from_before_is_kept_by_the_sentence() -> None:
    carried = "The ferry leaves at 8. " + "There was a lot of talk about this and that. " * 60
    assert "The ferry leaves at 8." in excerpts(lisbon(), carried).text


def test_a_kept_point_keeps_its_kind_and_day() -> None:
    points = excerpts(lisbon(), "- Open (2026-02-01): Find a vet.").points
    assert [(each.said_on, each.text) for each in points if each.kind is PointKind.OPEN] == [
        (date(2026, 2, 1), "Find a vet.")
    ]


def test_facts_from_before_keep_their_part_however_much_was_said() -> None:
    talk = dialogue(*(f"I saw {place} herons at the mill near village {place * 7}." for place in range(200)))
    summary = excerpts(talk, "- Fact (2026-02-01): The ferry leaves at 8.")
    assert "ferry" in summary.text
    assert summary.text.count("herons") > 3


def test_a_chain_of_conversations_neither_grows_nor_loses_what_is_new() -> None:
    carried = "- Person (2026-02-27): Ana Maria Lopes lives in Porto since 2011 and I am her brother."
    sizes = []
    for number in range(10):
        spoken = [f"Today I saw {thing} number {number}, it was on {number + 1} May." for thing in _THINGS]
        messages = dialogue(*((("ana", text)) for text in spoken), began=BEGAN + timedelta(days=3 * number))
        carried = excerpts(messages, carried).text
        sizes.append(len(carried.encode()))
        assert f"number {number}," in carried
        assert number == 0 or f"number {number - 1}," in carried
    assert max(sizes) <= 900
    assert "Ana Maria Lopes" in carried


_THINGS = ("a heron", "two foxes", "the red kite", "old friends", "the mayor", "a comet", "one whale")


@settings(deadline=None)
@given(st.lists(SPOKEN, max_size=30), st.lists(TEXT, max_size=20).map("\n".join), st.integers(50, 2_000))
def test_no_summary_is_longer_than_its_bytes(spoken: list[tuple[str | None, str]], carried: str, most: int) -> None:
    summary = excerpts(dialogue(*spoken), carried, max_bytes=most)
    assert len(summary.text.encode()) <= most
    assert len(summary.title) <= 60


@settings(deadline=None)
@given(st.lists(SPOKEN, max_size=30), st.lists(TEXT, max_size=20).map("\n".join))
@example([], "“all of it quoted”")
def test_a_summary_can_be_read_back_by_the_point(spoken: list[tuple[str | None, str]], carried: str) -> None:
    summary = excerpts(dialogue(*spoken), carried)
    assert [point.text for point in read_points(summary.text)] == [point.text for point in summary.points]


def test_a_very_long_conversation_is_summarized_without_a_pause() -> None:
    messages = dialogue(*[f"On {place} May Rosa's train number {place} leaves. What then?" for place in range(10_000)])
    began = time.perf_counter()

    excerpts(messages)

    # Far above the usual tenth of a second, far below what reading all of it takes.
    assert time.perf_counter() - began < 1.5
