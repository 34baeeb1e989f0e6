"""How fast conversations are archived and brought back, and whether each comes back byte for byte.

Baseline: a loop over the same files that compresses each with Zstandard at the same level and deletes it, and back;
no store, no check, nothing that survives a power cut.
"""

import asyncio
import hashlib
import logging
import os
import shutil
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks import measure
from benchmarks.made_up import made_up
from source.adapters.blobs.zstandard import Zstandard
from source.adapters.llm.offline import OfflineModel
from source.app.composition import open_echo
from source.app.echo import Echo
from source.domain.conversation_head import ConversationState, StoredConversation
from source.domain.thread import PersonRef, Platform, ThreadRef
from source.domain.turn import InboundMessage
from source.services.archive import ArchiveRequest
from source.services.side_by_side import each_for_itself
from tests.fakes.s3 import BUCKET, CREDENTIALS, s3_server

_CONVERSATIONS, _QUICK_CONVERSATIONS = 10_000, 20
_IN_S3, _QUICK_IN_S3 = 1_000, 8
_MESSAGES = 20
_A_PIECE = 25
_REQUEST = ArchiveRequest(by="benchmark")


@dataclass(frozen=True, slots=True)
class _Lap:
    """What doing it for all conversations took: by the clock, and of all processors."""

    seconds: float
    busy_seconds: float


@dataclass(frozen=True, slots=True)
class _Figures:
    """Both ways, and what the transcripts took before and after."""

    away: _Lap
    back: _Lap
    plain_bytes: int
    stored_bytes: int


@contextmanager
def _lap() -> Iterator[list[_Lap]]:
    """Measure the block; the lap is in the list once it has ended."""
    measured: list[_Lap] = []
    watch, busy = measure.Stopwatch(), time.process_time()
    yield measured
    measured.append(_Lap(watch.lap(), time.process_time() - busy))


async def _fill(echo: Echo, many: int) -> list[int]:
    """Put ended conversations into the store and their transcripts into the folder."""
    now = datetime.now(UTC) - timedelta(days=100)
    keys: list[int] = []
    for start in range(0, many, 200):
        batch = [_ended(made_up(start + number, _MESSAGES, last_at=now, ids=echo.store.ids)) for number in range(200)]
        batch = batch[: many - start]
        await echo.store.restore(batch)
        await asyncio.gather(*(echo.archives.files.save(conversation) for conversation in batch))
        keys += [conversation.head.conversation_id for conversation in batch]
    return keys


def _ended(conversation: StoredConversation) -> StoredConversation:
    head = replace(conversation.head, state=ConversationState.ENDED, ended_at=conversation.head.updated_at)
    return replace(conversation, head=head)


def _digests(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.glob("*.json")}


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.glob("*.json"))


async def _all(keys: list[int], act: Callable[[int], Awaitable[object]]) -> _Lap:
    """Do it for all, piece by piece as the task does."""
    with _lap() as measured:
        for start in range(0, len(keys), _A_PIECE):
            outcomes = await each_for_itself(keys[start : start + _A_PIECE], act)
            assert not outcomes.failed, outcomes.failed
    return measured[0]


async def _through_echo(folder: Path, many: int, **settings: object) -> _Figures:
    chosen = measure.settings_in(folder, **settings)
    async with open_echo(chosen, model=OfflineModel()) as echo:
        keys = await _fill(echo, many)
        before = _digests(folder)
        assert len(before) == many
        size = _size(folder)
        away = await _all(keys, lambda key: echo.archive.archive(key, _REQUEST))
        assert not _digests(folder)
        archives = await echo.archives.table.archived(limit=many)
        back = await _all(keys, echo.archive.restore)
        assert _digests(folder) == before, "a transcript is not as it was"
        return _Figures(away, back, size, sum(each.archive.stored_bytes for each in archives))


async def _naive(folder: Path, many: int) -> _Figures:
    async with open_echo(measure.settings_in(folder), model=OfflineModel()) as echo:
        await _fill(echo, many)
    return _bare_loop(folder)


def _bare_loop(folder: Path) -> _Figures:
    before, archive = _digests(folder), folder / "put away"
    size = _size(folder)
    archive.mkdir()
    zstandard = Zstandard()
    with _lap() as away:
        for path in folder.glob("*.json"):
            (archive / f"{path.name}.zst").write_bytes(zstandard.compress(path.read_bytes()))
            path.unlink()
    stored = sum(path.stat().st_size for path in archive.iterdir())
    with _lap() as back:
        for path in archive.iterdir():
            content = zstandard.decompress(path.read_bytes(), max_bytes=1_000_000_000)
            (folder / path.name.removesuffix(".zst")).write_bytes(content)
            path.unlink()
    shutil.rmtree(archive)
    assert _digests(folder) == before
    return _Figures(away[0], back[0], size, stored)


