"""What every archive storage does."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from source.adapters.blobs.cloud import CloudStorage
from source.adapters.storage.blob_folder import BlobFolder
from source.ports.archives import BlobStorage
from tests.fakes.blobs import InMemoryBlobs
from tests.fakes.s3 import BUCKET, give_credentials, s3_server

NAMES = [
    "a_1.json.zst",
    "x%2Fy~0123456789abcdef-in-7_2.json",
    "2026-03-02_conversation-with-%C3%BC-in-discord_3.json.zst",
]


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with s3_server() as address:
        yield address


@pytest.fixture(params=["folder", "memory", "s3"])
def storage(
    request: pytest.FixtureRequest, tmp_path: Path, address: str, monkeypatch: pytest.MonkeyPatch
) -> BlobStorage:
    match request.param:
        case "folder":
            return BlobFolder(tmp_path / "not" / "yet", "archive", durable=False)
        case "memory":
            return InMemoryBlobs()
    give_credentials(monkeypatch)
    return CloudStorage(f"s3://{BUCKET}/{tmp_path.name}", endpoint=address, patience=timedelta(seconds=1))


async def names_in(storage: BlobStorage) -> dict[str, int]:
    return {blob.name: blob.size_bytes async for blob in storage.listed()}


async def test_what_is_put_comes_back_exactly(storage: BlobStorage) -> None:
    for name, data in zip(NAMES, [b"", bytes(range(256)), b"x" * 9_000_000], strict=True):
        await storage.put(name, data)
        assert await storage.get(name) == data


async def test_putting_again_replaces(storage: BlobStorage) -> None:
    await storage.put(NAMES[0], b"first, and longer")
    await storage.put(NAMES[0], b"second")
    assert await storage.get(NAMES[0]) == b"second"
    assert await names_in(storage) == {NAMES[0]: 6}


async def test_what_is_not_there_is_none_and_can_be_deleted(storage: BlobStorage) -> None:
    assert await storage.get(NAMES[0]) is None
    await storage.delete(NAMES[0])
    assert await names_in(storage) == {}


async def test_what_was_deleted_is_gone(storage: BlobStorage) -> None:
    await storage.put(NAMES[0], b"one")
    await storage.put(NAMES[1], b"two")
    await storage.delete(NAMES[0])
    assert await storage.get(NAMES[0]) is None
    assert await names_in(storage) == {NAMES[1]: 3}


async def test_everything_is_listed_once(storage: BlobStorage) -> None:
    names = [f"{number}_{number}.json" for number in range(1_100)]
    for start in range(0, len(names), 50):
        await asyncio.gather(*(storage.put(name, b"x") for name in names[start : start + 50]))
    found = [blob.name async for blob in storage.listed()]
    assert sorted(found) == sorted(names)
