"""What Echo says while it has no model, so that it is not taken for something that was talked about."""

from source.domain.message import Message

OPENING = "I am offline"
REMINDER = "Still offline; your message is kept."
FOUND = "This is what was said before that may bear on it:"
KEPT = "Kept."


def is_offline_notice(message: Message) -> bool:
    """Whether this is Echo saying that it is offline."""
    return message.requester is None and is_offline_text(message.message_content)


def is_offline_text(text: str) -> bool:
    """Whether Echo's words say that it is offline."""
    return text == KEPT or text.startswith((OPENING, REMINDER, FOUND))
