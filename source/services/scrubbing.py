"""What is kept of what people write: all of it with the kinds of personal data noted, or without that data."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final, Protocol, TypeVar

from source.domain.message import Message, MessageType
from source.domain.personal_data import Kind, PersonalDataFinder
from source.domain.placeholders import changed_in
from source.domain.turn import InboundMessage, TurnRecord

T = TypeVar("T")
R = TypeVar("R")

# A text of this length takes a few milliseconds, which nobody else should wait for.
_LONG_CHARS: Final = 8_000


KeptText = Callable[[str], str]
"""Returns a text as it is to be kept."""


class Keeping(Protocol):
    """Says how things are kept."""

    def text(self, text: str) -> str:
        """Return a text as it is to be kept."""
        ...

    def message(self, message: Message) -> Message:
        """Return a message as it is to be kept."""
        ...

    async def inbound(self, inbound: InboundMessage) -> InboundMessage:
        """Return what was sent as it is to be kept."""
        ...

    async def turn(self, record: TurnRecord) -> TurnRecord:
        """Return what a turn leaves behind as it is to be kept."""
        ...


class _AsItIs:
    """Keeps everything as it is, and notes nothing."""

    def text(self, text: str) -> str:
        return text

    def message(self, message: Message) -> Message:
        return message

    async def inbound(self, inbound: InboundMessage) -> InboundMessage:
        return inbound

    async def turn(self, record: TurnRecord) -> TurnRecord:
        return record


AS_IT_IS: Final[Keeping] = _AsItIs()


class Scrubbing:
    """Notes which personal data messages hold; where it `is_removed`, nothing of it reaches a disk.

    What the operator says of themselves in `published` texts, such as the persona's address for questions, is kept.
    """

    def __init__(self, finder: PersonalDataFinder, *, is_removed: bool = False, published: Sequence[str] = ()) -> None:
        self._finder = finder
        self._is_removed = is_removed
        self._published = frozenset(text[found.start : found.end] for text in published for found in finder.find(text))

    def text(self, text: str) -> str:
        return self._finder.removed(text, but=self._published) if self._is_removed else text

    async def inbound(self, inbound: InboundMessage) -> InboundMessage:
        if not self._is_removed:
            return inbound
        text = await _beside(self.text, inbound.text, len(inbound.text))
        return inbound if text == inbound.text else replace(inbound, text=text)

    def message(self, message: Message) -> Message:
        """Return a message as it is to be kept: with the kinds of personal data in it, or that were."""
        if self._is_removed:
            message = replace(
                message,
                message_content=self.text(message.message_content),
                tools=None if message.tools is None else [self._tool(tool) for tool in message.tools],
            )
        pii = self._kinds(message)
        return message if pii == message.pii else replace(message, pii=pii)

    async def turn(self, record: TurnRecord) -> TurnRecord:
        length = sum(len(message.message_content) for message in record.messages)
        return replace(record, messages=await _beside(self._messages, record.messages, length))

    def _messages(self, messages: Sequence[Message]) -> tuple[Message, ...]:
        return tuple(map(self.message, messages))

    def _tool(self, tool: Mapping[str, object]) -> dict[str, object]:
        """Return a tool call with other parameters; its name and id stay what its answer refers to."""
        return {name: value if name in {"name", "id"} else changed_in(value, self.text) for name, value in tool.items()}

    def _kinds(self, message: Message) -> tuple[str, ...]:
        kinds = self._finder.kinds(message.message_content)
        if message.message_type is not MessageType.TOOL_CALL or not message.tools:
            return kinds
        seen = set(kinds)

        def note(text: str) -> str:
            seen.update(self._finder.kinds(text))
            return text

        for tool in message.tools:
            changed_in(tool.get("params"), note)
        return tuple(kind.value for kind in Kind if kind.value in seen) if len(seen) > len(kinds) else kinds


async def _beside(work: Callable[[T], R], given: T, length: int) -> R:
    """Do it, off the event loop when it takes long."""
    return work(given) if length < _LONG_CHARS else await asyncio.to_thread(work, given)
