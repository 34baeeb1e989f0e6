"""The conversations in memory, in the order in which they were last used."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Container, Sequence

from source.domain.conversation_head import ConversationHead
from source.domain.eviction import Residency
from source.domain.thread import ThreadKey
from source.services.conversation import Conversation

Chosen = tuple[Conversation, float]
"""A conversation that should leave, and when it had last been used when it was chosen."""


class Residents:
    """An ordered map from thread to conversation that knows how much text it holds; safe in any thread."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.size_bytes = 0
        self._by_thread: OrderedDict[ThreadKey, Conversation] = OrderedDict()

    def __len__(self) -> int:
        return len(self._by_thread)

    def get(self, key: ThreadKey) -> Conversation | None:
        return self._by_thread.get(key)

    def all(self) -> list[Conversation]:
        """Return every conversation, the one used longest ago first."""
        with self.lock:
            return list(self._by_thread.values())

    def holds(self, head: ConversationHead) -> bool:
        """Whether this very conversation is in its thread's place."""
        resident = self._by_thread.get(head.thread.key)
        return resident is not None and resident.conversation_id == head.conversation_id

    def matching(self, *, requester: str | None, guild_id: str | None, containing: str | None) -> list[Conversation]:
        """Return the conversations that match every filter given."""
        return [
            conversation
            for conversation in self.all()
            if (requester is None or requester in conversation.participants)
            and (guild_id is None or conversation.guild_id == guild_id)
            and (containing is None or conversation.contains(containing))
        ]

    def named(self) -> dict[str, Conversation]:
        """Return every conversation by thread id, or `platform:thread_id` where two platforms share one."""
        named: dict[str, Conversation] = {}
        for conversation in self.all():
            key = conversation.head.thread.key
            named[key.thread_id if key.thread_id not in named else f"{key.platform}:{key.thread_id}"] = conversation
        return named

    def use(self, conversation: Conversation, now: float) -> Conversation | None:
        """Put the conversation in its thread's place as just used; return the one that it replaced."""
        key = conversation.head.thread.key
        with self.lock:
            present = self._by_thread.get(key)
            replaced = present if present is not None and present is not conversation else None
            if replaced is not None:
                self.remove(replaced)
            conversation.used_at = now
            self.size_bytes += conversation.size_bytes - conversation.counted_bytes
            conversation.counted_bytes = conversation.size_bytes
            self._by_thread[key] = conversation
            self._by_thread.move_to_end(key)
            return replaced

    def remove(self, conversation: Conversation) -> bool:
        """Take the conversation out; False when it is not here."""
        key = conversation.head.thread.key
        with self.lock:
            if self._by_thread.get(key) is not conversation:
                return False
            del self._by_thread[key]
            self.size_bytes -= conversation.counted_bytes
            conversation.counted_bytes = 0
            return True

    def idle_longest(
        self, now: float, must_leave: Callable[[Residency], bool], *, in_use: Container[ThreadKey], at_most: int
    ) -> list[Chosen]:
        """Return the next conversations that have to leave, those used longest ago first."""
        chosen: list[Chosen] = []
        with self.lock:
            count, size = len(self._by_thread), self.size_bytes
            for key, conversation in self._by_thread.items():
                if key in in_use:
                    continue
                idle = now - conversation.used_at
                if len(chosen) == at_most or not must_leave(Residency(idle, count, size)):
                    break
                chosen.append((conversation, conversation.used_at))
                count, size = count - 1, size - conversation.counted_bytes
        return chosen

    def drop(self, chosen: Sequence[Chosen], *, in_use: Container[ThreadKey]) -> int:
        """Forget those that are saved and that nobody has used since they were chosen; return how many."""
        with self.lock:
            return sum(
                self.remove(conversation)
                for conversation, used_at in chosen
                if conversation.is_saved
                and conversation.used_at == used_at
                and conversation.head.thread.key not in in_use
            )
