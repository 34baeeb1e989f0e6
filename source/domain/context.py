"""What one model call is shown: a computed view, never written back over the history."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from source.domain.message import Message, MessageType, Standing


@dataclass(frozen=True, slots=True)
class ContextLimits:
    """High-water marks of a prompt's history; a cut goes down to half of them in one go."""

    max_messages: int
    budget_bytes: int

    def overflows(self, messages: Sequence[Message], *, slack: float = 1.0) -> bool:
        """Whether the messages exceed the marks, stretched by `slack`."""
        if len(messages) > self.max_messages * slack:
            return True
        return sum(message.size_bytes for message in messages) > self.budget_bytes * slack

    def cut(self, messages: Sequence[Message]) -> int:
        """Return how many of the oldest messages leave so that at most half of each mark stays.

        What stays begins with a person's message, so that a tool's answer is never without its call,
        and always includes the last one, however long it is.
        """
        low_messages, low_bytes = self.max_messages // 2, self.budget_bytes // 2
        kept_bytes = 0
        start = cut = len(messages)
        for index in range(len(messages) - 1, -1, -1):
            kept_bytes += messages[index].size_bytes
            if start < len(messages) and (len(messages) - index > low_messages or kept_bytes > low_bytes):
                break
            if begins_turn(messages, index):
                start = cut = index
        return cut if cut < len(messages) else 0


def begins_turn(messages: Sequence[Message], index: int) -> bool:
    """Whether a turn begins here: a person's message that does not follow another person's."""
    return messages[index].is_from_person and (index == 0 or not messages[index - 1].is_from_person)


def kept(messages: Iterable[Message]) -> list[Message]:
    """Return the messages that still count: all that a model or a person is shown."""
    # Several times a turn over all that is shown: the attribute, not the property.
    return [message for message in messages if message.standing is Standing.KEPT]


@dataclass(frozen=True, slots=True)
class LastTurn:
    """The last thing that was said to Echo, and what Echo made of it: thoughts, tools and the reply."""

    asked: tuple[Message, ...]
    said: tuple[Message, ...]


def last_turn(messages: Sequence[Message]) -> LastTurn | None:
    """Return the last turn of kept messages; None when nobody has said anything there."""
    end = next((at for at in range(len(messages), 0, -1) if messages[at - 1].is_from_person), 0)
    if end == 0:
        return None
    start = next((at for at in range(end, 0, -1) if not messages[at - 1].is_from_person), 0)
    return LastTurn(tuple(messages[start:end]), tuple(messages[end:]))


def tool_calls(messages: Iterable[Message]) -> list[dict[str, object]]:
    """Return every tool call of a history that counts: name, params and, where known, id and response."""
    calls: list[dict[str, object]] = []
    for message in kept(messages):
        if message.message_type is MessageType.TOOL_CALL:
            calls.extend(dict(tool) for tool in message.tools or ())
        elif message.message_type is MessageType.TOOL_CALL_RESPONSE:
            _attach_response(calls, message)
    return calls


def _attach_response(calls: list[dict[str, object]], message: Message) -> None:
    answered = {tool.get("id") for tool in message.tools or ()}
    for call in calls:
        if "response" not in call and (not answered or call.get("id") in answered):
            call["response"] = message.message_content
            return
