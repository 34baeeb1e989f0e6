"""Many messages of a conversation, sorted by a language model in one call."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from source.domain.memory import MemorySource
from source.domain.message import Message
from source.domain.metadata import Analysis, Aspects, Category, Sentiment, tags_worth_keeping
from source.domain.summary_text import clipped, one_line, size_of, without_middle
from source.domain.turn import Purpose
from source.ports.llm import JsonSchema
from source.ports.memories import StructuredModel

_MOST_MESSAGES: Final = 40
_MOST_BYTES: Final = 12_000
_MESSAGE_BYTES: Final = 600
_MOST_TAGS: Final = 5


class ModelAnalyst:
    """Has a model sort messages; only messages of one conversation go into one call.

    Somebody who may read one conversation could have the model put words of another's into a tag otherwise.
    """

    def __init__(self, model: StructuredModel, prompt: str, aspects: Aspects) -> None:
        self._model = model
        self._aspects = aspects
        self._prompt = _asking_for(prompt, aspects)
        self._schema = JsonSchema("message_metadata", response_schema(aspects))

    async def analyses(self, conversation_id: int, messages: Sequence[Message]) -> dict[int, Analysis]:
        """Return what the model found out, by message id; what it left out or got wrong is missing.

        Raises: ModelError: it did not answer.
        """
        material = "\n".join(f"[#{number}] {_shown(message)}" for number, message in enumerate(messages, start=1))
        answer = await self._model.ask(
            self._prompt, material, self._schema, purpose=Purpose.METADATA, conversation_id=conversation_id
        )
        ids = {number: message.message_id for number, message in enumerate(messages, start=1)}
        return dict(self._read(answer, ids))

    def _read(self, answer: Mapping[str, object], ids: Mapping[int, int]) -> Iterator[tuple[int, Analysis]]:
        items = answer.get("messages")
        for item in items if isinstance(items, list) else []:
            found = self._analysis(item) if isinstance(item, Mapping) else None
            number = item.get("number") if isinstance(item, Mapping) else None
            if found is not None and isinstance(number, int) and number in ids:
                yield ids[number], found

    def _analysis(self, item: Mapping[str, object]) -> Analysis | None:
        """Return one message's analysis; None when a value in it is none of those that there are."""
        tags = item.get("tags", [])
        try:
            return Analysis(
                sentiment=Sentiment(str(item.get("sentiment"))) if self._aspects.sentiment else None,
                category=Category(str(item.get("category"))) if self._aspects.category else None,
                tags=_tags(tags) if self._aspects.tags else None,
                source=MemorySource.MODEL,
            )
        except ValueError:
            return None


def batches(messages: Sequence[Message]) -> Iterator[Sequence[Message]]:
    """Yield messages in portions that fit one call."""
    portion: list[Message] = []
    room = _MOST_BYTES
    for message in messages:
        size = size_of(_shown(message))
        if portion and (len(portion) == _MOST_MESSAGES or size > room):
            yield portion
            portion, room = [], _MOST_BYTES
        portion.append(message)
        room -= size
    if portion:
        yield portion


def response_schema(aspects: Aspects) -> dict[str, object]:
    """Return the shape of an answer: nothing that is switched off is asked for."""
    properties: dict[str, object] = {"number": {"type": "integer"}}
    if aspects.sentiment:
        properties["sentiment"] = {"type": "string", "enum": [each.value for each in Sentiment]}
    if aspects.category:
        properties["category"] = {"type": "string", "enum": [each.value for each in Category]}
    if aspects.tags:
        properties["tags"] = {"type": "array", "items": {"type": "string"}}
    return _closed({"messages": {"type": "array", "items": _closed(properties)}})


def _closed(properties: dict[str, object]) -> dict[str, object]:
    return {"type": "object", "properties": properties, "required": [*properties], "additionalProperties": False}


def _asking_for(prompt: str, aspects: Aspects) -> str:
    """Return the prompt without the lines on what is switched off."""
    off = [name for name in ("sentiment", "category", "tags") if not getattr(aspects, name)]
    dropped = tuple(f"- `{name}`" for name in off)
    return "\n".join(line for line in prompt.splitlines() if not line.startswith(dropped)) if dropped else prompt


def _shown(message: Message) -> str:
    return without_middle(one_line(clipped(message.message_content, 2 * _MESSAGE_BYTES)), _MESSAGE_BYTES)


def _tags(proposed: object) -> tuple[str, ...]:
    return tags_worth_keeping(proposed if isinstance(proposed, list) else [], _MOST_TAGS)
