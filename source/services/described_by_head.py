"""What a conversation's head says of it."""

from datetime import datetime

from source.domain.conversation_head import ConversationHead


class DescribedByHead:
    """Reads from `head`, which may be replaced at any time."""

    __slots__ = ("head",)

    head: ConversationHead

    @property
    def conversation_id(self) -> int:
        return self.head.conversation_id

    @property
    def thread_id(self) -> str:
        return self.head.thread.thread_id

    @property
    def guild_id(self) -> str | None:
        return self.head.thread.guild_id

    @property
    def guild_name(self) -> str | None:
        return self.head.thread.guild_name

    @property
    def requester(self) -> str | None:
        return self.head.requester

    @property
    def created_at(self) -> datetime:
        return self.head.created_at

    @property
    def updated_at(self) -> datetime:
        return self.head.updated_at

    @property
    def filename(self) -> str:
        return self.head.filename
