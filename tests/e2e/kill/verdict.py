"""Whether anything was lost, doubled or torn."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from source.domain.conversation_head import ConversationState
from tests.e2e.kill.evidence import Evidence, Row
from tests.e2e.kill.journal import Seen, digest
from tests.e2e.kill.said import text_of


def problems_of(evidence: Evidence, seen: Seen) -> list[str]:
    """Return everything that is wrong, in words; nothing when all promises were kept."""
    return [
        *([] if evidence.integrity == "ok" else [f"the database is damaged: {evidence.integrity}"]),
        *(f"transcript {name}" for name in evidence.unreadable),
        *_lost_or_doubled(evidence, seen),
        *_badly_answered(evidence),
        *_answered_out_of_order(evidence),
        *_delivered_unstored(evidence, seen),
        *_badly_kept(evidence),
        *_transcripts_that_differ(evidence),
    ]


def _lost_or_doubled(evidence: Evidence, seen: Seen) -> Iterator[str]:
    times = Counter(row.event_id for row in evidence.messages if row.event_id is not None)
    for event_id in seen.accepted:
        if times[event_id] != 1:
            yield f"event {event_id} was accepted and is there {times[event_id]} times"
    for event_id, count in seen.accepted.items():
        if count > 1:
            yield f"event {event_id} was accepted {count} times"
    for event_id in seen.repeated:
        if times[event_id] != 1:
            yield f"event {event_id} was taken for a repeat and is there {times[event_id]} times"
    for row in evidence.messages:
        if row.event_id is not None and row.text != text_of(row.event_id):
            yield f"event {row.event_id} does not read as it was sent"


def _badly_answered(evidence: Evidence) -> Iterator[str]:
    """Each conversation is a row of turns: what persons said, then one reply."""
    for conversation_id, rows in _by_conversation(evidence.messages).items():
        chat = [row for row in rows if row.message_type == "chat"]
        speakers = [
            (is_person, len(list(turn))) for is_person, turn in groupby(chat, lambda row: row.requester is not None)
        ]
        if speakers and not speakers[0][0]:
            yield f"conversation {conversation_id} begins with a reply to nothing"
        if speakers and speakers[-1][0]:
            yield f"conversation {conversation_id} ends with {speakers[-1][1]} unanswered messages"
        doubled = [length for is_person, length in speakers if not is_person and length > 1]
        if doubled:
            yield f"conversation {conversation_id} has {len(doubled)} turns that were answered more than once"


def _answered_out_of_order(evidence: Evidence) -> Iterator[str]:
    """In each thread messages are answered in the order in which they were accepted."""
    message_ids = {row.event_id: row.message_id for row in evidence.messages if row.event_id is not None}
    latest: dict[object, int] = {}
    for event in evidence.events:
        message_id = message_ids.get(str(event["event_id"]), 0)
        if message_id < latest.get(event["thread_key"], 0):
            yield f"event {event['event_id']} was answered after a later one of its thread"
        latest[event["thread_key"]] = max(message_id, latest.get(event["thread_key"], 0))


def _delivered_unstored(evidence: Evidence, seen: Seen) -> Iterator[str]:
    stored = {
        f"{evidence.conversations[row.conversation_id]['thread_id']}/{digest(row.text)}"
        for row in evidence.messages
        if row.requester is None
    }
    yield from (f"{reply} was delivered and is not stored" for reply in seen.delivered if reply not in stored)
    undelivered = [event for event in evidence.events if event["state"] != "delivered"]
    if undelivered:
        yield f"{len(undelivered)} events are not delivered at the end"


def _badly_kept(evidence: Evidence) -> Iterator[str]:
    active = Counter(head["thread_id"] for head in evidence.conversations.values() if head["state"] == "active")
    yield from (f"{thread} has {count} active conversations" for thread, count in active.items() if count > 1)
    for row in evidence.messages:
        if row.conversation_id not in evidence.conversations:
            yield f"message {row.message_id} is in no conversation"
    for identity, head in evidence.conversations.items():
        parent = head["parent_conversation_id"]
        if parent is not None and parent not in evidence.conversations:
            yield f"conversation {identity} follows {parent}, which is not there"


def _transcripts_that_differ(evidence: Evidence) -> Iterator[str]:
    of_conversation = Counter(content["conversation_id"] for content in evidence.files.values())
    yield from (
        f"conversation {identity} has {count} files" for identity, count in of_conversation.items() if count > 1
    )
    rows = _by_conversation(evidence.messages)
    by_conversation = {content["conversation_id"]: content for content in evidence.files.values()}
    for identity, head in evidence.conversations.items():
        is_archived = head["state"] == ConversationState.ARCHIVED
        # What is archived has a name of its own in the archive.
        content = by_conversation.get(identity) if is_archived else evidence.files.get(str(head["filename"]))
        if content is None:
            yield f"conversation {identity} has no transcript {head['filename']}"
        else:
            yield from _differences(identity, head, rows.get(identity, []), content)
    for name, content in evidence.files.items():
        if content["conversation_id"] not in evidence.conversations:
            yield f"{name} is of no stored conversation"


def _differences(
    identity: int, head: Mapping[str, object], rows: Sequence[Row], content: Mapping[str, object]
) -> Iterator[str]:
    if content["conversation_id"] != identity:
        yield f"conversation {identity}: {head['filename']} is of conversation {content['conversation_id']}"
        return
    for name in ("state", "summary", "carried_summary", "parent_conversation_id", "conversation_created_reason"):
        # An archived transcript says what it said before: where it is tells that it is archived.
        expected = "ended" if head[name] == ConversationState.ARCHIVED and name == "state" else head[name]
        if content[name] != expected:
            yield f"conversation {identity}: its transcript has another {name}"
    if [*map(_entry, rows)] != [*map(_transcribed, _history(content))]:
        yield f"conversation {identity}: its transcript has other messages than the database"


def _history(content: Mapping[str, object]) -> Sequence[Mapping[str, object]]:
    history = content["history"]
    assert isinstance(history, list)
    return history


def _entry(row: Row) -> tuple[object, ...]:
    return row.message_id, row.message_type, row.text, row.requester, row.event_id


def _transcribed(entry: Mapping[str, object]) -> tuple[object, ...]:
    meta = entry["meta"]
    assert isinstance(meta, dict)
    return (
        entry["message_id"],
        entry["message_type"],
        entry["message_content"],
        meta.get("requester"),
        meta.get("event_id"),
    )


def _by_conversation(messages: Sequence[Row]) -> dict[int, list[Row]]:
    rows: defaultdict[int, list[Row]] = defaultdict(list)
    for row in messages:
        rows[row.conversation_id].append(row)
    return rows
