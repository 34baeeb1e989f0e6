"""The sessions of a span, counted by what is known of them."""

from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Connection, Select, func, select

from source.adapters.storage.operation_tables import conversation_memories, conversation_metadata
from source.adapters.storage.tables import SAID, conversations, messages, threads
from source.ports.operations import SessionFigures, Span

UNKNOWN: Final = "unknown"


def session_figures(connection: Connection, span: Span) -> SessionFigures:
    """Count the sessions that began in a span: of each one row is read, with what its memory adds."""
    counts: dict[str, Counter[str]] = {
        name: Counter() for name in ("platform", "language", "intent", "sentiment", "category")
    }
    sessions, seconds = 0, 0.0
    for row in connection.execute(_sessions(span)):
        sessions += 1
        if row.last_message_at is not None:
            seconds += max(0.0, (row.last_message_at - row.created_at).total_seconds())
        counts["platform"][row.platform] += 1
        counts["language"][row.language or _text(row.memory_language) or UNKNOWN] += 1
        counts["intent"][_primary(row.intents) or _likeliest(row.memory_intents) or UNKNOWN] += 1
        counts["sentiment"][row.sentiment or UNKNOWN] += 1
        counts["category"][row.category or UNKNOWN] += 1
    by = {f"by_{name}": dict(counter.most_common()) for name, counter in counts.items()}
    return SessionFigures(sessions, _messages(connection, span), seconds, **by)


def _sessions(span: Span) -> Select[Any]:
    known, memory = conversation_metadata.c, conversation_memories.c
    return (
        select(
            conversations.c.created_at,
            conversations.c.last_message_at,
            threads.c.platform,
            known.language,
            known.intents,
            known.sentiment,
            known.category,
            memory.memory_data["language"].as_json().label("memory_language"),
            memory.memory_data["intents"].as_json().label("memory_intents"),
        )
        .select_from(conversations)
        .join(threads, threads.c.id == conversations.c.thread_key)
        .outerjoin(conversation_metadata, known.conversation_id == conversations.c.id)
        .outerjoin(conversation_memories, memory.conversation_id == conversations.c.id)
        .where(conversations.c.created_at >= span.start, conversations.c.created_at < span.end)
    )


def _messages(connection: Connection, span: Span) -> int:
    """Count what was said in these sessions, whenever it was."""
    here = select(conversations.c.id).where(
        conversations.c.created_at >= span.start, conversations.c.created_at < span.end
    )
    query = select(func.count()).select_from(messages).where(SAID, messages.c.conversation_id.in_(here))
    return int(connection.execute(query).scalar_one())


def _primary(intents: object) -> str | None:
    """Read `{"primary": "order", "confidence": 0.9}`, as programs keep it with a session."""
    return _text(intents.get("primary")) if isinstance(intents, Mapping) else None


def _likeliest(intents: object) -> str | None:
    """Read the intents of a memory; the one that is surest."""
    listed = [each for each in intents if isinstance(each, Mapping)] if isinstance(intents, list) else []
    named = [(_confidence(each), name) for each in listed if (name := _text(each.get("name")))]
    return max(named, key=lambda each: each[0])[1] if named else None


def _confidence(intent: Mapping[str, object]) -> float:
    value = intent.get("confidence")
    return float(value) if isinstance(value, int | float) else 0.0


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
