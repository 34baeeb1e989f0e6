"""Keeps of what is claimed what messages show."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from source.domain.errors import RefusedInputError
from source.domain.memory import Memory, MemoryItem, MemoryPart, MemorySource
from source.domain.memory_claims import MOST_ITEMS, Claims, read_claims
from source.domain.memory_evidence import Evidence
from source.domain.message import Message
from source.domain.profile_fields import ProfileRules, field_name, valid_value
from source.domain.summary_material import chat_only
from source.domain.summary_text import sentences


def checked_memory(data: Mapping[str, object], messages: Sequence[Message], people: Mapping[str, str]) -> Memory:
    """Return what of a posted `memory_data` the conversation's messages show; the rest is dropped and counted.

    What a person wrote needs no message that shows it; an item without ids gets those of messages that do.

    Raises: RefusedInputError: it is not of the form, or nothing of it is shown.
    """
    claims = read_claims(data)
    evidence = Evidence(chat_only(messages), people)
    memory = supported(claims, evidence)
    if memory.is_empty and claims.count:
        raise RefusedInputError(
            "Nothing in memory_data is shown by the messages of the conversation: "
            "give each item the ids of messages that it shares words with, or name a person as its source."
        )
    # Who says up to where the messages were read may say that nothing in them is worth remembering.
    if memory.is_empty and claims.covers_to is None:
        raise RefusedInputError("memory_data is empty: give it a summary at least, or `covers_to`.")
    return memory


def supported(claims: Claims, evidence: Evidence) -> Memory:
    """Return the memory of those claims that the evidence shows, each once."""
    trusted = claims.source is MemorySource.PERSON
    cited = [(part, _cited(item, evidence)) for part, item in claims.items]
    checked = ((part, _shown(part, item, evidence, trusted=trusted)) for part, item in cited)
    shown = [(part, item) for part, item in checked if item is not None]
    summary = _shown_summary(claims.summary, evidence, trusted=trusted)
    lost = len(cited) - len(shown) + (claims.summary is not None and summary is None)
    return Memory(
        source=claims.source,
        covers_to=evidence.newest if claims.covers_to is None else min(claims.covers_to, evidence.newest),
        summary=summary,
        parts={
            part: first_of_each(item for each, item in shown if each is part)[:most]
            for part, most in MOST_ITEMS.items()
        },
        language=claims.language,
        dropped=claims.dropped + lost,
    )


def first_of_each(items: Iterable[MemoryItem]) -> tuple[MemoryItem, ...]:
    """Drop items that say again what an earlier one says; its messages are added to the earlier one's."""
    found: dict[tuple[str, str], MemoryItem] = {}
    for item in items:
        key = ((item.name or "").casefold(), item.text.casefold().rstrip(" .!"))
        earlier = found.get(key)
        ids = tuple(dict.fromkeys((*earlier.message_ids, *item.message_ids))) if earlier else item.message_ids
        replaces = tuple(dict.fromkeys((*earlier.replaces, *item.replaces))) if earlier else item.replaces
        found[key] = replace(earlier or item, message_ids=ids, replaces=replaces)
    return tuple(found.values())


def _cited(item: MemoryItem, evidence: Evidence) -> MemoryItem:
    """Return the item with the ids that are messages of the conversation, found for it when it names none."""
    if item.message_ids:
        return replace(item, message_ids=evidence.known(item.message_ids))
    return replace(item, message_ids=evidence.showing(f"{item.name or ''} {item.text}"))


def with_valid_profile(memory: Memory, rules: ProfileRules) -> Memory:
    """Return the memory without values of a profile that look right and are none: no such number, no such zone."""
    told = memory.of(MemoryPart.PROFILE)
    valid = tuple(item for item in told if valid_value(item.name or "", item.text, rules) is not None)
    if len(valid) == len(told):
        return memory
    dropped = memory.dropped + len(told) - len(valid)
    return replace(memory, parts={**memory.parts, MemoryPart.PROFILE: valid}, dropped=dropped)


def _shown(part: MemoryPart, item: MemoryItem, evidence: Evidence, *, trusted: bool) -> MemoryItem | None:
    if part is MemoryPart.PROFILE:
        return _told(item, evidence, trusted=trusted)
    return item if trusted or evidence.shows(part, item) else None


def _told(item: MemoryItem, evidence: Evidence, *, trusted: bool) -> MemoryItem | None:
    """Return the value of a profile as it is stored, with the messages in which people give it as their own."""
    field = field_name(item.name or "")
    value = valid_value(field, item.text) if field else None
    if field is None or value is None:
        return None
    ids = evidence.telling(field, value, item.message_ids)
    return replace(item, name=field, text=value, message_ids=ids) if ids or trusted else None


def _shown_summary(summary: MemoryItem | None, evidence: Evidence, *, trusted: bool) -> MemoryItem | None:
    """Return the sentences of a summary that the messages show, with those that show them."""
    if summary is None or trusted:
        return _cited(summary, evidence) if summary else None
    said = [_cited(replace(summary, text=text), evidence) for text in sentences(summary.text)]
    shown = [each for each in said if evidence.shows(MemoryPart.FACTS, each)]
    ids = dict.fromkeys(message_id for each in shown for message_id in each.message_ids)
    return MemoryItem(" ".join(each.text for each in shown), tuple(ids)) if shown else None
