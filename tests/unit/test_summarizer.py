import asyncio
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from source.domain.errors import (
    ContextTooLongError,
    ModelInterruptedError,
    ModelRefusedError,
    ModelUnavailableError,
)
from source.domain.model_summary import response_schema
from source.domain.summary import SummarySource
from source.domain.turn import Purpose
from source.ports.llm import Finished, FinishReason, TextDelta, ThinkingDelta, UsageReported
from source.services.summarizer import SummarySettings
from tests.fakes.dialogue_samples import BEGAN, PEOPLE, head_of, lisbon
from tests.fakes.language_model import Answer, ScriptedModel
from tests.fakes.summary_samples import EARLIER, point, prompted, settings, summarizer, written


async def test_the_models_summary_names_the_messages_that_show_each_point() -> None:
    model = ScriptedModel(written(facts=[point("Ana starts at Hotjar on 12 March.", 3)]))

    result = await summarizer(model).summarize(head_of(), lisbon(), PEOPLE)

    assert result.summary.source is SummarySource.MODEL
    assert result.summary.title == "Moving to Lisbon"
    assert "Ana starts at Hotjar on 12 March." in result.summary.text
    assert [each.message_ids for each in result.summary.points if each.text.startswith("Ana starts")] == [(102,)]


async def test_the_model_is_asked_for_the_schema_once_and_within_bounds() -> None:
    model = ScriptedModel(written())

    await summarizer(model).summarize(head_of(), lisbon(), PEOPLE)

    [prompt] = model.prompts
    assert prompt.schema is not None
    assert prompt.schema.schema == response_schema()
    assert prompt.max_output_tokens is not None
    assert not prompt.tools


async def test_a_point_that_no_sent_message_shows_is_dropped() -> None:
    facts = [point("Ana owns a castle.", 77), point("She is a countess."), point("Ana moved.", 3)]
    model = ScriptedModel(written(facts=facts))

    result = await summarizer(model).summarize(head_of(), lisbon(), PEOPLE)

    assert "Ana moved." in result.summary.text
    assert "castle" not in result.summary.text
    assert "countess" not in result.summary.text


async def test_a_summary_of_which_nothing_is_shown_is_replaced_by_excerpts() -> None:
    model = ScriptedModel(written(facts=[point("Ana owns a castle.", 77)]))

    result = await summarizer(model).summarize(head_of(), lisbon(), PEOPLE)

    assert result.summary.source is SummarySource.EXTRACTIVE
    assert result.usage is not None


FAILURES: list[Answer] = [
    ModelUnavailableError("down"),
    ModelRefusedError("no key"),
    ContextTooLongError("too long"),
    [TextDelta('{"title": "Mov'), ModelInterruptedError("cut")],
    [TextDelta('{"title": "Mov'), Finished(FinishReason.LENGTH)],
    [Finished(FinishReason.CONTENT_FILTER)],
    [ThinkingDelta("hm"), Finished(FinishReason.STOP)],
    "I am sorry, I cannot do that.",
    "[1, 2, 3]",
    "{}",
    "null",
    "{" * 50_000,
]


@pytest.mark.parametrize("failure", FAILURES, ids=lambda each: repr(each)[:30])
async def test_a_model_that_fails_is_replaced_by_excerpts(failure: Answer) -> None:
    with capture_logs() as logs:
        result = await summarizer(ScriptedModel(failure)).summarize(head_of(), lisbon(), PEOPLE)

    assert result.summary.source is SummarySource.EXTRACTIVE
    assert result.summary.text.startswith("Excerpts")
    assert "12 March" in result.summary.text
    assert [each["log_level"] for each in logs] == ["warning"]
    assert "Lisbon" not in repr(logs)


@pytest.mark.parametrize("events", [0, 2])
async def test_a_model_that_hangs_is_replaced_by_excerpts_after_the_timeout(events: int) -> None:
    model = ScriptedModel(written())
    model.hold(after=events)

    result = await summarizer(model, settings(timeout=timedelta(milliseconds=20))).summarize(
        head_of(), lisbon(), PEOPLE
    )

    assert result.summary.source is SummarySource.EXTRACTIVE
    assert model.was_closed_early
    assert result.usage is not None
    assert result.usage.estimated
    assert result.usage.input_tokens > 0


async def test_who_cancels_a_summary_is_not_given_one() -> None:
    model = ScriptedModel(written())
    model.hold()
    task = asyncio.create_task(summarizer(model).summarize(head_of(), lisbon(), PEOPLE))
    await model.called.wait()

    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
    assert model.was_closed_early


@pytest.mark.parametrize("wrapping", ["{}", "```json\n{}\n```", "Here it is:\n{}\nAnything else?"])
async def test_words_around_the_answer_do_no_harm(wrapping: str) -> None:
    model = ScriptedModel(wrapping.replace("{}", written(facts=[point("Ana moved.", 3)])))

    result = await summarizer(model).summarize(head_of(), lisbon(), PEOPLE)

    assert result.summary.source is SummarySource.MODEL
    assert "Ana moved." in result.summary.text


async def test_what_the_server_counted_is_recorded() -> None:
    model = ScriptedModel([TextDelta(written()), Finished(FinishReason.STOP), UsageReported(900, 512, 80)])

    usage = (await summarizer(model).summarize(head_of(), lisbon(), PEOPLE)).usage

    assert usage is not None
    assert (usage.model, usage.purpose, usage.created_at) == ("scripted", Purpose.SUMMARY, BEGAN)
    assert (usage.input_tokens, usage.cached_tokens, usage.output_tokens) == (900, 512, 80)
    assert not usage.estimated


async def test_a_call_that_reports_nothing_is_estimated() -> None:
    model = ScriptedModel([TextDelta(written()), Finished(FinishReason.STOP)])

    usage = (await summarizer(model).summarize(head_of(), lisbon(), PEOPLE)).usage

    assert usage is not None
    assert usage.estimated
    assert usage.input_tokens > len(prompted(model)) // 4
    assert usage.output_tokens > 0


async def test_a_call_that_never_began_costs_nothing() -> None:
    result = await summarizer(ScriptedModel(ModelUnavailableError("down"))).summarize(head_of(), lisbon(), PEOPLE)
    assert result.usage is None


@pytest.mark.parametrize("wanted", [settings(use_model=False), settings(budget_tokens=200)])
async def test_no_call_is_made_that_is_not_wanted_or_has_no_budget(wanted: SummarySettings) -> None:
    model = ScriptedModel()

    result = await summarizer(model, wanted).summarize(head_of(), lisbon(), PEOPLE)

    assert model.prompts == []
    assert result.summary.source is SummarySource.EXTRACTIVE
    assert result.usage is None


async def test_a_conversation_in_which_nothing_was_said_costs_no_call_and_passes_on_what_it_had() -> None:
    model = ScriptedModel()

    result = await summarizer(model).summarize(head_of(carried_summary=EARLIER), [], {})

    assert model.prompts == []
    assert "Rex" in result.summary.text
