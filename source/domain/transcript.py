"""A conversation as the JSON that its owner can read, there and back without loss."""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from pydantic import ValidationError

from source.domain.conversation_head import ConversationHead, StoredConversation
from source.domain.errors import TranscriptDamagedError, TranscriptForeignError, TranscriptUnwritableError
from source.domain.message import Message, Standing, as_utc
from source.domain.thread import ThreadKey
from source.domain.transcript_format import SCHEMA_VERSION, OlderTranscript, Transcript
from source.domain.transcript_older import restored_older

_quoted: Callable[[object], str] = json.JSONEncoder(ensure_ascii=False).encode


class TranscriptIdentity(NamedTuple):
    """What tells one conversation's file from another's."""

    conversation_id: int
    thread: ThreadKey
    created_at: datetime


def identity_of(head: ConversationHead) -> TranscriptIdentity:
    """Return what stays the same however often `head` is saved."""
    return TranscriptIdentity(head.conversation_id, head.thread.key, head.created_at)


def encode_transcript(conversation: StoredConversation) -> bytes:
    """Return the file's content; the same conversation always gives the same bytes.

    Raises: TranscriptUnwritableError: it holds what JSON cannot.
    """
    try:
        text = _document(conversation)
    except (RecursionError, TypeError, ValueError) as error:
        name, why = conversation.head.filename, _why_no_json(error)
        # Not chained: the encoder's error can carry what was said.
        raise TranscriptUnwritableError(f"{name}: {why}; nothing is lost, the store has it") from None
    # UTF-8 has no lone surrogates; as \udXXX inside a JSON string they come back as they were.
    return text.encode("utf-8", "backslashreplace")


def _document(conversation: StoredConversation) -> str:
    head = json.dumps(_head_fields(conversation), indent=2, ensure_ascii=False).removesuffix("\n}")
    entries = ",\n".join(map(_entry, conversation.messages))
    history = f"[\n{entries}\n  ]" if entries else "[]"
    return f'{head},\n  "history": {history}\n}}\n'


def _why_no_json(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "a tool call in it is nested too deeply for JSON"
    return f"something in it cannot be written as JSON ({type(error).__name__})"


def decode_transcript(data: bytes, filename: str) -> StoredConversation:
    """Return the conversation in `data`, which was read from `filename`.

    Raises: TranscriptDamagedError, TranscriptForeignError.
    """
    document = _parsed(data, filename)
    version = document.get("schema_version")
    try:
        if version is None and {"created_at", "participants", "history"} <= document.keys():
            return restored_older(OlderTranscript.model_validate(document), filename)
        if version == SCHEMA_VERSION:
            return _restored(Transcript.model_validate(document), filename)
    except ValidationError as error:
        raise TranscriptDamagedError(f"{filename}: {_first_problem(error)}") from None
    except OverflowError:
        raise TranscriptDamagedError(f"{filename}: a time is out of range") from None
    raise TranscriptForeignError(f"{filename}: {_why_foreign(version)}")


def _parsed(data: bytes, filename: str) -> dict[str, object]:
    try:
        document = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        # Not chained: the decoder's error carries the whole text of the file.
        raise TranscriptDamagedError(f"{filename}: {_where_broken(error)}") from None
    if not isinstance(document, dict):
        raise TranscriptForeignError(f"{filename}: JSON, but not a transcript")
    return document


def _where_broken(error: ValueError | RecursionError) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"not whole JSON, line {error.lineno} column {error.colno}"
    return "not UTF-8 text" if isinstance(error, UnicodeDecodeError) else "not JSON that can be read"


def _first_problem(error: ValidationError) -> str:
    problem = error.errors(include_url=False, include_context=False, include_input=False)[0]
    return f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}"


def _why_foreign(version: object) -> str:
    if isinstance(version, int) and version > SCHEMA_VERSION:
        return f"written by a later Echo (schema_version {version}; this one reads {SCHEMA_VERSION})"
    return "JSON, but not a transcript"


