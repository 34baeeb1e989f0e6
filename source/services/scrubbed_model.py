"""A language model that is shown placeholders in the place of personal data."""

from collections import OrderedDict
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace

from source.domain.errors import ModelInterruptedError
from source.domain.personal_data import Found, PersonalDataFinder
from source.domain.placeholders import Placeholders, Restoring
from source.ports.llm import LanguageModel, ModelEvent, Prompt, PromptMessage, Role, TextDelta, ThinkingDelta, ToolCall

# In every prompt, whether there is a placeholder in it yet: the beginning of a prompt must not change.
_NOTE = (
    "\n\nPersonal data is withheld: [email 1], [phone 2] and the like stand for it. "
    "Write them exactly so wherever you mean what they stand for; whoever reads you sees the data."
)
_MOST_REMEMBERED_CHARS = 4_000_000


class ScrubbedModel:
    """Takes personal data out of every prompt, and puts it back into what the model says, thinks and asks of tools."""

    def __init__(self, model: LanguageModel, finder: PersonalDataFinder) -> None:
        self._model = model
        self._finder = _Remembering(finder)

    @property
    def name(self) -> str:
        return self._model.name

    async def stream(self, prompt: Prompt) -> AsyncGenerator[ModelEvent]:
        placeholders = Placeholders(self._finder.find)
        scrubbed = _scrubbed(prompt, placeholders)
        # What is asked for as JSON has what comes back inside of quotes.
        text = Restoring(placeholders, in_json=prompt.schema is not None)
        thinking = Restoring(placeholders)
        try:
            async with aclosing(self._model.stream(scrubbed)) as events:
                async for event in events:
                    for restored in _restored(event, text, thinking, placeholders):
                        yield restored
        except ModelInterruptedError:
            for rest in _rest(text, thinking):
                yield rest
            raise
        for rest in _rest(text, thinking):
            yield rest

    async def close(self) -> None:
        await self._model.close()


class _Remembering:
    """Finds personal data once in what every turn sends again."""

    def __init__(self, finder: PersonalDataFinder) -> None:
        self._finder = finder
        self._found: OrderedDict[str, Sequence[Found]] = OrderedDict()
        self._chars = 0

    def find(self, text: str) -> Sequence[Found]:
        found = self._found.get(text)
        if found is not None:
            self._found.move_to_end(text)
            return found
        found = self._found[text] = tuple(self._finder.find(text))
        self._chars += len(text)
        while self._chars > _MOST_REMEMBERED_CHARS:
            self._chars -= len(self._found.popitem(last=False)[0])
        return found


def _scrubbed(prompt: Prompt, placeholders: Placeholders) -> Prompt:
    messages = [_scrubbed_message(message, placeholders) for message in prompt.messages]
    if messages and messages[0].role is Role.SYSTEM:
        messages[0] = replace(messages[0], content=messages[0].content + _NOTE)
    return replace(prompt, messages=tuple(messages))


def _scrubbed_message(message: PromptMessage, placeholders: Placeholders) -> PromptMessage:
    scrub = placeholders.scrubbed_json if message.role is Role.TOOL else placeholders.scrubbed
    content = scrub(message.content)
    if content is message.content and not message.tool_calls:
        return message
    calls = (replace(call, arguments=placeholders.scrubbed_json(call.arguments)) for call in message.tool_calls)
    return replace(message, content=content, tool_calls=tuple(calls))


def _restored(
    event: ModelEvent, text: Restoring, thinking: Restoring, placeholders: Placeholders
) -> Sequence[ModelEvent]:
    """Return what is to be told now that this came; what was held back comes before what ends a text."""
    match event:
        case TextDelta(piece):
            said = text.feed(piece)
            return (TextDelta(said),) if said else ()
        case ThinkingDelta(piece):
            thought = thinking.feed(piece)
            return (ThinkingDelta(thought),) if thought else ()
        case ToolCall():
            arguments = placeholders.restored_json(event.arguments)
            return (*_rest(text, thinking), replace(event, arguments=arguments))
        case _:
            return (*_rest(text, thinking), event)


def _rest(text: Restoring, thinking: Restoring) -> Sequence[ModelEvent]:
    rest: list[ModelEvent] = []
    if thought := thinking.end():
        rest.append(ThinkingDelta(thought))
    if said := text.end():
        rest.append(TextDelta(said))
    return rest
