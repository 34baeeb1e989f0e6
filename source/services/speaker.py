"""Lets the model speak: streams, runs the tools it asks for, and collects what was said."""

from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace

from source.domain.errors import ModelInterruptedError
from source.domain.message import Message, MessageType
from source.domain.token_estimate import TokenEstimator
from source.domain.turn import ModelUsage, Purpose
from source.ports.channel import LiveReply
from source.ports.clock import Clock
from source.ports.llm import (
    Finished,
    FinishReason,
    LanguageModel,
    Prompt,
    TextDelta,
    ThinkingDelta,
    ToolCall,
    UsageReported,
)
from source.ports.recall import Eyes
from source.services.context_service import rendered
from source.services.prices import Prices
from source.services.recalling import AnsweredCall
from source.services.tools import Toolbox, parsed_arguments

_REFUSED = "(The provider of my language model refused to answer this.)"
_SILENT = "(My language model gave no answer to this.)"
_STOPPED = "Stopped."
_BETWEEN_ROUNDS = "\n\n"
_NO_PRICES = Prices()


@dataclass(slots=True)
class _Round:
    """What one model call has yielded so far."""

    text: list[str] = field(default_factory=list)
    thinking: list[str] = field(default_factory=list)
    calls: list[ToolCall] = field(default_factory=list)
    reported: UsageReported | None = None
    finish: FinishReason | None = None


class Speech:
    """One reply in the making: what it holds is true at every moment, also after it was stopped."""

    def __init__(self) -> None:
        self.earlier: list[Message] = []
        self.usage: list[ModelUsage] = []
        self.interrupted = False
        self.round = _Round()
        self._opening = ""
        self._shown = ""

    @property
    def text(self) -> str:
        """The reply proper as far as it has come: what the last model call said."""
        return "".join(self.round.text)

    @property
    def shown(self) -> str:
        """Everything the person has seen of it, with what was said before tools ran."""
        return self._shown

    def begin_with(self, text: str, reply: LiveReply) -> None:
        """Put something before whatever the model says; it is part of the reply, and stored with it."""
        self._opening = self._shown = text
        reply.show(text)

    def show(self, delta: str, reply: LiveReply) -> None:
        first_of_round = not self.round.text
        self.round.text.append(delta)
        shown = _BETWEEN_ROUNDS + delta if first_of_round and self._shown else delta
        self._shown += shown
        reply.show(shown)

    def say(self, sentence: str, reply: LiveReply) -> None:
        """Say something in the model's place."""
        self.show(sentence, reply)
        self.interrupted = True

    def cut_short(self, reply: LiveReply) -> bool:
        """It was stopped: what was said so far stands; False when that is nothing, and the person is told."""
        self.interrupted = True
        if self.text.strip():
            return True
        self.say(_STOPPED, reply)
        return False

    def messages(self, clock: Clock) -> list[Message]:
        """Return what belongs into the history, in order: thinking, tool calls and answers, the reply."""
        now = clock.now()
        said = [*self.earlier, *_thoughts(self.round, clock)]
        if self.text:
            text = _BETWEEN_ROUNDS.join(filter(None, (self._opening, self.text)))
            said.append(Message(now, MessageType.CHAT, text, interrupted=self.interrupted))
        return said


