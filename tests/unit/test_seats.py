"""One at a time changes a thread's conversation."""

import asyncio

from source.domain.thread import Platform, ThreadKey
from source.services.seats import Seats

ONE = ThreadKey(Platform.TERMINAL, "one")
OTHER = ThreadKey(Platform.TERMINAL, "other")


async def test_everybody_has_left_once_those_are_gone_who_sat_or_waited() -> None:
    seats = Seats()
    order: list[str] = []
    may_leave, may_leave_later = asyncio.Event(), asyncio.Event()

    async def sit(key: ThreadKey, name: str, may_leave: asyncio.Event) -> None:
        async with seats.hold(key):
            await may_leave.wait()
            order.append(name)

    async with asyncio.TaskGroup() as tasks:
        for key, name in ((ONE, "sat"), (ONE, "waited"), (OTHER, "sat elsewhere")):
            tasks.create_task(sit(key, name, may_leave))
        await asyncio.sleep(0)
        left = tasks.create_task(seats.left())
        await asyncio.sleep(0)
        tasks.create_task(sit(ONE, "came later", may_leave_later))
        may_leave.set()
        await left
        assert sorted(order) == ["sat", "sat elsewhere", "waited"]
        may_leave_later.set()
    assert len(seats) == 0


async def test_where_nobody_sits_nobody_is_waited_for() -> None:
    await Seats().left()
