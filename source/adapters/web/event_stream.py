"""Server-sent events (WHATWG HTML, 9.2), as what comes back for a message is streamed."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final

from fastapi import Request
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from source.adapters.web.chat_bodies import DeltaShown, DoneShown, FailedShown, NoticeShown, ThinkingShown
from source.adapters.web.chat_channel import Delivered, Failed, Noticed, Pause, Spoken
from source.adapters.web.chat_exchange import Answered, ChatEvent
from source.adapters.web.pages import Shown

_MEDIA_TYPE: Final = "text/event-stream"
# Keeps proxies and the caller from taking a silent model for a dead connection.
_COMMENT: Final = b": still here\n\n"
# nginx: else it collects the answer and sends it at once.
_UNBUFFERED: Final = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}

EXAMPLE: Final = (
    'event: accepted\ndata: {"session_id":"visitor-7","message_id":"5f0c2a"}\n\n'
    'event: delta\ndata: {"session_id":"visitor-7","text":"You planned"}\n\n'
    'event: delta\ndata: {"session_id":"visitor-7","text":" a picnic."}\n\n'
    'event: done\ndata: {"session_id":"visitor-7","text":"You planned a picnic.","interrupted":false,'
    '"conversation_id":6821946150912032,"reply_id":6821946150916128}\n\n'
)


class EventStream(StreamingResponse):
    """An answer of events; whoever reads slowly or goes away holds nothing up."""

    media_type = _MEDIA_TYPE

    def __init__(self, chunks: AsyncGenerator[bytes]) -> None:
        super().__init__(chunks, headers=_UNBUFFERED)
        self._chunks = chunks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # Whoever has gone is no reader any more, and not only once the memory is tidied.
        async with aclosing(self._chunks):
            await super().__call__(scope, receive, send)


def wants_events(request: Request) -> bool:
    """Whether the caller accepts a stream of events."""
    return _MEDIA_TYPE in request.headers.get("accept", "")


def encoded(name: str, data: Shown) -> bytes:
    """Return one event on the wire: JSON has no line ends of its own."""
    return f"event: {name}\ndata: {data.model_dump_json()}\n\n".encode()


async def encoded_all(events: AsyncGenerator[ChatEvent]) -> AsyncGenerator[bytes]:
    """Yield what comes back as events, with comments where nothing has come for a while."""
    async with aclosing(events):
        async for event in events:
            yield _encoded(event)


def done(event: Answered) -> DoneShown:
    """Return how a whole reply is shown."""
    return DoneShown(
        session_id=event.thread.thread_id,
        text=event.text,
        interrupted=event.interrupted,
        conversation_id=event.conversation_id,
        reply_id=event.reply_id,
    )


def failed(event: Failed) -> FailedShown:
    """Return how it is told that there is no reply now."""
    return FailedShown(session_id=event.thread.thread_id, sentence=event.sentence)


def _encoded(event: ChatEvent) -> bytes:
    match event:
        case Pause():
            return _COMMENT
        case Noticed(thread, line):
            return encoded("notice", NoticeShown(session_id=thread.thread_id, line=line))
        case Spoken(thread, text):
            return encoded("delta", DeltaShown(session_id=thread.thread_id, text=text))
        case Answered():
            return encoded("done", done(event))
        case Failed():
            return encoded("failed", failed(event))
        case Delivered():
            raise TypeError("an exchange tells of what is stored")
        case _:
            return encoded("thinking", ThinkingShown(session_id=event.thread.thread_id))
