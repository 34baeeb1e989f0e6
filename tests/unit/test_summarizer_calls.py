"""What a summary's call costs when a model behaves as none should."""

import json
from collections.abc import Sequence
from datetime import timedelta

import pytest

from source.domain.summary import SummarySource
from source.domain.token_estimate import TokenEstimator
from source.ports.llm import Finished, FinishReason, ModelEvent, TextDelta, ThinkingDelta, UsageReported
from source.services.summarizer import ConversationSummarizer, SummaryResult, SummarySettings
from tests.fakes.clock import FakeClock
from tests.fakes.dialogue_samples import PEOPLE, head_of, lisbon, said
from tests.fakes.language_model import Answer, ScriptedModel

SETTINGS = SummarySettings(20, 4_000, 300, timedelta(seconds=30), use_model=True, include_client=True)
WRITTEN = json.dumps({"title": "Lisbon", "about": "Ana moved to Lisbon."})


async def summary_by(*answers: Answer, estimator: TokenEstimator | None = None) -> tuple[SummaryResult, ScriptedModel]:
    model = ScriptedModel(*answers)
    service = ConversationSummarizer(model, FakeClock(), SETTINGS, "Summarize.", estimator or TokenEstimator())
    return await service.summarize(head_of(), lisbon(), PEOPLE), model


async def test_an_answer_without_end_is_cut_off() -> None:
    endless: Sequence[ModelEvent] = [TextDelta("x" * 1_000)] * 1_000
    result, model = await summary_by(endless)
    assert result.summary.source is SummarySource.EXTRACTIVE
    assert model.was_closed_early


async def test_thoughts_without_end_are_cut_off() -> None:
    endless: Sequence[ModelEvent] = [ThinkingDelta("hm " * 500)] * 1_000
    result, model = await summary_by(endless)
    assert result.summary.source is SummarySource.EXTRACTIVE
    assert model.was_closed_early


@pytest.mark.parametrize("text", ['{"about":' * 7_000, '{"about": ' + "[" * 60_000, '{"about": ' + "9" * 10_000 + "}"])
async def test_json_made_to_break_its_reader_is_replaced_by_excerpts(text: str) -> None:
    result, _ = await summary_by([TextDelta(text), Finished(FinishReason.STOP)])
    assert result.summary.source is SummarySource.EXTRACTIVE
    assert result.usage is not None, "what was of no use was paid all the same"


async def test_reported_usage_teaches_the_estimator() -> None:
    estimator = TokenEstimator()
    _, model = await summary_by(
        [TextDelta(WRITTEN), Finished(FinishReason.STOP), UsageReported(2_500, 0, 80)], estimator=estimator
    )
    assert estimator.tokens(model.name, 9_000) > estimator.tokens("another", 9_000)


async def test_an_estimate_counts_what_was_thought() -> None:
    quiet, _ = await summary_by([TextDelta(WRITTEN), Finished(FinishReason.STOP)])
    loud, _ = await summary_by([ThinkingDelta("hm " * 500), TextDelta(WRITTEN), Finished(FinishReason.STOP)])
    assert quiet.usage is not None
    assert loud.usage is not None
    assert loud.usage.output_tokens == quiet.usage.output_tokens + 500


async def test_the_external_id_of_somebody_without_a_name_is_not_sent() -> None:
    model = ScriptedModel(WRITTEN)
    service = ConversationSummarizer(model, FakeClock(), SETTINGS, "Summarize.", TokenEstimator())
    await service.summarize(head_of(), [said("Hello there, who is this?", "+351911111111")], {})
    assert "] Somebody (" in model.prompts[0].messages[-1].content
    assert "351911111111" not in model.prompts[0].messages[-1].content