class Speaker:
    """Speaks with one model and one set of tools; holds nothing of any conversation."""

    def __init__(
        self,
        model: LanguageModel,
        toolbox: Toolbox,
        clock: Clock,
        estimator: TokenEstimator,
        *,
        max_rounds: int,
        prices: Prices = _NO_PRICES,
    ) -> None:
        self._model = model
        self._toolbox = toolbox
        self._clock = clock
        self._estimator = estimator
        self._max_rounds = max_rounds
        self._prices = prices

    async def speak(
        self,
        prompt: Prompt,
        eyes: Eyes,
        reply: LiveReply,
        speech: Speech,
        *,
        first: Sequence[AnsweredCall] = (),
    ) -> None:
        """Fill `speech`; a stream that breaks in the middle leaves it interrupted.

        The model sees what is `first` as calls that it made itself.

        Raises: ModelError: nothing was said.
        """
        if first and not speech.earlier:
            prompt = self._with_answers(prompt, first, speech)
        for number in range(self._max_rounds + 1):
            # The last round has no tools: by then the model has to answer with what it knows.
            offered = prompt if number < self._max_rounds else replace(prompt, tools=())
            await self._listen(offered, reply, speech)
            if speech.interrupted or not speech.round.calls:
                break
            prompt = await self._run_tools(prompt, eyes, speech)
        if not speech.text.strip():
            refused = speech.round.finish is FinishReason.CONTENT_FILTER
            speech.say(_REFUSED if refused else _SILENT, reply)

    async def _listen(self, prompt: Prompt, reply: LiveReply, speech: Speech) -> None:
        speech.round = heard = _Round()
        try:
            async with aclosing(self._model.stream(prompt)) as events:
                async for event in events:
                    match event:
                        case TextDelta(text):
                            speech.show(text, reply)
                        case ThinkingDelta(text):
                            heard.thinking.append(text)
                            reply.thinking()
                        case ToolCall():
                            heard.calls.append(event)
                        case UsageReported():
                            heard.reported = event
                        case Finished(reason):
                            heard.finish = reason
        except ModelInterruptedError:
            if not speech.text.strip():
                raise
            speech.interrupted = True
        finally:
            self._account(prompt, heard, speech)
        if heard.finish is FinishReason.LENGTH:
            speech.interrupted = True

    async def _run_tools(self, prompt: Prompt, eyes: Eyes, speech: Speech) -> Prompt:
        """Run the calls of this round; they enter the reply only together with their answers."""
        answered = [AnsweredCall(call, await self._toolbox.run(call, eyes)) for call in speech.round.calls]
        return self._with_answers(prompt, answered, speech)

    def _with_answers(self, prompt: Prompt, calls: Sequence[AnsweredCall], speech: Speech) -> Prompt:
        now = self._clock.now()
        names = ", ".join(each.call.name for each in calls)
        made = [_recorded(each.call) for each in calls]
        asked = Message(now, MessageType.TOOL_CALL, speech.text or f"Calling {names}", tools=made)
        answered = [
            Message(
                now,
                MessageType.TOOL_CALL_RESPONSE,
                each.answer,
                tools=[{"name": each.call.name, "id": each.call.call_id}],
            )
            for each in calls
        ]
        speech.earlier.extend([*_thoughts(speech.round, self._clock), asked, *answered])
        speech.round = _Round()
        # As the next turn will render them, so that its prompt begins with this one to the byte.
        return replace(prompt, messages=(*prompt.messages, *rendered([asked, *answered], {}, named=False)))

    def _account(self, prompt: Prompt, heard: _Round, speech: Speech) -> None:
        """Record what the call cost, by the server's count or, when it was cut off before that, by estimate."""
        name = self._model.name
        size = prompt_bytes(prompt)
        if heard.reported is not None:
            self._estimator.observe(name, size, heard.reported.input_tokens)
            counts = heard.reported
        elif heard.text or heard.thinking or heard.calls:
            said = sum(len(piece.encode()) for piece in (*heard.text, *heard.thinking))
            counts = UsageReported(self._estimator.tokens(name, size), 0, self._estimator.tokens(name, said))
        else:
            return
        speech.usage.append(
            ModelUsage(
                model=name,
                purpose=Purpose.REPLY,
                created_at=self._clock.now(),
                input_tokens=counts.input_tokens,
                cached_tokens=counts.cached_tokens,
                output_tokens=counts.output_tokens,
                estimated=heard.reported is None,
                cost=self._prices.cost(
                    input_tokens=counts.input_tokens,
                    cached_tokens=counts.cached_tokens,
                    output_tokens=counts.output_tokens,
                ),
            )
        )


def prompt_bytes(prompt: Prompt) -> int:
    """Return the UTF-8 size of everything in a prompt that costs tokens by its length."""
    size = sum(len(message.content.encode()) for message in prompt.messages)
    return size + sum(len(call.arguments.encode()) for message in prompt.messages for call in message.tool_calls)


def _thoughts(heard: _Round, clock: Clock) -> list[Message]:
    text = "".join(heard.thinking)
    return [Message(clock.now(), MessageType.THINKING, text)] if text else []


def _recorded(call: ToolCall) -> dict[str, object]:
    return {"name": call.name, "params": parsed_arguments(call.arguments) or {}, "id": call.call_id}
