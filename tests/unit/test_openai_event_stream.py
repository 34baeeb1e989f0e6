import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from source.adapters.llm.event_stream import EventSplitter


def fed(*pieces: bytes) -> list[bytes]:
    splitter = EventSplitter()
    return [event for piece in pieces for event in splitter.feed(piece)]


@pytest.mark.parametrize(
    ("stream", "events"),
    [
        (b"data: one\n\ndata: two\n\n", [b"one", b"two"]),
        (b"data:one\n\n", [b"one"]),
        (b"data:  one \n\n", [b" one "]),
        (b"data: one\r\n\r\ndata: two\r\n\r\n", [b"one", b"two"]),
        (b"data: one\r\rdata: two\r\r", [b"one", b"two"]),
        (b"data: one\n\r\ndata: two\r\n\r", [b"one", b"two"]),
        (b"\xef\xbb\xbfdata: one\n\n", [b"one"]),
        (b"data: one\ndata: two\n\n", [b"one\ntwo"]),
        (b"data: one\ndata\ndata:\ndata: two\n\n", [b"one\n\n\ntwo"]),
        (b": keep alive\n\ndata: one\n: in the middle\n\n", [b"one"]),
        (b"event: chunk\nid: 7\nretry: 10\ndata: one\n\n", [b"one"]),
        (b"database: no\ndata-: no\n data: no\ngarbage\n\xff\xfe\ndata: one\n\n", [b"one"]),
        (b"\n\n\ndata: one\n\n\n\n", [b"one"]),
    ],
)
def test_the_data_of_events_is_found(stream: bytes, events: list[bytes]) -> None:
    assert fed(stream) == events


@pytest.mark.parametrize(
    "stream", [b"", b"\n\n", b"event: ping\n\n", b"id: 1\n\n", b"data\n\n", b"data:\n\n", b": x\n\n"]
)
def test_an_event_without_data_is_none(stream: bytes) -> None:
    assert fed(stream) == []


@pytest.mark.parametrize("stream", [b"data: one", b"data: one\n", b"data: one\r\n"])
def test_an_event_that_its_blank_line_does_not_end_is_none(stream: bytes) -> None:
    assert fed(stream) == []


def test_an_event_comes_with_the_byte_that_ends_it() -> None:
    splitter = EventSplitter()

    assert splitter.feed(b"data: one\r\n") == []
    assert splitter.feed(b"\r") == [b"one"]
    assert splitter.feed(b"\n") == []


def test_a_byte_order_mark_is_one_only_at_the_beginning() -> None:
    assert fed(b"data: one\n\n", b"\xef\xbb\xbfdata: two\n\n", b"data: \xef\xbb\xbf\n\n") == [b"one", b"\xef\xbb\xbf"]


LINES = st.sampled_from(["data: a", "data:é😀", "data", "data: ", "event: e", ": c", "", "", "x", "data: [DONE]"])
ENDS = st.sampled_from(["\n", "\r\n", "\r"])


@given(lines=st.lists(LINES, max_size=12), end=ENDS, marked=st.booleans(), cuts=st.lists(st.integers(0, 200)))
def test_it_does_not_matter_where_the_bytes_are_cut(lines: list[str], end: str, marked: bool, cuts: list[int]) -> None:
    stream = "".join(line + end for line in lines).encode("utf-8-sig" if marked else "utf-8")
    places = [0, *sorted(cut for cut in cuts if cut < len(stream)), len(stream)]
    pieces = [stream[start:stop] for start, stop in itertools.pairwise(places)]

    assert fed(*pieces) == fed(stream) == fed(*(bytes([byte]) for byte in stream))


def test_a_long_event_in_many_pieces_is_put_together() -> None:
    said = b"x" * 1_000_000
    pieces = [said[start : start + 100] for start in range(0, len(said), 100)]

    assert fed(b"data: ", *pieces, b"\n\n") == [said]
