import json

import pytest

from source.adapters.llm.offline import OfflineModel
from source.domain.errors import ModelRefusedError
from source.domain.offline_notice import is_offline_text
from source.ports.llm import FinishReason, PromptMessage, Role, UsageReported
from tests.fakes.model_calls import (
    SEARCH,
    TITLE,
    after_tool,
    asking,
    calls_in,
    events_of,
    finish_in,
    text_in,
    usage_in,
)


def found(*said: tuple[str, str]) -> str:
    """The search tool's answer: who said what."""
    lines = [f"{who}: {text}" for who, text in said]
    return json.dumps({"found": [{"day": "[Wednesday, 18 November 2026]", "said": lines}]})


async def reply_to(question: str, answer: str, *, earlier: tuple[PromptMessage, ...] = ()) -> str:
    return text_in(await events_of(OfflineModel(), after_tool(question, answer, earlier=earlier)))


async def test_it_searches_for_the_words_of_the_person_who_spoke_last() -> None:
    events = await events_of(OfflineModel(), asking("first", "Where is the “harbour”?", tools=(SEARCH,)))

    (call,) = calls_in(events)
    assert call.name == "search_messages"
    assert json.loads(call.arguments) == {"words": "Where is the “harbour”?"}
    assert finish_in(events) == [FinishReason.TOOL_CALLS]
    assert text_in(events) == ""


async def test_two_searches_have_different_ids() -> None:
    (first,) = calls_in(await events_of(OfflineModel(), asking("one", tools=(SEARCH,))))
    (second,) = calls_in(await events_of(OfflineModel(), asking("one", tools=(SEARCH,))))

    assert first.call_id != second.call_id


async def test_a_very_long_message_is_searched_by_its_beginning() -> None:
    (call,) = calls_in(await events_of(OfflineModel(), asking("word " * 100_000, tools=(SEARCH,))))

    assert len(call.arguments) < 1000


@pytest.mark.parametrize("text", ["", "  \n"])
async def test_without_words_it_does_not_search(text: str) -> None:
    assert calls_in(await events_of(OfflineModel(), asking(text, tools=(SEARCH,)))) == []


async def test_without_the_tool_it_answers_at_once() -> None:
    events = await events_of(OfflineModel(), asking("Hello"))

    assert "I am offline" in text_in(events)
    assert finish_in(events) == [FinishReason.STOP]


async def test_the_first_reply_says_why_and_what_to_do() -> None:
    reply = await reply_to("Hello", found())

    assert "no model key" in reply
    assert "no local model server" in reply
    assert "Your message is kept" in reply
    assert "OPENAI_API_KEY" in reply


async def test_what_was_found_is_quoted_with_its_speaker_and_date() -> None:
    reply = await reply_to(
        "The harbour?", found(("Ana", "The harbour opens at nine."), ("Echo", "It is in the north."))
    )

    assert "- Wednesday, 18 November 2026, Ana: “The harbour opens at nine.”" in reply
    assert "- Wednesday, 18 November 2026, I: “It is in the north.”" in reply


async def test_later_replies_are_one_short_line_and_what_was_found() -> None:
    first = await reply_to("Hello", found())
    earlier = (PromptMessage(Role.USER, "Hello"), PromptMessage(Role.ASSISTANT, first))

    reply = await reply_to("The harbour?", found(("Ana", "It opens at nine.")), earlier=earlier)

    assert "OPENAI_API_KEY" not in reply
    assert reply.splitlines()[0] == "Still offline; your message is kept."
    assert "It opens at nine." in reply


async def test_what_was_said_of_being_offline_is_not_said_again() -> None:
    earlier: tuple[PromptMessage, ...] = ()
    replies = []
    for answer in (found(), found(), found(), found(("Ana", "The harbour is in the north."))):
        replies.append(await reply_to("The harbour?", answer, earlier=earlier))
        earlier += (PromptMessage(Role.USER, "The harbour?"), PromptMessage(Role.ASSISTANT, replies[-1]))

    assert replies[1:3] == ["Still offline; your message is kept.", "Kept."]
    assert replies[3].startswith("This is what was said before")
    assert all(map(is_offline_text, replies))


async def test_replies_of_a_model_do_not_stand_for_the_explanation() -> None:
    earlier = (PromptMessage(Role.USER, "Hello"), PromptMessage(Role.ASSISTANT, "Hello, Ana!"))

    assert "OPENAI_API_KEY" in await reply_to("And now?", found(), earlier=earlier)


async def test_it_says_that_it_found_nothing() -> None:
    assert "found nothing" in await reply_to("The harbour?", found())


async def test_the_question_itself_and_replies_given_offline_are_not_quoted() -> None:
    offline_reply = await reply_to("Hello", found())

    reply = await reply_to("The harbour?", found(("Ana", "The harbour?"), ("Echo", offline_reply), ("Ben", "North.")))

    quotes = [line for line in reply.splitlines() if line.startswith("- ")]
    assert quotes == ["- Wednesday, 18 November 2026, Ben: “North.”"]


async def test_what_only_stood_around_it_is_not_quoted() -> None:
    said = [("Ana", "Snow fell."), ("Ana", "The harbours open when?"), ("Ben", "At nine."), ("Ben", "I had tea.")]

    reply = await reply_to("When does the harbour open?", found(("Ana", "Good morning!"), *said))

    quotes = [line.split(", ")[-1] for line in reply.splitlines() if line.startswith("- ")]
    assert quotes == ["Ana: “Snow fell.”", "Ana: “The harbours open when?”", "Ben: “At nine.”"]


async def test_a_question_that_was_asked_before_brings_nothing_along() -> None:
    said = [("Ana", "The harbour?"), ("Ana", "I had tea."), ("Ben", "The harbour opens at nine.")]

    reply = await reply_to("The harbour?", found(("Ben", "Good morning!"), *said))

    assert "opens at nine" in reply
    assert "Good morning" not in reply


async def test_the_same_words_are_quoted_once_and_few_in_all() -> None:
    reply = await reply_to("x", found(*[("Ana", f"number {count // 2}") for count in range(40)]))

    quotes = [line for line in reply.splitlines() if line.startswith("- ")]
    assert len(quotes) == len(set(quotes)) == 5


async def test_a_long_quote_is_cut_and_stays_on_one_line() -> None:
    reply = await reply_to("x", found(("Ana", "a line\n" * 1000)))

    (quote,) = [line for line in reply.splitlines() if line.startswith("- ")]
    assert len(quote) < 300
    assert quote.endswith("…”")


@pytest.mark.parametrize("answer", ["", "no JSON", "[]", '{"found": "none"}', '{"found": [{"day": "Monday"}]}'])
async def test_an_answer_of_another_shape_is_no_find(answer: str) -> None:
    assert "found nothing" in await reply_to("The harbour?", answer)


async def test_a_schema_is_refused() -> None:
    with pytest.raises(ModelRefusedError, match="offline"):
        await events_of(OfflineModel(), asking("Hello", schema=TITLE))


async def test_it_costs_no_tokens() -> None:
    assert usage_in(await events_of(OfflineModel(), asking("Hello"))) == [UsageReported(0, 0, 0)]
