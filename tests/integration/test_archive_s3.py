"""Archives in S3: a server that fails, breaks off, spoils and hangs in the middle of it all."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from source.adapters.blobs.cloud import CloudStorage
from source.domain.conversation_head import ConversationState
from source.domain.errors import ArchiveUnavailableError, SettingsError
from source.services.archive import Archived
from tests.fakes.archive_bench import REQUEST, ArchiveBench, archive_bench
from tests.fakes.s3 import BUCKET, Fault, FaultyS3, faulty_s3, give_credentials, s3_server

SHORT = timedelta(milliseconds=500)


@pytest.fixture(scope="module")
def upstream() -> Iterator[str]:
    with s3_server() as address:
        yield address


@pytest.fixture
async def s3(upstream: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FaultyS3]:
    give_credentials(monkeypatch)
    async with faulty_s3(upstream) as proxy:
        yield proxy


def storage_at(s3: FaultyS3, tmp_path: Path, *, bucket: str = BUCKET, patience: timedelta = SHORT) -> CloudStorage:
    url = f"s3://{bucket}/{tmp_path.name}"
    return CloudStorage(url, endpoint=s3.address, patience=patience, timeout=timedelta(seconds=2))


@pytest.fixture
async def bench(s3: FaultyS3, tmp_path: Path) -> AsyncIterator[ArchiveBench]:
    async with archive_bench(f"sqlite:///{tmp_path / 'echo.db'}", tmp_path, storage_at(s3, tmp_path)) as bench:
        yield bench


async def names_in(bench: ArchiveBench) -> list[str]:
    return [blob.name async for blob in bench.storage.listed()]


async def test_what_comes_back_from_s3_is_byte_for_byte_what_went(bench: ArchiveBench) -> None:
    key = await bench.ended("Hi \u202e 世界", "x" * 100_000)
    before = bench.plain_files()
    assert await bench.archive.archive(key, REQUEST) is Archived.ARCHIVED
    archive = await bench.table.archive_of(key)
    assert archive is not None
    assert archive.location == f"{bench.storage.url}/{(await names_in(bench))[0]}"
    assert bench.plain_files() == {}
    assert (await bench.archive.restore(key)).remark == ""
    assert bench.plain_files() == before
    assert await names_in(bench) == []


@pytest.mark.parametrize("fault", [Fault.ERROR, Fault.LOST, Fault.DROPPED, Fault.CUT])
@pytest.mark.parametrize("method", ["PUT", "GET", "POST"])
async def test_a_request_that_fails_once_is_made_again(
    bench: ArchiveBench, s3: FaultyS3, fault: Fault, method: str
) -> None:
    key = await bench.ended()
    before = bench.plain_files()
    s3.methods = frozenset({method})
    s3.faults = [fault]
    assert await bench.archive.archive(key, REQUEST) is Archived.ARCHIVED
    s3.faults = [fault]
    assert (await bench.archive.restore(key)).remark == ""
    assert bench.plain_files() == before
    assert await names_in(bench) == []


@pytest.mark.parametrize("fault", [Fault.ERROR, Fault.LOST, Fault.DROPPED, Fault.HANGS])
async def test_a_server_that_fails_for_long_leaves_the_conversation_as_it_was(
    bench: ArchiveBench, s3: FaultyS3, fault: Fault
) -> None:
    key = await bench.ended()
    before = bench.plain_files()
    s3.always = fault
    with pytest.raises(ArchiveUnavailableError, match="nothing is lost"):
        await bench.archive.archive(key, REQUEST)
    assert (await bench.state(key), bench.plain_files()) == (ConversationState.ENDED, before)
    s3.always = None
    s3.released.set()
    assert await bench.archive.archive(key, REQUEST) is Archived.ARCHIVED
    assert len(await names_in(bench)) == 1


async def test_a_copy_that_is_read_back_wrong_is_not_relied_on(bench: ArchiveBench, s3: FaultyS3) -> None:
    key = await bench.ended()
    s3.methods, s3.always = frozenset({"GET"}), Fault.SPOILT
    with pytest.raises(ArchiveUnavailableError):
        await bench.archive.archive(key, REQUEST)
    assert await bench.state(key) is ConversationState.ENDED


async def test_a_copy_that_is_spoilt_later_is_written_again_from_the_store(bench: ArchiveBench, s3: FaultyS3) -> None:
    key = await bench.ended()
    before = bench.plain_files()
    await bench.archive.archive(key, REQUEST)
    s3.methods, s3.always = frozenset({"GET"}), Fault.SPOILT
    returned = await bench.archive.restore(key)
    assert "written again from the store" in returned.remark
    assert bench.plain_files() == before


async def test_what_s3_loses_in_the_middle_of_many_is_archived_by_the_next_run(
    bench: ArchiveBench, s3: FaultyS3
) -> None:
    keys = [await bench.ended(f"Number {number}") for number in range(12)]
    s3.faults, s3.always = [None] * 5, Fault.ERROR  # two requests each: of the third the first one alone
    outcomes = await asyncio.gather(*(bench.archive.archive(key, REQUEST) for key in keys[:1]))
    outcomes += await asyncio.gather(*(bench.archive.archive(key, REQUEST) for key in keys[1:2]))
    failures = await asyncio.gather(*(bench.archive.archive(key, REQUEST) for key in keys[2:]), return_exceptions=True)
    assert outcomes == [Archived.ARCHIVED] * 2
    assert {type(each) for each in failures} == {ArchiveUnavailableError}
    states = [await bench.state(key) for key in keys]
    assert states == [ConversationState.ARCHIVED] * 2 + [ConversationState.ENDED] * 10
    s3.faults, s3.always = [], None
    for key in keys:
        await bench.archive.archive(key, REQUEST)
        archive = await bench.table.archive_of(key)
        assert archive is not None
        await bench.archived.get(archive)
    assert bench.plain_files() == {}


async def test_a_bucket_that_is_not_there_is_told(s3: FaultyS3, tmp_path: Path) -> None:
    storage = storage_at(s3, tmp_path, bucket="no-such-bucket")
    for ask in (storage.put("a_1.json", b"x"), storage.get("a_1.json"), storage.delete("a_1.json")):
        with pytest.raises(ArchiveUnavailableError, match="make it, for Echo cannot"):
            await ask
    with pytest.raises(ArchiveUnavailableError, match="make it, for Echo cannot"):
        _ = [blob async for blob in storage.listed()]


async def test_an_endpoint_where_nobody_listens_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    give_credentials(monkeypatch)
    storage = CloudStorage(f"s3://{BUCKET}/x", endpoint="http://127.0.0.1:9", patience=SHORT)
    with pytest.raises(ArchiveUnavailableError, match="cannot be reached"):
        await storage.put("a_1.json", b"x")


@pytest.mark.parametrize("url", ["az://container/echo", "az://"])
async def test_a_storage_that_is_not_whole_is_told_when_it_is_used(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AZURE_STORAGE_ACCOUNT_NAME", "AZURE_STORAGE_ACCOUNT_KEY"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(ArchiveUnavailableError, match="az:"):
        await CloudStorage(url, patience=SHORT).put("a_1.json", b"x")


async def test_a_package_that_is_missing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "obstore.exceptions", None)
    with pytest.raises(SettingsError, match=r"requirements-extras\.txt"):
        await CloudStorage(f"s3://{BUCKET}/x").get("a_1.json")
