"""Server-sent events, cut out of an answer's bytes (HTML standard, 9.2.6, Interpreting an event stream)."""

_BOM = b"\xef\xbb\xbf"


class EventSplitter:
    """Takes bytes as they come and gives the data of every event that is whole; names, ids and comments are dropped.

    Bytes, because a character may be split over two pieces, and line ends are the same in all of them.
    """

    def __init__(self) -> None:
        self._begun = False
        self._after_cr = False
        self._part: list[bytes] = []
        self._data: list[bytes] = []

    def feed(self, piece: bytes) -> list[bytes]:
        """Return the data of the events that `piece` completes; the rest is kept for the next one."""
        piece = self._with_plain_ends(piece)
        if b"\n" not in piece:
            self._part.append(piece)
            return []
        lines = b"".join((*self._part, piece)).split(b"\n")
        self._part = [lines.pop()]
        if not self._begun:
            self._begun = True
            lines[0] = lines[0].removeprefix(_BOM)
        return self._whole_events(lines)

    def _with_plain_ends(self, piece: bytes) -> bytes:
        """Make every line end an LF; a CR ends its line at once, so that an LF that comes after it ends nothing."""
        if self._after_cr and piece:
            piece = piece.removeprefix(b"\n")
            self._after_cr = False
        if b"\r" not in piece:
            return piece
        self._after_cr = piece.endswith(b"\r")
        return piece.replace(b"\r\n", b"\n").replace(b"\r", b"\n")

    def _whole_events(self, lines: list[bytes]) -> list[bytes]:
        events = []
        for line in lines:
            if line.startswith(b"data:"):
                self._data.append(line[6:] if line.startswith(b" ", 5) else line[5:])
            elif not line and self._data:
                events.append(b"\n".join(self._data))
                self._data.clear()
            elif line == b"data":
                self._data.append(b"")
        return [event for event in events if event]
