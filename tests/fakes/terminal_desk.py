"""A terminal with keys to press."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from prompt_toolkit.application import create_app_session
from prompt_toolkit.input import PipeInput, create_pipe_input
from prompt_toolkit.output import DummyOutput

from source.adapters.terminal.interactive import InteractiveChat
from source.adapters.terminal.screen import StyledScreen
from tests.fakes.clock import FakeClock
from tests.fakes.terminal import PLACE, FakePartner, Terminal

CTRL_C = "\x03"
CTRL_D = "\x04"


class Desk:
    """A terminal with keys to press."""

    def __init__(self, keys: PipeInput) -> None:
        self.keys = keys
        self.out = Terminal()
        self.clock = FakeClock()

    @asynccontextmanager
    async def chat(self, partner: FakePartner) -> AsyncIterator["asyncio.Task[bool]"]:
        chat = InteractiveChat(partner, PLACE, StyledScreen(self.out), self.clock)
        task = asyncio.create_task(chat.run())
        yield task
        await task


@contextmanager
def a_desk() -> Iterator[Desk]:
    """Let the prompt read keys that are sent, and draw nowhere."""
    with create_pipe_input() as keys, create_app_session(input=keys, output=DummyOutput()):
        yield Desk(keys)
