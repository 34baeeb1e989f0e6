"""A language model that says what a test tells it to."""

import asyncio
import json
from collections import deque
from collections.abc import AsyncGenerator, Sequence

from source.domain.message_text import storable
from source.ports.llm import (
    Finished,
    FinishReason,
    ModelEvent,
    Prompt,
    TextDelta,
    ToolCall,
    UsageReported,
)
from tests.fakes.openai_answers import JsonFiller, deltas_of

Answer = str | Exception | Sequence[ModelEvent | Exception]


class ScriptedModel:
    """Gives one answer after the other: a text, the events of a stream, or an error; then `default` for ever.

    A prompt with a schema gets what fits the schema when no answer is left. An exception inside a list
    breaks the stream there. `prompts` are those it was called with.
    """

    def __init__(self, *answers: Answer, name: str = "scripted", default: str = "All right.") -> None:
        self.prompts: list[Prompt] = []
        self.called = asyncio.Event()
        self.was_closed_early = False
        self.closed = False
        self._answers = deque(answers)
        self._name = name
        self._default = default
        self._gate = asyncio.Event()
        self._gate.set()
        self._held_after = 0

    @property
    def name(self) -> str:
        return self._name

    def add(self, *answers: Answer) -> None:
        """Let these be the next answers after those that wait already."""
        self._answers.extend(answers)

    def hold(self, *, after: int = 0) -> None:
        """Make every stream wait before its event number `after`, until `release`."""
        self._held_after = after
        self._gate.clear()

    def release(self) -> None:
        self._gate.set()

    async def stream(self, prompt: Prompt) -> AsyncGenerator[ModelEvent]:
        self.prompts.append(prompt)
        answer = self._answers.popleft() if self._answers else self._usual(prompt)
        self.called.set()
        finished = False
        try:
            for number, event in enumerate(_events(answer, prompt)):
                await asyncio.sleep(0)
                if number == self._held_after:
                    await self._gate.wait()
                if isinstance(event, Exception):
                    finished = True
                    raise event
                yield event
            finished = True
        finally:
            self.was_closed_early = self.was_closed_early or not finished

    async def close(self) -> None:
        self.closed = True

    def _usual(self, prompt: Prompt) -> str:
        if prompt.schema is None:
            return self._default
        said = "\n".join(message.content for message in prompt.messages)
        return json.dumps(JsonFiller(prompt.schema.schema, said).value(), ensure_ascii=False)


def tool_round(*calls: ToolCall) -> list[ModelEvent]:
    """The events of a stream that asks for tools and says nothing."""
    return [*calls, Finished(FinishReason.TOOL_CALLS), UsageReported(10, 0, 5)]


def _events(answer: Answer, prompt: Prompt) -> Sequence[ModelEvent | Exception]:
    if isinstance(answer, Exception):
        return [answer]
    if isinstance(answer, str):
        spoken = [TextDelta(storable(piece)) for piece in deltas_of(answer)]
        return [*spoken, Finished(FinishReason.STOP), _usage(prompt, answer)]
    return answer


def _usage(prompt: Prompt, answer: str) -> UsageReported:
    size = sum(len(message.content.encode("utf-8", "replace")) for message in prompt.messages)
    return UsageReported(size // 4 + 1, 0, len(answer.encode("utf-8", "replace")) // 4 + 1)