@contextmanager
def _s3() -> Iterator[dict[str, object]]:
    """Yield the settings of an S3 on this machine."""
    with s3_server() as address:
        os.environ.update(CREDENTIALS)
        logging.getLogger("werkzeug").setLevel(logging.WARNING)
        yield {"archive_storage": f"s3://{BUCKET}/benchmark", "archive_storage_endpoint": address}


async def _cleaned_up(folder: Path, many: int) -> list[tuple[str, str]]:
    """Delete all conversations and give the space back, with somebody talking meanwhile."""
    async with open_echo(measure.settings_in(folder), model=OfflineModel()) as echo:
        keys = await _fill(echo, many)
        waits: list[float] = []
        stop = asyncio.Event()
        talking = asyncio.create_task(_talk(echo, waits, stop))
        deleting = await _all(keys, echo.deletion.delete)
        while_deleting, waits[:] = sorted(waits), []
        watch = measure.Stopwatch()
        freed = await echo.archives.housekeeping.give_back_space(within=timedelta(minutes=5))
        giving = watch.lap()
        stop.set()
        await talking
    return [
        ("deleting everywhere", f"{many / deleting.seconds:,.0f}/s"),
        ("a message accepted meanwhile, slowest", measure.duration(while_deleting[-1])),
        ("space given back", f"{(freed.before_bytes - freed.after_bytes) / 1e6:.1f} MB in {measure.duration(giving)}"),
        ("a message accepted meanwhile, slowest ", measure.duration(max(waits, default=0.0))),
    ]


async def _talk(echo: Echo, waits: list[float], stop: asyncio.Event) -> None:
    """Have messages accepted one after the other."""
    number = 0
    while not stop.is_set():
        number += 1
        thread, person = ThreadRef(Platform.TERMINAL, "talking"), PersonRef("bo", "Bo")
        watch = measure.Stopwatch()
        await echo.store.accept(InboundMessage(f"talk-{number}", thread, person, "Hello", datetime.now(UTC)))
        waits.append(watch.lap())
        await asyncio.sleep(0.002)


def _row(name: str, figures: _Figures, many: int, naive: _Figures | None) -> tuple[str, ...]:
    shown = [name]
    for lap, bare in ((figures.away, naive and naive.away), (figures.back, naive and naive.back)):
        shown += [f"{many / lap.seconds:,.0f}/s", measure.duration(lap.busy_seconds / many)]
        shown.append(measure.ratio(lap.busy_seconds, bare.busy_seconds) if bare else "")
    return (*shown, f"{figures.stored_bytes / figures.plain_bytes:.0%}")


async def _compare(*, quick: bool) -> None:
    many, in_s3 = (_QUICK_CONVERSATIONS, _QUICK_IN_S3) if quick else (_CONVERSATIONS, _IN_S3)
    rows: list[tuple[str, ...]] = []
    with measure.temporary_folder() as folder:
        measure.progress(f"a bare loop, {many:,} conversations")
        naive = await _naive(folder, many)
        rows.append(_row("bare loop", naive, many, None))
    for durability in ("normal", "full"):
        with measure.temporary_folder() as folder:
            measure.progress(f"{many:,} conversations, DURABILITY={durability}")
            figures = await _through_echo(folder, many, durability=durability)
            rows.append(_row(f"local disk, DURABILITY={durability}", figures, many, naive))
    with measure.temporary_folder() as folder, _s3() as settings:
        measure.progress(f"{in_s3:,} conversations in S3")
        rows.append(_row(f"S3 (moto), {in_s3:,}", await _through_echo(folder, in_s3, **settings), in_s3, None))
    heads = ("", "archived", "processor", "ratio", "restored", "processor", "ratio", "size")
    print(measure.Table(heads, rows), "\n")
    print(f"Every one of {many:,} transcripts came back byte for byte, as did those from S3.\n")
    with measure.temporary_folder() as folder:
        measure.progress("cleaning up beside somebody who talks")
        print(measure.Table(("clean-up", ""), await _cleaned_up(folder, many)))


def main() -> None:
    chosen = measure.options(__doc__).parse_args()
    measure.begin(f"Archiving conversations of {_MESSAGES} messages")
    asyncio.run(_compare(quick=chosen.quick))


if __name__ == "__main__":
    main()
