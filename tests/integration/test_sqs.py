"""Batches of memories through an SQS server on loopback."""

import json
import sys
from collections.abc import Iterator
from datetime import timedelta

import pytest
from botocore import exceptions  # type: ignore[import-untyped]  # it has no types

from source.adapters.sqs.client import region_of
from source.adapters.sqs.errors import translated
from source.adapters.sqs.letter import MOST_IN_A_MESSAGE, packed, read, written
from source.adapters.sqs.memory_queue import SqsMemoryQueue
from source.domain.errors import QueueUnavailableError, SettingsError
from tests.fakes.sqs_server import new_queue, sqs_server

IDS = [150891725303808 + number for number in range(2 * MOST_IN_A_MESSAGE + 1)]
AT_ONCE = timedelta(0)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with sqs_server() as address:
        yield address


async def test_a_batch_goes_through_and_leaves_the_queue_when_it_is_done(server: str) -> None:
    queue = await new_queue(server)
    batches = SqsMemoryQueue(queue.url, poll=AT_ONCE)
    assert await batches.receive() is None
    assert await batches.send(IDS[:3])
    received = await batches.receive()
    assert received is not None
    assert (received.conversation_ids, received.times_received) == (tuple(IDS[:3]), 1)
    assert await queue.counts() == (0, 1, 0)
    assert await batches.receive() is None, "it is in somebody's hands"
    await batches.hold_on(received)
    await batches.done(received)
    assert await queue.counts() == (0, 0, 0)


async def test_the_message_is_the_one_that_is_documented(server: str) -> None:
    assert json.loads(written([1, 2])) == {"task_type": "GENERATE_MEMORY_BATCH", "conversation_ids": [1, 2]}


async def test_a_batch_that_is_given_back_comes_again_and_is_put_aside_in_the_end(server: str) -> None:
    queue = await new_queue(server, most_receives=2)
    batches = SqsMemoryQueue(queue.url, poll=AT_ONCE)
    await batches.send(IDS[:1])
    async with batches.open():
        for times in (1, 2):
            received = await batches.receive()
            assert received is not None
            assert received.times_received == times
            await batches.give_back(received)
        assert await batches.receive() is None
    assert await queue.counts() == (0, 0, 1)


@pytest.mark.parametrize("body", ["hello", "[1]", '{"task_type": "OTHER"}', '{"task_type": "GENERATE_MEMORY_BATCH"}'])
async def test_a_message_that_is_none_of_ours_is_left_to_the_dead_letters(server: str, body: str) -> None:
    queue = await new_queue(server, most_receives=1)
    await queue.put(body)
    batches = SqsMemoryQueue(queue.url, poll=AT_ONCE, held_for=AT_ONCE)
    assert await batches.receive() is None
    assert await batches.receive() is None
    assert await queue.counts() == (0, 0, 1)


async def test_all_conversations_go_in_one_message_as_far_as_the_queue_takes_it(server: str) -> None:
    roomy, narrow = await new_queue(server), await new_queue(server, attributes={"MaximumMessageSize": "4096"})
    assert len(await SqsMemoryQueue(roomy.url).batches(IDS[:MOST_IN_A_MESSAGE])) == 1
    parts = await SqsMemoryQueue(narrow.url).batches(IDS[:400])
    assert len(parts) == 2
    assert [conversation_id for part in parts for conversation_id in part] == IDS[:400]
    for part in parts:
        assert len(written(part)) <= 4_096
        await SqsMemoryQueue(narrow.url).send(part)
    assert await SqsMemoryQueue(narrow.url).batches([]) == []


async def test_more_than_one_worker_can_do_in_time_goes_in_several_messages(server: str) -> None:
    queue = await new_queue(server)
    parts = await SqsMemoryQueue(queue.url).batches(IDS[: 2 * MOST_IN_A_MESSAGE + 1])
    assert [len(part) for part in parts] == [MOST_IN_A_MESSAGE, MOST_IN_A_MESSAGE, 1]


@pytest.mark.parametrize("max_bytes", [70, 71, 100, 1_000])
def test_messages_are_as_full_as_they_can_be(max_bytes: int) -> None:
    parts = packed([*range(1, 200)], max_bytes)
    assert [conversation_id for part in parts for conversation_id in part] == [*range(1, 200)]
    for part, after in zip(parts, [*parts[1:], [0]], strict=True):
        assert len(written(part)) <= max_bytes
        assert after == [0] or len(written([*part, after[0]])) > max_bytes


@pytest.mark.parametrize("ids", [[1, "2"], [True], [1.5], {"1": 1}, None])
def test_ids_that_are_none_make_a_strange_message(ids: object) -> None:
    assert read(json.dumps({"task_type": "GENERATE_MEMORY_BATCH", "conversation_ids": ids})) is None


async def test_a_queue_that_is_not_there_is_the_operators_to_change(server: str) -> None:
    batches = SqsMemoryQueue(f"{server}/123456789012/nowhere", poll=AT_ONCE)
    assert await batches.batches([1]) == [[1]]
    with pytest.raises(SettingsError, match="MEMORY_QUEUE_URL: there is no such queue"):
        await batches.send([1])
    with pytest.raises(SettingsError):
        await batches.receive()


async def test_missing_credentials_are_named(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    with pytest.raises(SettingsError, match="AWS_ACCESS_KEY_ID"):
        await SqsMemoryQueue(f"{server}/1/q").send([1])


async def test_a_server_that_is_away_is_unavailable() -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("AWS_ACCESS_KEY_ID", "key")
        patched.setenv("AWS_SECRET_ACCESS_KEY", "secret")
        patched.setenv("AWS_MAX_ATTEMPTS", "1")
        with pytest.raises(QueueUnavailableError):
            await SqsMemoryQueue("http://127.0.0.1:9/1/q").send([1])


async def test_without_the_package_the_install_line_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "aiobotocore.session", None)
    with pytest.raises(SettingsError, match=r"requirements-extras\.txt"):
        await SqsMemoryQueue("http://127.0.0.1:9/1/q").send([1])


def test_every_error_of_botocore_has_its_place() -> None:
    # Faults in botocore's own description of a service, and warnings, are no answers of a queue.
    others = (exceptions.UndefinedModelAttributeError, Warning)
    roots = (exceptions.BotoCoreError, exceptions.ClientError, *others)
    classes = [each for each in vars(exceptions).values() if isinstance(each, type) and issubclass(each, Exception)]
    assert [each.__name__ for each in classes if not issubclass(each, roots)] == []
    for code in ("Throttling", "InternalFailure", "ServiceUnavailable"):
        assert isinstance(translated(exceptions.ClientError({"Error": {"Code": code}}, "x")), QueueUnavailableError)
    assert isinstance(translated(exceptions.ProfileNotFound(profile="x")), SettingsError)
    assert isinstance(translated(exceptions.EndpointConnectionError(endpoint_url="x")), QueueUnavailableError)


@pytest.mark.parametrize(
    ("url", "region"),
    [
        ("https://sqs.eu-central-1.amazonaws.com/1/q", "eu-central-1"),
        ("https://sqs.us-gov-west-1.amazonaws.com/1/q", "us-gov-west-1"),
        ("https://vpce-1.sqs.eu-west-1.vpce.amazonaws.com/1/q", "eu-west-1"),
        ("https://us-west-2.queue.amazonaws.com/1/q", "us-west-2"),
        ("http://127.0.0.1:9324/1/q", "us-east-1"),
    ],
)
def test_the_address_names_the_region(url: str, region: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_REGION", raising=False)
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    assert region_of(url) == region
