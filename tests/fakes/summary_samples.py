"""Summarizers with a scripted model, and what the model may write."""

import json
from datetime import timedelta
from pathlib import Path

from source.domain.token_estimate import TokenEstimator
from source.services.summarizer import ConversationSummarizer, SummarySettings
from tests.fakes.clock import FakeClock
from tests.fakes.dialogue_samples import BEGAN
from tests.fakes.language_model import ScriptedModel

INSTRUCTIONS = (Path(__file__).parents[2] / "config" / "prompts" / "summary.md").read_text(encoding="utf-8")
EARLIER = "Summary of the conversation of 2026-02-01:\n- Person (2026-02-01): Ana has a dog called Rex."


def settings(
    *,
    max_messages: int = 20,
    budget_tokens: int = 4_000,
    summary_tokens: int = 300,
    timeout: timedelta = timedelta(seconds=30),
    use_model: bool = True,
    include_client: bool = True,
) -> SummarySettings:
    return SummarySettings(max_messages, budget_tokens, summary_tokens, timeout, use_model, include_client)


def summarizer(model: ScriptedModel | None, wanted: SummarySettings | None = None) -> ConversationSummarizer:
    return ConversationSummarizer(model, FakeClock(BEGAN), wanted or settings(), INSTRUCTIONS, TokenEstimator())


def point(text: str, *numbers: int) -> dict[str, object]:
    return {"text": text, "message_ids": list(numbers)}


def written(**fields: object) -> str:
    lists: dict[str, object] = {name: [] for name in ("open_issues", "facts", "preferences", "person", "topics")}
    return json.dumps({"title": "Moving to Lisbon", "about": "Ana moved and plans a trip.", **lists, **fields})


def prompted(model: ScriptedModel, place: int = 0) -> str:
    return model.prompts[place].messages[-1].content
