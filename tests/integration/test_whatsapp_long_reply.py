"""A long reply goes out at Meta's pace, in its order, and holds up nobody else."""

import asyncio
from pathlib import Path

from tests.fakes.clock import FakeClock
from tests.fakes.graph_server import FakeGraph
from tests.fakes.whatsapp_echo import whatsapp_echo


async def test_a_reply_of_nine_thousand_characters_goes_piece_by_piece_while_others_are_answered(
    tmp_path: Path,
) -> None:
    graph = FakeGraph(clock=FakeClock())
    graph.rates.burst = 2
    ada, ben = graph.people.add("Ada"), graph.people.add("Ben")
    async with whatsapp_echo(tmp_path, graph=graph) as echo:
        text = " ".join(f"sentence {number}." for number in range(680))
        echo.model.add(text)
        await echo.brings(echo.phone(ada).text("Tell me everything"))
        await graph.answers(ada, 2)
        await graph.until(lambda: graph.rates.exceeded == 1)  # sooner than Meta lets it go
        await echo.says(ben, "Hello")
        assert len(ada.received) == 2
        while len(ada.received) < 3:
            await asyncio.sleep(0.01)
            echo.clock.advance(seconds=1)
        assert len(text) > 9_000
        assert " ".join(ada.texts).split() == text.split()
        assert echo.clock.monotonic() >= 6
        assert graph.rates.exceeded == 1
