"""Where, in what was exported, one conversation ends and the next begins."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from source.domain.imports.chat import ExportedMessage


def cut(messages: Sequence[ExportedMessage], window: timedelta) -> Iterator[tuple[ExportedMessage, ...]]:
    """Give what was said in conversations: one ends when nobody has spoken for as long as the window."""
    part: list[ExportedMessage] = []
    last = messages[0].said_at if messages else None
    for message in messages:
        if last is not None and part and message.said_at - last >= window:
            yield tuple(part)
            part = []
        last = max(last, message.said_at) if last is not None and part else message.said_at
        part.append(message)
    if part:
        yield tuple(part)
