"""The messages of a conversation, packed once they rest."""

import marshal
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import chain, islice
from typing import overload

from source.domain.message import Message, MessageType, Standing
from source.domain.outcome import Outcome

# Whole chunks are packed as they fill, so that a turn on a long conversation unpacks one or two of them.
CHUNK = 64
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
# Up to here (the year 2112) a float of seconds tells every microsecond.
_LAST_EXACT = 2**52


class History(Sequence[Message]):
    """A sequence of messages that only grows, and costs little more than their text while nobody reads it.

    Packed messages are bytes, which the garbage collector does not visit: a million resting messages
    cost no pauses. Reading unpacks what is asked for.
    """

    __slots__ = ("_chunks", "_length", "_newest_chunk", "_packed_tail", "_tail", "size_bytes")

    def __init__(self, messages: Sequence[Message] = ()) -> None:
        self._chunks: list[bytes] | None = None
        # The last of the chunks as messages, while the conversation is awake: every turn reads it.
        self._newest_chunk: list[Message] | None = None
        self._packed_tail: bytes | None = None
        self._tail: list[Message] | None = None
        self._length = 0
        self.size_bytes = 0
        for message in messages:
            self.append(message)

    def append(self, message: Message) -> None:
        tail = self._open_tail()
        tail.append(message)
        self._length += 1
        self.size_bytes += message.size_bytes
        if len(tail) >= CHUNK:
            if self._chunks is None:
                self._chunks = []
            self._chunks.append(_pack(tail))
            self._newest_chunk, self._tail = tail, None

    def find(self, message_id: int) -> Message | None:
        """Return the message with this id; the newest are looked through first."""
        newest_first = chain([self._read_tail()], map(_unpack, reversed(self._chunks or [])))
        return next((each for some in newest_first for each in some if each.message_id == message_id), None)

    def replace(self, message: Message) -> bool:
        """Put `message` in the place of the one with its id; False when there is none. What was packed stays so."""
        replaced = self._replace_in_tail(message) or self._replace_in_chunks(message)
        if replaced is None:
            return False
        self.size_bytes += message.size_bytes - replaced.size_bytes
        return True

    def _replace_in_tail(self, message: Message) -> Message | None:
        if self._packed_tail is None:
            return _exchange(self._tail or [], message)
        tail = _unpack(self._packed_tail)
        replaced = _exchange(tail, message)
        if replaced is not None:
            self._packed_tail = _pack(tail)
        return replaced

    def _replace_in_chunks(self, message: Message) -> Message | None:
        """Look through the newest chunks first: what people change is mostly recent."""
        chunks = self._chunks or []
        for number in reversed(range(len(chunks))):
            open_chunk = self._newest_chunk if number == len(chunks) - 1 else None
            chunk = open_chunk or _unpack(chunks[number])
            replaced = _exchange(chunk, message)
            if replaced is not None:
                chunks[number] = _pack(chunk)
                return replaced
        return None

    def pack(self) -> None:
        """Pack what is still open; whoever reads next unpacks it again."""
        if self._tail is not None:
            self._packed_tail = _pack(self._tail)
            self._tail = None
        self._newest_chunk = None

    def since(self, start: int) -> list[Message]:
        """Return the messages from index `start` on, unpacking only their chunks.

        The end of the history stays unpacked: who asks for it is about to add to it.
        """
        chunks = self._chunks or []
        first = min(start // CHUNK, len(chunks))
        messages = [message for chunk in chunks[first:-1] for message in _unpack(chunk)]
        if first < len(chunks):
            if self._newest_chunk is None:
                self._newest_chunk = _unpack(chunks[-1])
            messages.extend(self._newest_chunk)
        messages.extend(self._open_tail())
        return messages[start - first * CHUNK :]

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[Message]:
        for chunk in list(self._chunks or ()):
            yield from _unpack(chunk)
        yield from list(self._read_tail())

    @overload
    def __getitem__(self, index: int) -> Message: ...
    @overload
    def __getitem__(self, index: slice) -> list[Message]: ...
    def __getitem__(self, index: int | slice) -> Message | list[Message]:
        if isinstance(index, slice):
            start, stop, step = index.indices(len(self))
            if step > 0:
                return list(islice(self, start, stop, step))
            return list(self)[index]
        position = index + len(self) if index < 0 else index
        if not 0 <= position < len(self):
            raise IndexError("history index out of range")
        chunks = self._chunks or []
        chunk, offset = divmod(position, CHUNK)
        return (_unpack(chunks[chunk]) if chunk < len(chunks) else self._read_tail())[offset]

    def __eq__(self, other: object) -> bool:
        if isinstance(other, History | list | tuple):
            return len(self) == len(other) and all(mine == its for mine, its in zip(self, other, strict=True))
        return NotImplemented

    __hash__ = None  # type: ignore[assignment]  # mutable: equal histories may differ a moment later

    def __repr__(self) -> str:
        return f"<History of {len(self)} messages>"

    def _open_tail(self) -> list[Message]:
        if self._tail is None:
            self._tail = list(self._read_tail())
            self._packed_tail = None
        return self._tail

    def _read_tail(self) -> Sequence[Message]:
        if self._tail is not None:
            return self._tail
        return _unpack(self._packed_tail) if self._packed_tail is not None else ()


_TYPES = tuple(MessageType)
_TYPE_NUMBERS = {kind: number for number, kind in enumerate(_TYPES)}
_KEPT = Standing.KEPT


def _exchange(messages: list[Message], message: Message) -> Message | None:
    """Return the message of this id that has left its place to `message`."""
    for position in range(len(messages) - 1, -1, -1):
        if messages[position].message_id == message.message_id:
            replaced, messages[position] = messages[position], message
            return replaced
    return None


def _pack(messages: Sequence[Message]) -> bytes:
    return marshal.dumps([_fields(message) for message in messages])


def _fields(message: Message) -> tuple[object, ...]:
    return (
        _time_out(message.created_at),
        _TYPE_NUMBERS[message.message_type],
        message.message_content,
        _plain(message.tools),
        message.requester,
        message.message_id,
        message.event_id,
        _marks(message),
    )


def _marks(message: Message) -> object:
    """Return `interrupted` or `delivery` alone where nothing else is to be told: nearly all take no more room."""
    if message.edited_at is None and message.standing is _KEPT and not message.pii:
        if not message.delivery:
            return message.interrupted
        if not message.interrupted:
            return message.delivery.value
    edited_at = None if message.edited_at is None else _time_out(message.edited_at)
    return (message.interrupted, edited_at, message.standing.value, message.pii, message.delivery.value)


def _unpack(packed: bytes) -> list[Message]:
    return [
        Message(_time_in(at), _TYPES[number], text, tools, requester, message_id, event_id, marks)
        if isinstance(marks, bool)
        else _marked(Message(_time_in(at), _TYPES[number], text, tools, requester, message_id, event_id), marks)
        # The bytes were written by `_pack` in this process.
        for at, number, text, tools, requester, message_id, event_id, marks in marshal.loads(packed)  # noqa: S302
    ]


def _marked(message: Message, marks: str | tuple[bool, int | str | None, str, tuple[str, ...], str]) -> Message:
    if isinstance(marks, str):
        return replace(message, delivery=Outcome(marks))
    interrupted, edited, standing, pii, delivery = marks
    edited_at = None if edited is None else _time_in(edited)
    return replace(
        message,
        interrupted=interrupted,
        edited_at=edited_at,
        standing=Standing(standing),
        pii=pii,
        delivery=Outcome(delivery),
    )


def _time_out(moment: datetime) -> int | str:
    microseconds = (moment - _EPOCH) // _MICROSECOND if moment.tzinfo is UTC else -1
    return microseconds if 0 <= microseconds < _LAST_EXACT else moment.isoformat()


def _time_in(packed: int | str) -> datetime:
    return (
        datetime.fromtimestamp(packed / 1_000_000, UTC) if isinstance(packed, int) else datetime.fromisoformat(packed)
    )


def _plain(value: object) -> object:
    """Return JSON-like data as the plain lists and dicts that pack; anything else as its text."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, Sequence):
        return [_plain(item) for item in value]
    return str(value)
