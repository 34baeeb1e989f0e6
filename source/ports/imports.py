"""The store, as an import of what was said elsewhere needs it."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from source.domain.conversation_head import ConversationHead, StoredConversation
from source.domain.identifiers import IdGenerator
from source.domain.thread import Platform, ThreadKey


class KnownMessages(Protocol):
    """Says what is there already. Raises: StoreError."""

    async def known(self, platform: Platform, event_ids: Collection[str]) -> dict[str, int | None]:
        """Those of these ids that were ever accepted or shown, each with the conversation where it stands, if any."""
        ...


class FollowingChanges(Protocol):
    """Has everything follow what people changed afterwards in what they wrote. Raises: StoreError."""

    async def edited(self, platform: Platform, event_id: str, text: str, at: datetime) -> None:
        """Somebody gave a message of theirs another text."""
        ...

    async def deleted(self, platform: Platform, event_ids: Sequence[str]) -> None:
        """Somebody deleted these messages."""
        ...


class ImportStore(Protocol):
    """Takes whole conversations. Raises: StoreError; nothing of the failed write was kept."""

    @property
    def ids(self) -> IdGenerator: ...

    async def load(self, conversation_id: int) -> StoredConversation | None:
        """As in `ConversationStore`."""
        ...

    async def latest(self, thread: ThreadKey) -> ConversationHead | None:
        """As in `ConversationStore`."""
        ...

    async def restore(self, conversations: Sequence[StoredConversation]) -> None:
        """As in `RestoringStore`."""
        ...
