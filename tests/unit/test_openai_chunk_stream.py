import asyncio
from collections.abc import AsyncIterator

import httpx2
import pytest

from source.adapters.llm.openai_connection import ChunkStream
from source.adapters.llm.openai_errors import Asked
from source.domain.errors import ContextTooLongError, ModelRefusedError, ModelUnavailableError

ONE, TWO = b'data: {"id": 1}\n\n', b'data: {"id": 2}\n\n'
DONE = b"data: [DONE]\n\n"
AT_ONCE_SECONDS = 0.05
PATIENT_SECONDS = 10.0


class Wire(httpx2.AsyncByteStream):
    """An answer's bytes; it notes whether it was read to its end, left by its reader, and closed."""

    def __init__(self, *pieces: bytes, then: AsyncIterator[bytes] | None = None) -> None:
        self._pieces = pieces
        self._then = then
        self.was_read = False
        self.was_left = False
        self.was_closed = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            for piece in self._pieces:
                await asyncio.sleep(0)
                yield piece
            if self._then is not None:
                async for piece in self._then:
                    yield piece
            self.was_read = True
        finally:
            self.was_left = True

    async def aclose(self) -> None:
        self.was_closed = True


async def comments() -> AsyncIterator[bytes]:
    while True:
        await asyncio.sleep(0.001)
        yield b": keep alive\n\n"


async def silence() -> AsyncIterator[bytes]:
    await asyncio.Event().wait()
    yield b""


async def a_broken_connection() -> AsyncIterator[bytes]:
    yield b""
    raise httpx2.ReadError("reset")


def chunks(wire: Wire) -> ChunkStream:
    request = httpx2.Request("POST", "http://api.test/v1/chat/completions")
    return ChunkStream(httpx2.Response(200, stream=wire, request=request), Asked("gpt-test", "api.test"))


async def following(stream: ChunkStream, *, seconds: float = PATIENT_SECONDS) -> object | None:
    return await stream.next(deadline=asyncio.get_running_loop().time() + seconds)


async def test_chunks_of_one_piece_come_one_by_one_before_what_is_broken_behind_them() -> None:
    stream = chunks(Wire(ONE + TWO + b"data: {broken\n\n"))

    assert [await following(stream), await following(stream)] == [{"id": 1}, {"id": 2}]
    with pytest.raises(ModelUnavailableError):
        await following(stream)


async def test_a_chunk_in_many_pieces_is_put_together() -> None:
    whole = 'data: {"text": "é😀"}\n\n'.encode()
    stream = chunks(Wire(*(bytes([byte]) for byte in whole)))

    assert await following(stream) == {"text": "é😀"}


async def test_the_end_is_the_end_mark_or_the_end_of_the_bytes() -> None:
    for wire in (Wire(ONE), Wire(ONE + DONE), Wire(ONE, DONE, TWO), Wire(ONE + DONE + TWO)):
        stream = chunks(wire)

        assert [await following(stream), await following(stream), await following(stream)] == [{"id": 1}, None, None]
        assert wire.was_read
        assert wire.was_closed


async def test_a_chunk_that_the_end_cuts_off_is_none() -> None:
    assert await following(chunks(Wire(ONE[:-1]))) is None


@pytest.mark.parametrize("rest", [silence(), a_broken_connection()], ids=["silence", "broken"])
async def test_what_follows_the_end_mark_harms_nothing(rest: AsyncIterator[bytes]) -> None:
    stream = chunks(Wire(ONE + DONE, then=rest))

    assert await following(stream) == {"id": 1}
    assert await following(stream) is None


async def test_comments_are_no_sign_of_the_model() -> None:
    stream = chunks(Wire(ONE, then=comments()))
    await following(stream)

    with pytest.raises(ModelUnavailableError, match="nothing for too long"):
        await following(stream, seconds=AT_ONCE_SECONDS)


async def test_what_has_come_already_needs_no_more_time() -> None:
    stream = chunks(Wire(ONE + TWO, then=silence()))
    await following(stream)

    assert await following(stream, seconds=-1) == {"id": 2}


@pytest.mark.parametrize(
    "event",
    [
        b"{not JSON",
        b"\xff\xfe{\x00}\x00",
        b'{"text": "\xff"}',
        b"[" * 200_000,
        b'{"error": {"message": "overloaded: what Ana said"}}',
        b'{"error": "overloaded: what Ana said"}',
        b'{"error": true, "choices": []}',
    ],
    ids=["no JSON", "UTF-16", "no UTF-8", "too deep", "error", "error in words", "error without words"],
)
async def test_what_is_no_chunk_is_a_broken_answer_without_its_text(event: bytes) -> None:
    with pytest.raises(ModelUnavailableError, match="broken answer") as raised:
        await following(chunks(Wire(b"data: " + event + b"\n\n")))

    assert "Ana" not in str(raised.value)


@pytest.mark.parametrize(
    ("problem", "kind"),
    [
        (b'{"message": "no", "code": "context_length_exceeded"}', ContextTooLongError),
        (b'{"message": "the prompt is too long", "type": "x", "param": 3}', ContextTooLongError),
        (b'"maximum context length is 8192 tokens"', ContextTooLongError),
        (b'{"message": "Insufficient balance", "code": 402}', ModelRefusedError),
    ],
)
async def test_an_error_in_the_stream_is_told_apart(problem: bytes, kind: type[Exception]) -> None:
    with pytest.raises(kind):
        await following(chunks(Wire(b'data: {"error": ' + problem + b"}\n\n")))


@pytest.mark.parametrize("nothing", [b"null", b"{}", b'""', b"false"])
async def test_an_error_that_is_empty_is_none(nothing: bytes) -> None:
    assert await following(chunks(Wire(b'data: {"id": 1, "error": ' + nothing + b"}\n\n"))) is not None


async def test_a_connection_that_breaks_is_unavailable() -> None:
    stream = chunks(Wire(ONE, then=a_broken_connection()))
    await following(stream)

    with pytest.raises(ModelUnavailableError, match="cannot be reached"):
        await following(stream)


@pytest.mark.parametrize("read", [0, 1])
async def test_closing_closes_what_was_not_read_to_its_end(read: int) -> None:
    wire = Wire(ONE, TWO, then=silence())
    stream = chunks(wire)
    for _ in range(read):
        await following(stream)

    await stream.close()

    assert wire.was_closed
    assert wire.was_left is (read > 0)
    assert not wire.was_read
