"""Replies cut into chunks, whole or while they are being written."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from source.domain.reply_text.chunk import Chunk, Room
from source.domain.reply_text.cutting import Cutter, shown
from source.domain.reply_text.place import Place, content_start

# With less room, repeated fences and tables would leave none for the text.
LEAST_LIMIT = 40


def split(text: str, limit: int) -> list[Chunk]:
    """Cut `text` into chunks of at most `limit` UTF-16 code units; none when nothing in it is visible.

    Raises: ValueError: `limit` is less than LEAST_LIMIT.
    """
    splitter = ReplySplitter(limit)
    splitter.feed(text)
    return splitter.finish()


@dataclass(frozen=True, slots=True)
class _Begun:
    """A chunk that goes on: where its source begins, where what it shows begins, what is open there."""

    source: int
    content: int
    place: Place


class ReplySplitter:
    """Cuts a reply into chunks while it is being written: at any time `done` and `open` are `split` of what was fed."""

    def __init__(self, limit: int) -> None:
        """Raises: ValueError: `limit` is less than LEAST_LIMIT."""
        if limit < LEAST_LIMIT:
            raise ValueError(f"A message of {limit} has no room for a reply; {LEAST_LIMIT} is the least.")
        self._room = Room(limit)
        self._done: list[Chunk] = []
        self._begun: _Begun | None = None
        self._pieces: list[str] = []
        self._length = 0
        self._visible = 0

    @property
    def done(self) -> Sequence[Chunk]:
        """The chunks that will never change, whatever comes."""
        return tuple(self._done)

    @property
    def open(self) -> Sequence[Chunk]:
        """The rest as it would be if the reply ended here: the chunk that grows and those before it that may change."""
        return tuple(self._rest())

    def feed(self, delta: str) -> None:
        """Take the next piece of the reply."""
        visible = len(delta.rstrip())
        if visible:
            self._visible = self._length + visible
        self._length += len(delta)
        self._pieces.append(delta)
        if self._is_decided(self._begun):
            self._settle()

    def finish(self) -> list[Chunk]:
        """Return all chunks of the reply."""
        return [*self._done, *self._rest()]

    def _is_decided(self, begun: _Begun | None) -> bool:
        """Whether enough is known of what follows `begun` to say where its chunk ends."""
        return self._visible - (begun.content if begun else 0) > self._room.reach

    def _settle(self) -> None:
        text = self._text()
        begun = self._begun or self._first(text)
        while self._is_decided(begun) and (found := self._cut(text, begun)):
            chunk, begun = found
            self._done.append(chunk)
        self._begun = _Begun(0, begun.content - begun.source, begun.place)
        self._pieces = [text[begun.source :]]
        self._length -= begun.source
        self._visible -= begun.source

    def _rest(self) -> Iterator[Chunk]:
        if not self._visible:
            return
        text = self._text()
        begun = self._begun or self._first(text)
        while found := self._cut(text, begun):
            chunk, begun = found
            yield chunk
        yield self._chunk(text, begun, self._length)

    def _text(self) -> str:
        self._pieces = ["".join(self._pieces)]
        return self._pieces[0]

    def _first(self, text: str) -> _Begun:
        return _Begun(0, content_start(text, 0, self._room, begins_line=True), Place())

    def _cut(self, text: str, begun: _Begun) -> tuple[Chunk, _Begun] | None:
        """Return the chunk that `begun` begins and where the next one does; None when it is the last."""
        window = text[begun.content : min(begun.content + self._room.reach, self._visible)]
        cut = Cutter(window, begun.place, self._room, is_part=self._is_decided(begun)).cut()
        if cut is None:
            return None
        end = begun.content + cut.at
        content = content_start(text, end, self._room)
        place = cut.place_after(text.count("\n", end, content))
        return self._chunk(text, begun, end), _Begun(end, content, place)

    def _chunk(self, text: str, begun: _Begun, end: int) -> Chunk:
        opened = begun.place.opened(self._room)
        seen = shown(opened, text[begun.content : end], self._room)
        return Chunk(seen.text, text[begun.source : end], opened, seen.closed)
