"""Suggests a conversation of its own when people have come to another topic."""

from collections.abc import Iterable, Sequence
from typing import Final, Protocol

import structlog

from source.domain.message import Message, MessageType
from source.domain.offline_notice import is_offline_notice
from source.domain.topic_shift import LOOKED_AT, Exchange, has_shifted
from source.services.conversation import Conversation

log = structlog.get_logger(__name__)

SUGGESTION: Final = "This looks like a new topic. /new topic … starts a conversation of its own."
# Messages for each of a person's that are read back: unpacking more of them costs more than all else. Where the model
# thinks aloud or uses tools they hold fewer of people's, which is then all that is compared.
_MESSAGES_EACH: Final = 3


class TopicWatch(Protocol):
    """Has a line for people who talk about something else than they began with."""

    def suggestion(self, conversation: Conversation) -> str | None:
        """Return what to suggest now that something was said and answered; None, nearly always: nothing."""
        ...


class TopicSuggestions:
    """Implements TopicWatch by the words of the conversation; once for each shift, also across a restart."""

    def suggestion(self, conversation: Conversation) -> str | None:
        history = conversation.history
        exchanges = exchanges_in(history.since(max(0, len(history) - LOOKED_AT * _MESSAGES_EACH)))
        if not has_shifted(exchanges):
            return None
        log.info("topic_suggested", conversation_id=conversation.conversation_id)
        return SUGGESTION


class _NothingSuggested:
    def suggestion(self, conversation: Conversation) -> str | None: ...


NO_SUGGESTIONS: Final[TopicWatch] = _NothingSuggested()
"""For those who do not want any."""


def exchanges_in(messages: Sequence[Message]) -> list[Exchange]:
    """Return the last things that people said, each with what was answered before the next one."""
    found: list[Exchange] = []
    answers: list[str] = []
    for message in _said_backwards(messages):
        if message.is_from_person:
            found.append(Exchange(message.message_content, "\n".join(reversed(answers))))
            answers = []
        elif not is_offline_notice(message):
            answers.append(message.message_content)
        if len(found) == LOOKED_AT:
            break
    return found[::-1]


def _said_backwards(messages: Sequence[Message]) -> Iterable[Message]:
    return (message for message in reversed(messages) if message.message_type is MessageType.CHAT and message.is_kept)
