"""A chat over a pipe: each line is one turn, replies are all that is written to standard output."""

from typing import BinaryIO

from source.adapters.terminal.live_reply import TerminalChannel
from source.adapters.terminal.partner import Partner, Place
from source.adapters.terminal.screen import PlainScreen
from source.adapters.terminal.stdin_lines import LONGEST_LINE_BYTES, StdinLines
from source.adapters.terminal.visit import Visit
from source.domain.errors import RefusedInputError
from source.ports.clock import Clock


class PipedChat:
    """Answers line after line until the pipe ends."""

    def __init__(self, partner: Partner, place: Place, screen: PlainScreen, clock: Clock) -> None:
        self._partner = partner
        self._place = place
        self._screen = screen
        self._visit = Visit(partner, place, screen, clock)

    async def run(self, stdin: BinaryIO, *, recovery: PlainScreen) -> bool:
        """Return whether every line was answered; what an earlier process left is written to `recovery`."""
        await self._partner.recover(TerminalChannel(recovery, self._place.thread.key))
        number = 0
        async for line in StdinLines(stdin).lines():
            number += 1
            if not await self._take(line, number) or self._screen.is_gone:
                break
        return not self._screen.failures and not self._screen.is_gone

    async def _take(self, line: bytes, number: int) -> bool:
        try:
            text = _decoded(line)
        except RefusedInputError as error:
            self._screen.problem(f"Line {number} is left out: {error}")
            return True
        return await self._visit.take(text) if text.strip() else True


def _decoded(line: bytes) -> str:
    if len(line) > LONGEST_LINE_BYTES:
        raise RefusedInputError(f"it is longer than {LONGEST_LINE_BYTES:,} bytes.")
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError as error:
        raise RefusedInputError(f"it is not UTF-8 (byte {error.start + 1} of the line).") from error
