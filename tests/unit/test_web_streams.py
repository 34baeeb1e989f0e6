"""Streams that are ended, and tasks that are cancelled for other reasons."""

import asyncio

import pytest

from source.adapters.web.streams import OpenStreams


async def running(streams: OpenStreams, begun: asyncio.Event) -> bool:
    """Be a request that streams for ever."""
    task = asyncio.current_task()

    async def work() -> None:
        streams.note(task)
        begun.set()
        await asyncio.Event().wait()

    return await streams.is_answered(task, work())


@pytest.fixture
async def begun() -> asyncio.Event:
    return asyncio.Event()


async def test_a_stream_that_is_ended_says_so_and_goes_on(begun: asyncio.Event) -> None:
    streams = OpenStreams()
    request = asyncio.create_task(running(streams, begun))
    await begun.wait()
    streams.end_all()
    streams.end_all()
    assert await request is False
    await streams.none_open()


async def test_a_request_that_is_cancelled_by_somebody_else_stays_cancelled(begun: asyncio.Event) -> None:
    streams = OpenStreams()
    request = asyncio.create_task(running(streams, begun))
    await begun.wait()
    request.cancel()
    with pytest.raises(asyncio.CancelledError):
        await request


async def test_ending_a_stream_hides_no_cancellation(begun: asyncio.Event) -> None:
    streams = OpenStreams()
    request = asyncio.create_task(running(streams, begun))
    await begun.wait()
    streams.end_all()
    request.cancel()
    with pytest.raises(asyncio.CancelledError):
        await request
    await streams.none_open()
