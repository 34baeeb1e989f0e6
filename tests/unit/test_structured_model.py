"""What comes of a model that is asked for JSON."""

import json
from datetime import timedelta

import pytest

from source.domain.errors import ModelAnswerError, ModelInterruptedError, ModelUnavailableError
from source.domain.token_estimate import TokenEstimator
from source.domain.turn import ModelUsage, Purpose
from source.ports.llm import Finished, FinishReason, JsonSchema, TextDelta, UsageReported
from source.services.prices import Prices
from source.services.structured_model import StructuredLanguageModel
from tests.fakes.clock import FakeClock
from tests.fakes.language_model import Answer, ScriptedModel

SCHEMA = JsonSchema(
    "colours", {"type": "object", "properties": {"colours": {"type": "array"}}, "required": ["colours"]}
)
RIGHT = json.dumps({"colours": ["red"]})


class Ledger:
    def __init__(self) -> None:
        self.noted: list[tuple[int, ModelUsage]] = []

    async def note_usage(self, conversation_id: int, usage: ModelUsage) -> None:
        self.noted.append((conversation_id, usage))


class Asked:
    """A structured model over a scripted one."""

    def __init__(self, *answers: Answer, timeout: timedelta = timedelta(seconds=30)) -> None:
        self.model = ScriptedModel(*answers)
        self.ledger = Ledger()
        self._asking = StructuredLanguageModel(
            self.model, self.ledger, FakeClock(), TokenEstimator(), prices=Prices(1, 1, 1), timeout=timeout
        )

    async def ask(self) -> object:
        return await self._asking.ask("Colours.", "It is red.", SCHEMA, purpose=Purpose.MEMORY, conversation_id=7)


async def test_the_object_is_returned_and_its_cost_noted() -> None:
    asked = Asked([TextDelta(f"Sure: {RIGHT}"), Finished(FinishReason.STOP), UsageReported(100, 40, 10)])
    assert await asked.ask() == {"colours": ["red"]}
    [(conversation_id, usage)] = asked.ledger.noted
    assert conversation_id == 7
    assert (usage.purpose, usage.input_tokens, usage.output_tokens, usage.cost) == (Purpose.MEMORY, 100, 10, 110)
    [prompt] = asked.model.prompts
    assert prompt.schema == SCHEMA


@pytest.mark.parametrize("wrong", ["I cannot.", '{"colours": "red"}', "{}", '{"colours": ["re'])
async def test_a_wrong_shape_is_asked_for_once_more(wrong: str) -> None:
    asked = Asked(wrong, RIGHT)
    assert await asked.ask() == {"colours": ["red"]}
    first, second = asked.model.prompts
    assert second.messages[-1].content.startswith(first.messages[-1].content), "the prefix is paid for once"
    assert "could not be used" in second.messages[-1].content
    assert len(asked.ledger.noted) == 2


async def test_an_answer_that_was_cut_gets_more_room() -> None:
    asked = Asked([TextDelta('{"colours": ["re'), Finished(FinishReason.LENGTH)], RIGHT)
    await asked.ask()
    first, second = asked.model.prompts
    assert (second.max_output_tokens or 0) > (first.max_output_tokens or 0)


async def test_two_wrong_shapes_are_an_error() -> None:
    asked = Asked("no", "still no", RIGHT)
    with pytest.raises(ModelAnswerError):
        await asked.ask()
    assert len(asked.model.prompts) == 2


async def test_a_model_that_cannot_be_reached_is_not_asked_again_and_costs_nothing() -> None:
    asked = Asked(ModelUnavailableError("down"), RIGHT)
    with pytest.raises(ModelUnavailableError):
        await asked.ask()
    assert asked.ledger.noted == []


async def test_what_was_cut_in_the_middle_is_paid() -> None:
    asked = Asked([TextDelta("{"), ModelInterruptedError("cut")])
    with pytest.raises(ModelInterruptedError):
        await asked.ask()
    [(_, usage)] = asked.ledger.noted
    assert usage.estimated


async def test_a_model_that_hangs_is_unavailable() -> None:
    asked = Asked(RIGHT, timeout=timedelta(seconds=0.01))
    asked.model.hold()
    with pytest.raises(ModelUnavailableError, match=r"0\.01 s"):
        await asked.ask()
