"""What somebody replies to, for the model to see."""

from typing import Final, Protocol

from source.adapters.whatsapp.items import Kept
from source.domain.conversation_head import ConversationHead
from source.domain.quoted_line import quote
from source.domain.thread import Platform, ThreadKey
from source.domain.turn import SaidMessage

_ECHO: Final = "Echo"
_BUSINESS: Final = "The business"


class QuotedStore(Protocol):
    """What is needed of a `ChannelStore`."""

    async def find(self, platform: Platform, external_id: str) -> SaidMessage | None:
        """As in `ChannelStore`."""
        ...

    async def latest(self, thread: ThreadKey) -> ConversationHead | None:
        """As in `ChannelStore`."""
        ...


async def quoted(store: QuotedStore, kept: Kept) -> str:
    """Return the line that shows what a message replies to; empty where it replies to nothing but the last reply.

    Raises: StoreError.
    """
    reply_to = kept.content.get("reply_to")
    said = await store.find(Platform.WHATSAPP, reply_to) if isinstance(reply_to, str) else None
    if said is None or said.thread.key != kept.thread.key or await _is_last(store, said):
        return ""
    return quote(_name_of(said, kept), said.message.message_content)


def _name_of(said: SaidMessage, kept: Kept) -> str:
    if said.message.requester is None:
        return _ECHO
    return kept.person.display_name if said.message.requester == kept.person.external_id else _BUSINESS


async def _is_last(store: QuotedStore, said: SaidMessage) -> bool:
    """Whether nothing was said after it: whoever answers it needs no quote."""
    newest = await store.latest(said.thread.key)
    if newest is None or newest.conversation_id != said.conversation_id or newest.last_message_at is None:
        return False
    return said.message.created_at >= newest.last_message_at
