"""What Echo says while it has no model, so that it is not taken for something that was talked about."""

from source.domain.message import Message

OPENING = "I am offline"
REMINDER = "Still offline; your message is kept."


def is_offline_notice(message: Message) -> bool:
    """Whether this is Echo saying that it is offline."""
    return message.requester is None and message.message_content.startswith((OPENING, REMINDER))
