"""What is put away of a conversation: its transcript as it is once the conversation has ended.

Nothing of archiving is in it: that it is archived says the place where it is, so that what comes back is byte for byte
what went.
"""

from dataclasses import replace

from source.domain.conversation_head import ConversationState, StoredConversation
from source.domain.errors import TranscriptError
from source.domain.transcript import decode_transcript, encode_transcript, identity_of


def archived_content(conversation: StoredConversation) -> bytes:
    """Return the transcript that belongs into the archive.

    Raises: TranscriptUnwritableError: the conversation holds what JSON cannot.
    """
    return encode_transcript(in_state(conversation, ConversationState.ENDED))


def says_the_same(content: bytes, conversation: StoredConversation) -> bool:
    """Whether `content` is the transcript of the conversation, in the form that Echo or its owner gave it."""
    ended = in_state(conversation, ConversationState.ENDED)
    wanted = encode_transcript(ended)
    if content == wanted:
        return True
    try:
        found = decode_transcript(content, conversation.head.filename)
    except TranscriptError:
        return False
    return identity_of(found.head) == identity_of(ended.head) and encode_transcript(found) == wanted


def in_state(conversation: StoredConversation, state: ConversationState) -> StoredConversation:
    """Return the conversation in another state, else as it is."""
    return replace(conversation, head=replace(conversation.head, state=state))
