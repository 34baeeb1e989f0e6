"""What a language model must return for a memory, and how what it found joins what is remembered already."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from source.domain.errors import RefusedInputError
from source.domain.memory import Memory, MemoryItem, MemoryPart, MemorySource
from source.domain.memory_check import first_of_each, supported
from source.domain.memory_claims import CAN_REPLACE, MOST_ITEMS, Claims, read_claims
from source.domain.memory_evidence import Evidence
from source.domain.memory_material import MemoryMaterial, Note

SCHEMA_NAME = "conversation_memory"
_SETTLED = "settled"
_MOST_SUMMARY_IDS = 50

_TEXT: Mapping[str, object] = {"type": "string"}
_NUMBERS: Mapping[str, object] = {"type": "array", "items": {"type": "integer"}}


class UnsupportedMemoryError(ValueError):
    """Nothing in a model's answer is shown by what the model was given."""


def response_schema(*, with_known: bool = False) -> dict[str, object]:
    """Return the shape of an answer; what each key means is said in the prompt alone, which every call pays for.

    `with_known`: items may say which of the known lines they replace.
    """
    cited = {"text": _TEXT, "message_ids": _NUMBERS}
    replacing = CAN_REPLACE if with_known else frozenset()
    items = {
        part.value: {"type": "array", "items": {"$ref": f"#/$defs/{_form_of(part, replacing)}"}}
        for part in MemoryPart
        if part is not MemoryPart.INTENTS
    }
    intents = {"type": "array", "items": {"$ref": "#/$defs/intent"}}
    first = {"summary": {"$ref": "#/$defs/item"}, **items, "intents": intents}
    properties: dict[str, object] = {**first, "language": _TEXT, _SETTLED: _NUMBERS}
    return _closed(properties) | {
        # Most conversations tell nothing of a profile: an answer without it is none to ask for again.
        "required": [name for name in properties if name != MemoryPart.PROFILE],
        "$defs": {
            "item": _closed(cited),
            "named": _closed({"name": _TEXT, **cited}),
            "intent": _closed({"name": _TEXT, "confidence": {"type": "number"}, **cited}),
            **({"newer": _closed({**cited, "replaces": _NUMBERS})} if with_known else {}),
        },
    }


def _form_of(part: MemoryPart, replacing: Collection[MemoryPart]) -> str:
    if part.has_name:
        return "named"
    return "newer" if part in replacing else "item"


def grown_memory(
    answer: Mapping[str, object], material: MemoryMaterial, earlier: Memory | None, evidence: Evidence
) -> Memory:
    """Return the memory that covers the material too: what was remembered and still holds, and what messages show.

    Raises: UnsupportedMemoryError: the model found something, and nothing of it is shown.
    """
    claims = _claims(answer, material)
    found = supported(claims, evidence)
    if claims.count and found.is_empty:
        raise UnsupportedMemoryError("nothing in the answer is shown by what was sent")
    found = replace(found, covers_to=max(message.message_id for message in material.messages))
    return joined_memory(earlier, found, _settled(answer, material)) if earlier else found


def _claims(answer: Mapping[str, object], material: MemoryMaterial) -> Claims:
    """Return what the answer claims, with ids of messages for the numbers of lines."""
    known = {key: value for key, value in answer.items() if key in {"summary", "language", *MemoryPart}}
    try:
        claims = read_claims(known)
    except RefusedInputError as error:
        raise UnsupportedMemoryError("the answer is not of the form of a memory") from error

    def cited(item: MemoryItem) -> MemoryItem:
        replaces = material.replaced(item.replaces)
        return replace(item, message_ids=material.ids(item.message_ids), replaces=replaces)

    return replace(
        claims,
        summary=cited(claims.summary) if claims.summary else None,
        items=tuple((part, cited(item)) for part, item in claims.items),
    )


def _settled(answer: Mapping[str, object], material: MemoryMaterial) -> list[Note]:
    """Return the notes that no longer hold; the summary is replaced, not settled."""
    numbers = answer.get(_SETTLED)
    given = numbers if isinstance(numbers, list) else []
    notes = (material.note(number) for number in given if isinstance(number, int))
    return [note for note in notes if note is not None and note.part is not None]


def joined_memory(earlier: Memory, found: Memory, settled: Sequence[Note] = ()) -> Memory:
    """Return both as one, without what is settled; where there is too much, what was said last stays."""
    gone = {(note.part, note.item) for note in settled}
    parts = {
        part: first_of_each([*(item for item in earlier.of(part) if (part, item) not in gone), *found.of(part)])[-most:]
        for part, most in MOST_ITEMS.items()
    }
    return Memory(
        # What a person wrote into it needs no message: it must not be checked away later.
        source=MemorySource.PERSON if earlier.source is MemorySource.PERSON else found.source,
        covers_to=max(earlier.covers_to, found.covers_to),
        summary=_with_ids_of(earlier.summary, found.summary),
        parts=parts,
        language=found.language or earlier.language,
        dropped=earlier.dropped + found.dropped,
    )


def _with_ids_of(earlier: MemoryItem | None, found: MemoryItem | None) -> MemoryItem | None:
    """Return the new summary, shown by what showed the one that it was made from as well."""
    if earlier is None or found is None:
        return found or earlier
    ids = tuple(dict.fromkeys((*found.message_ids, *earlier.message_ids)))
    return replace(found, message_ids=ids[:_MOST_SUMMARY_IDS])


def _closed(properties: Mapping[str, object]) -> dict[str, object]:
    return {"type": "object", "properties": properties, "required": [*properties], "additionalProperties": False}
