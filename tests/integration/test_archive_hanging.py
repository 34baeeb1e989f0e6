"""An archive storage that takes a request and never answers."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path

import pytest

from source.domain.conversation_head import ConversationState
from source.domain.errors import ArchiveUnavailableError
from source.services import archived_transcripts
from tests.fakes.archive_bench import REQUEST, ArchiveBench, archive_bench
from tests.fakes.blobs import InMemoryBlobs

Act = Callable[[ArchiveBench, int], Coroutine[None, None, object]]


class HangingBlobs(InMemoryBlobs):
    """Answers nothing while `hangs`."""

    hangs = False

    async def _reached(self) -> None:
        if self.hangs:
            await asyncio.Event().wait()
        await super()._reached()


@pytest.fixture
def storage() -> HangingBlobs:
    return HangingBlobs()


@pytest.fixture
async def bench(tmp_path: Path, storage: HangingBlobs, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ArchiveBench]:
    monkeypatch.setattr(archived_transcripts, "_MOST_SECONDS_HELD", 0.05)
    async with archive_bench(f"sqlite:///{tmp_path / 'echo.db'}", tmp_path, storage) as bench:
        yield bench


async def archive(bench: ArchiveBench, key: int) -> object:
    return await bench.archive.archive(key, REQUEST)


async def restore(bench: ArchiveBench, key: int) -> object:
    return await bench.archive.restore(key)


async def delete(bench: ArchiveBench, key: int) -> object:
    return await bench.deletion.delete(key)


@pytest.mark.parametrize(("before", "act"), [(None, archive), (None, delete), (archive, restore), (archive, delete)])
async def test_nobody_waits_for_a_storage_that_hangs(
    bench: ArchiveBench, storage: HangingBlobs, before: Act | None, act: Act
) -> None:
    key = await bench.ended("One", thread_id="kitchen")
    if before is not None:
        await before(bench, key)
    was = await bench.stored(key)
    storage.hangs = True
    acting = asyncio.create_task(act(bench, key))
    async with asyncio.timeout(10):
        with pytest.raises(ArchiveUnavailableError, match="does not answer"):
            await acting
        await bench.say("Are you there?", thread_id="kitchen")
    assert await bench.stored(key) == was
    storage.hangs = False
    await act(bench.restarted(), key)


async def test_resuming_goes_on_beside_a_storage_that_hangs(bench: ArchiveBench, storage: HangingBlobs) -> None:
    key = await bench.ended("One")
    await archive(bench, key)
    storage.hangs = True
    async with asyncio.timeout(10), bench.manager.turn((await bench.stored(key)).head.thread) as seat:
        assert await bench.opening.resume(seat, key) is not None
    assert await bench.state(key) is ConversationState.ACTIVE


async def test_who_stands_in_line_for_the_thread_does_not_wait_for_each_of_many(
    bench: ArchiveBench, storage: HangingBlobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = [await bench.ended(f"Number {number}", thread_id="kitchen") for number in range(8)]
    storage.hangs = True
    asked: list[str] = []
    put = storage.put

    async def counted(name: str, data: bytes) -> None:
        asked.append(name)
        await put(name, data)

    monkeypatch.setattr(storage, "put", counted)
    monkeypatch.setattr(archived_transcripts, "_MOST_SECONDS_HELD", 2.0)
    async with asyncio.timeout(10):
        outcomes = await asyncio.gather(*(archive(bench, key) for key in keys), return_exceptions=True)
    assert [type(each) for each in outcomes] == [ArchiveUnavailableError] * 8
    assert len(asked) == 1
