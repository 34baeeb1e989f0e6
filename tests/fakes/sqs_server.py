"""An SQS server on loopback: moto's."""

import itertools
import json
import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from unittest.mock import patch

from source.adapters.sqs.client import opened

_numbers = itertools.count(1)


@contextmanager
def sqs_server() -> Iterator[str]:
    """Give the server's address; credentials for it are in the environment meanwhile."""
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    credentials = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_EC2_METADATA_DISABLED": "true"}
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        with patch.dict(os.environ, credentials):
            yield "http://{}:{}".format(*server.get_host_and_port())
    finally:
        server.stop()


@dataclass(frozen=True)
class Queue:
    """A queue, and the one that gets what was received too often."""

    server: str
    url: str
    dead_letters: str

    async def put(self, body: str) -> None:
        async with opened(self.server) as client:
            await client.send_message(QueueUrl=self.url, MessageBody=body)

    async def counts(self) -> tuple[int, int, int]:
        """Return how many messages wait, are in somebody's hands, and were put aside."""
        async with opened(self.server) as client:
            waiting, held = await _counted(client, self.url)
            dead, _ = await _counted(client, self.dead_letters)
        return waiting, held, dead


async def new_queue(server: str, *, most_receives: int = 3, attributes: Mapping[str, str] | None = None) -> Queue:
    """Make an empty queue with its queue of dead letters."""
    number = next(_numbers)
    async with opened(server) as client:
        dead = await client.create_queue(QueueName=f"dead-{number}")
        found = await client.get_queue_attributes(QueueUrl=dead["QueueUrl"], AttributeNames=["QueueArn"])
        arn = found["Attributes"]["QueueArn"]
        policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": most_receives})
        made = await client.create_queue(
            QueueName=f"memories-{number}", Attributes={"RedrivePolicy": policy, **(attributes or {})}
        )
    return Queue(server, made["QueueUrl"], dead["QueueUrl"])


async def _counted(client: object, url: str) -> tuple[int, int]:
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    found = await client.get_queue_attributes(QueueUrl=url, AttributeNames=names)  # type: ignore[attr-defined]
    waiting, held = (int(found["Attributes"][name]) for name in names)
    return waiting, held
