"""Batches of memories through Amazon SQS."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Final

import structlog

from source.adapters.sqs.client import Client, opened
from source.adapters.sqs.errors import queue_errors
from source.adapters.sqs.letter import packed, read, written
from source.domain.errors import SettingsError
from source.ports.memories import ReceivedBatch

log = structlog.get_logger(__name__)

# SQS: the limit of every queue until 2025 and of queues made before; newer ones may take 1 MiB and say so.
_MAX_BYTES: Final = 262_144
# SQS: the longest poll.
_POLL_SECONDS: Final = 20


class SqsMemoryQueue:
    """Implements `MemoryBatches` and `BatchInbox` over one queue.

    A message that is none of ours, or that fails again and again, is left to the queue's dead-letter policy.
    """

    def __init__(self, url: str, *, held_for: timedelta = timedelta(minutes=1), poll: timedelta | None = None) -> None:
        """`held_for`: how long a received batch is kept from others unless it is held on to."""
        self._url = url
        self._held_seconds = round(held_for.total_seconds())
        self._poll_seconds = _POLL_SECONDS if poll is None else round(poll.total_seconds())
        self._shared: Client | None = None

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[None]:
        """Keep one connection for all calls inside."""
        async with opened(self._url) as client:
            self._shared = client
            try:
                yield
            finally:
                self._shared = None

    async def batches(self, conversation_ids: Sequence[int]) -> list[list[int]]:
        return packed(conversation_ids, await self._max_bytes()) if conversation_ids else []

    async def send(self, conversation_ids: Sequence[int]) -> str:
        async with self._client() as client:
            sent = await client.send_message(QueueUrl=self._url, MessageBody=written(conversation_ids))
        log.info("memory_batch_sent", conversations=len(conversation_ids), queue_message=sent["MessageId"])
        return str(sent["MessageId"])

    async def receive(self) -> ReceivedBatch | None:
        async with self._client() as client:
            answer = await client.receive_message(
                QueueUrl=self._url,
                MaxNumberOfMessages=1,
                VisibilityTimeout=self._held_seconds,
                WaitTimeSeconds=self._poll_seconds,
                MessageSystemAttributeNames=["ApproximateReceiveCount"],
            )
        for message in answer.get("Messages", []):
            times = int(message.get("Attributes", {}).get("ApproximateReceiveCount", 1))
            conversation_ids = read(message["Body"])
            if conversation_ids is not None:
                return ReceivedBatch(message["ReceiptHandle"], conversation_ids, times, self._held_for)
            log.warning("memory_queue_strange_message", queue_message=message["MessageId"], times_received=times)
        return None

    async def hold_on(self, batch: ReceivedBatch) -> None:
        await self._keep_from_others(batch, self._held_seconds)

    async def give_back(self, batch: ReceivedBatch, *, after: timedelta = timedelta(0)) -> None:
        await self._keep_from_others(batch, round(after.total_seconds()))

    async def done(self, batch: ReceivedBatch) -> None:
        async with self._client() as client:
            await client.delete_message(QueueUrl=self._url, ReceiptHandle=batch.receipt)

    @property
    def _held_for(self) -> timedelta:
        return timedelta(seconds=self._held_seconds)

    async def _keep_from_others(self, batch: ReceivedBatch, seconds: int) -> None:
        async with self._client() as client:
            await client.change_message_visibility(
                QueueUrl=self._url, ReceiptHandle=batch.receipt, VisibilityTimeout=seconds
            )

    async def _max_bytes(self) -> int:
        """Return what the queue takes; the oldest limit where it does not say."""
        try:
            async with self._client() as client:
                answer = await client.get_queue_attributes(QueueUrl=self._url, AttributeNames=["MaximumMessageSize"])
        except SettingsError:  # the right to ask is not needed to send
            return _MAX_BYTES
        return int(answer.get("Attributes", {}).get("MaximumMessageSize", _MAX_BYTES))

    @asynccontextmanager
    async def _client(self) -> AsyncGenerator[Client]:
        if self._shared is None:
            async with opened(self._url) as client:
                yield client
            return
        with queue_errors():
            yield self._shared