def _restored(transcript: Transcript, filename: str) -> StoredConversation:
    head = ConversationHead(
        conversation_id=transcript.conversation_id,
        thread=transcript.thread,
        requester=transcript.requester,
        created_at=as_utc(transcript.created_at),
        updated_at=as_utc(transcript.updated_at),
        created_reason=transcript.conversation_created_reason,
        filename=filename,
        state=transcript.state,
        last_message_at=_utc(transcript.last_message_at),
        parent_conversation_id=transcript.parent_conversation_id,
        title=transcript.title,
        summary=transcript.summary or "",
        carried_summary=transcript.carried_summary,
        running_summary=transcript.running_summary,
        context_start=transcript.context_start,
        resumed_at=_utc(transcript.resumed_at),
        ended_at=_utc(transcript.ended_at),
    )
    messages = tuple(entry.as_message(entry.message_id) for entry in transcript.history)
    return StoredConversation(head, messages, transcript.people)


def _utc(moment: datetime | None) -> datetime | None:
    return None if moment is None else as_utc(moment)


def _head_fields(conversation: StoredConversation) -> dict[str, object]:
    head, thread = conversation.head, conversation.head.thread
    return {
        "schema_version": SCHEMA_VERSION,
        "created_at": _iso(head.created_at),
        "updated_at": _iso(head.updated_at),
        "summary": head.summary,
        "guild_id": thread.guild_id,
        "guild_name": thread.guild_name,
        **({} if thread.circle is None else {"circle": thread.circle}),
        "requester": head.requester,
        "participants": _participants(conversation),
        "platform": thread.platform,
        "thread_id": thread.thread_id,
        "conversation_id": head.conversation_id,
        "parent_conversation_id": head.parent_conversation_id,
        "conversation_created_reason": head.created_reason,
        "state": head.state,
        "title": head.title,
        "carried_summary": head.carried_summary,
        "running_summary": head.running_summary,
        "context_start": head.context_start,
        "last_message_at": _iso_or_null(head.last_message_at),
        "resumed_at": _iso_or_null(head.resumed_at),
        "ended_at": _iso_or_null(head.ended_at),
        "people": dict(sorted(conversation.people.items())),
    }


def _participants(conversation: StoredConversation) -> list[str]:
    speakers = (message.requester for message in conversation.messages)
    return [person for person in dict.fromkeys((conversation.head.requester, *speakers)) if person is not None]


def _iso(moment: datetime) -> str:
    if moment.tzinfo is not None and moment.tzinfo is not UTC:
        moment = moment.astimezone(UTC)
    return moment.isoformat(timespec="microseconds")


def _iso_or_null(moment: datetime | None) -> str | None:
    return None if moment is None else _iso(moment)


def _entry(message: Message) -> str:
    """Return one entry as text, in half the time that the indenting encoder takes."""
    return (
        "    {\n"
        f'      "created_at": "{_iso(message.created_at)}",\n'
        f'      "message_type": "{message.message_type}",\n'
        f'      "message_content": {_quoted(message.message_content)},\n'
        f'      "message_id": {message.message_id},\n'
        f'      "meta": {_meta(message)}\n'
        "    }"
    )


def _meta(message: Message) -> str:
    fields: list[str] = []
    if message.requester is not None:
        fields.append(f'        "requester": {_quoted(message.requester)}')
    if message.tools is not None:
        fields.append(f'        "tools": {_tools(message.tools)}')
    if message.event_id is not None:
        fields.append(f'        "event_id": {_quoted(message.event_id)}')
    if message.interrupted:
        fields.append('        "interrupted": true')
    if message.edited_at is not None:
        fields.append(f'        "edited_at": "{_iso(message.edited_at)}"')
    if message.standing is not Standing.KEPT:
        fields.append(f'        "standing": "{message.standing}"')
    if message.pii:
        fields.append(f'        "pii": {_quoted(list(message.pii))}')
    if message.delivery:
        fields.append(f'        "delivery": "{message.delivery}"')
    return "{\n" + ",\n".join(fields) + "\n      }" if fields else "{}"


def _tools(tools: Sequence[Mapping[str, object]]) -> str:
    plain = [_as_json(tool) for tool in tools]
    # Line breaks inside strings are escaped, so these are the indentation's.
    return json.dumps(plain, indent=2, ensure_ascii=False, allow_nan=False).replace("\n", "\n        ")


def _as_json(value: object) -> object:
    """Return `value` as JSON can hold it; what JSON has no word for becomes text."""
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else str(value)
        case Mapping():
            return {str(key): _as_json(inner) for key, inner in value.items()}
        case list() | tuple():
            return [_as_json(inner) for inner in value]
        case _:
            return str(value)
