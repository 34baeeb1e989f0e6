"""What the store in memory counts."""

import asyncio
import json
from datetime import datetime
from itertools import pairwise

from source.domain.conversation_head import ConversationHead
from source.domain.forever import ReplyCalls, forever_input_tokens
from source.domain.message import Message, MessageType
from source.domain.thread import Platform, ThreadKey
from source.domain.turn import ModelUsage, Purpose
from source.ports.store import ThreadStatistics, UsageTotals
from tests.fakes.store_rows import StoreRows


class StatisticsRows(StoreRows):
    """Implements StatisticsStore, reading everything."""

    async def thread_statistics(self, thread: ThreadKey) -> ThreadStatistics:
        await asyncio.sleep(0)
        heads = [head for head in self.heads.values() if head.thread.key == thread]
        said = [message for head in heads for message in self._kept(head)]
        usage = [usage for head in heads for usage in self._usage(head)]
        costs = [each.cost for each in usage if each.cost is not None]
        chat = [message for message in said if message.message_type is MessageType.CHAT]
        return ThreadStatistics(
            conversations=len(heads),
            messages=len(chat),
            usage=UsageTotals(
                len(usage),
                sum(each.input_tokens for each in usage),
                sum(each.cached_tokens for each in usage),
                sum(each.output_tokens for each in usage),
                sum(costs) if costs else None,
            ),
            forever_input_tokens=forever_input_tokens(self._reply_calls(heads, chat)),
        )

    async def tokens_since(self, platform: Platform, since: datetime) -> dict[str, int]:
        await asyncio.sleep(0)
        tokens: dict[str, int] = {}
        for head in self.heads.values():
            for usage in self._usage(head):
                if head.thread.platform == platform and usage.person is not None and usage.created_at >= since:
                    tokens[usage.person] = tokens.get(usage.person, 0) + usage.input_tokens + usage.output_tokens
        return tokens

    def _reply_calls(self, heads: list[ConversationHead], chat: list[Message]) -> list[ReplyCalls]:
        found = [
            self._measured(head, [call for call in calls if call.model == model], chat)
            for head in heads
            if (calls := self._calls_for_replies(head))
            for model in {call.model for call in calls}
        ]
        if found:
            return found
        ordered = sorted(chat, key=lambda message: (message.created_at, not message.is_from_person, message.message_id))
        replies = [number for number, message in enumerate(ordered) if not message.is_from_person]
        return [ReplyCalls(len(replies), sum(_bytes(ordered[:number]) for number in replies))]

    def _measured(self, head: ConversationHead, calls: list[ModelUsage], chat: list[Message]) -> ReplyCalls:
        sizes = [sum(map(_bytes_shown, self._shown_to(head, call))) for call in calls]
        tokens = [None if call.estimated else call.input_tokens for call in calls]
        grown_tokens = grown_bytes = 0
        for (before, after), (size_before, size) in zip(pairwise(tokens), pairwise(sizes), strict=True):
            if before is not None and after is not None and after > before and size > size_before:
                grown_tokens += after - before
                grown_bytes += size - size_before
        read = sum(_bytes([message for message in chat if _precedes(message, call)]) for call in calls)
        return ReplyCalls(len(calls), read, grown_tokens, grown_bytes, tokens[0], sizes[0])

    def _shown_to(self, head: ConversationHead, call: ModelUsage) -> list[Message]:
        return [
            message
            for message in self._kept(head)
            if message.message_type is not MessageType.THINKING and _precedes(message, call)
        ]

    def _kept(self, head: ConversationHead) -> list[Message]:
        return [message for message in self.messages[head.conversation_id] if message.is_kept]

    def _usage(self, head: ConversationHead) -> list[ModelUsage]:
        return self.usage_of.get(head.conversation_id, [])

    def _calls_for_replies(self, head: ConversationHead) -> list[ModelUsage]:
        calls = [usage for usage in self._usage(head) if usage.purpose is Purpose.REPLY]
        return sorted(calls, key=lambda call: call.created_at)


def _precedes(message: Message, call: ModelUsage) -> bool:
    if message.created_at == call.created_at:
        return message.is_from_person
    return message.created_at < call.created_at


def _bytes_shown(message: Message) -> int:
    return message.size_bytes + (len(json.dumps(message.tools)) if message.tools else 0)


def _bytes(messages: list[Message]) -> int:
    return sum(message.size_bytes for message in messages)
