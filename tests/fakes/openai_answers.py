"""What the fake OpenAI server says when no script tells it."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tests.fakes.openai_pictures import seen_in
from tests.fakes.openai_tokens import Body, text_of

_MARKED = re.compile(r"\[#(\d+)\]\s*([^\n]*)")
_ECHOED_CHARS = 400
_MOST_ITEMS = 3
_STRING_CHARS = 120

Schema = Mapping[str, object]


def default_answer(body: Body) -> str:
    """Answer the person's last words, as JSON when the request asks for it; the same request gets the same answer."""
    schema = _wanted_schema(body)
    if schema is not None:
        return json.dumps(JsonFiller(schema, _all_text(body)).value(), ensure_ascii=False)
    wanted = body.get("response_format")
    if isinstance(wanted, dict) and wanted.get("type") == "json_object":
        return json.dumps({"answer": f"You said: {_last_words(body)}"}, ensure_ascii=False)
    return seen_in(body["messages"]) or f"You said: {_last_words(body)}"


def deltas_of(text: str) -> list[str]:
    """Cut a text into pieces as a model streams them."""
    return re.findall(r"\s*\S+\s?|\s+", text) or ([text] if text else [])


def _wanted_schema(body: Body) -> Schema | None:
    wanted = body.get("response_format")
    if not isinstance(wanted, dict) or wanted.get("type") != "json_schema":
        return None
    schema = wanted["json_schema"]["schema"]
    assert isinstance(schema, dict)
    return schema


def _messages(body: Body) -> Sequence[Mapping[str, object]]:
    messages = body["messages"]
    assert isinstance(messages, list)
    return messages


def _last_words(body: Body) -> str:
    said = [text_of(message.get("content")) for message in _messages(body) if message["role"] == "user"]
    return said[-1][-_ECHOED_CHARS:] if said else "nothing"


def _all_text(body: Body) -> str:
    return "\n".join(text_of(message.get("content")) for message in _messages(body))


@dataclass(frozen=True, slots=True)
class _Marked:
    """A message that the prompt marks with its id."""

    message_id: int
    text: str


class JsonFiller:
    """Makes a value of a JSON schema out of the prompt's messages, which are marked `[#id]`."""

    def __init__(self, schema: Schema, prompt: str) -> None:
        self._root = schema
        self._marked = [_Marked(int(number), text.strip()) for number, text in _MARKED.findall(prompt)]
        self._plain = " ".join(prompt.split())

    def value(self) -> object:
        return self._fill(self._root, "", 0)

    def _fill(self, schema: Schema, name: str, turn: int) -> object:
        """Fill one place; `turn` chooses the message that it is about."""
        schema = self._resolved(schema)
        if "const" in schema:
            return schema["const"]
        choices = schema.get("enum")
        if isinstance(choices, list):
            return choices[0]
        match schema.get("type"):
            case "object":
                return self._object(schema, turn)
            case "array":
                return self._array(schema, name, turn)
            case "string":
                return self._string(schema, turn)
            case "integer" | "number":
                return self._number(schema, name, turn)
            case "boolean":
                return False
        return None

    def _resolved(self, schema: Schema) -> Schema:
        """Follow references and choose the first alternative that is not null."""
        while True:
            reference = schema.get("$ref")
            alternatives = schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf")
            if isinstance(reference, str):
                schema = self._definition(reference)
            elif isinstance(alternatives, list):
                schema = next((each for each in alternatives if each.get("type") != "null"), alternatives[0])
            elif isinstance(kinds := schema.get("type"), list):
                return {**schema, "type": next(kind for kind in kinds if kind != "null")}
            else:
                return schema

    def _definition(self, reference: str) -> Schema:
        place: object = self._root
        for step in reference.removeprefix("#/").split("/"):
            assert isinstance(place, Mapping)
            place = place[step]
        assert isinstance(place, Mapping)
        return place

    def _object(self, schema: Schema, turn: int) -> dict[str, object]:
        properties = schema.get("properties")
        if not isinstance(properties, Mapping):
            return {}
        return {name: self._fill(part, name, turn) for name, part in properties.items()}

    def _array(self, schema: Schema, name: str, turn: int) -> list[object]:
        items = schema.get("items")
        part = items if isinstance(items, Mapping) else {"type": "string"}
        least, most = _bound(schema, "minItems", 0), _bound(schema, "maxItems", _MOST_ITEMS)
        if name.endswith("message_ids"):
            wanted = min(1, len(self._marked))
        else:
            wanted = min(_MOST_ITEMS, max(1, len(self._marked)))
        count = max(least, min(most, wanted))
        return [self._fill(part, name, turn + position) for position in range(count)]

    def _string(self, schema: Schema, turn: int) -> str:
        text = (self._subject(turn) or "nothing")[: min(_STRING_CHARS, _bound(schema, "maxLength", _STRING_CHARS))]
        return text.ljust(_bound(schema, "minLength", 0), ".")

    def _subject(self, turn: int) -> str:
        return self._marked[self._place(turn)].text if self._marked else self._plain[-_STRING_CHARS:].strip()

    def _number(self, schema: Schema, name: str, turn: int) -> int:
        if name.endswith(("message_ids", "message_id")) and self._marked:
            return self._marked[self._place(turn)].message_id
        return _bound(schema, "minimum", 0)

    def _place(self, turn: int) -> int:
        """Spread the turns over all marked messages, the first one first."""
        step = max(1, len(self._marked) // _MOST_ITEMS)
        return turn * step % len(self._marked)


def _bound(schema: Schema, name: str, default: int) -> int:
    bound = schema.get(name, default)
    return int(bound) if isinstance(bound, int | float) else default
