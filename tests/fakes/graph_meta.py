"""Meta's other direction: webhooks to Echo, signed, and again until they are answered 200."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from io import BytesIO
from types import TracebackType

import aiohttp

from tests.fakes.graph_coexistence import OwnersPhone
from tests.fakes.graph_disorder import with_other_bytes
from tests.fakes.graph_errors import Json
from tests.fakes.graph_items import Item, dumped, envelope, packed
from tests.fakes.graph_people import Person
from tests.fakes.graph_phone import Phone
from tests.fakes.graph_sending import Sent
from tests.fakes.graph_server import FakeGraph
from tests.fakes.graph_statuses import expected_statuses, status_item

_SIGNED = "signed"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One POST; `status` is None when no answer came in time, `seconds` is real time."""

    at: datetime
    status: int | None
    seconds: float


@dataclass(slots=True)
class Delivery:
    """A webhook with all that was tried to bring it."""

    raw: bytes
    attempts: list[Attempt] = field(default_factory=list)
    is_over: bool = False

    @property
    def is_answered(self) -> bool:
        return bool(self.attempts) and self.attempts[-1].status == 200


class Meta:
    """Posts webhooks to `url` with the app's secret.

    What is not answered 200 within `deadline` seconds comes again, after pauses on the graph's clock that double
    from `first_pause`. Meta: "for up to 7 days, with exponential backoff" (its older Graph pages say 36 hours).
    """

    def __init__(
        self,
        graph: FakeGraph,
        url: str,
        *,
        deadline: float = 5.0,
        first_pause: float = 5.0,
        patience: timedelta = timedelta(days=7),
    ) -> None:
        self.graph = graph
        self.url = url
        self.deliveries: list[Delivery] = []
        self.owner = OwnersPhone(graph.world)
        self._first_pause = first_pause
        self._patience = patience
        self._follows: tuple[str, ...] = ()
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=deadline))
        self._tasks: set[asyncio.Task[None]] = set()
        self._broken: list[Exception] = []
        graph.account.callback_url = url
        graph.world.listeners.append(self._tell_statuses)

    def phone(self, person: Person) -> Phone:
        return Phone(self.graph.world, person)

    def follow(self, *statuses: str) -> None:
        """From now on tell these of every message that is taken, in this order, and `failed` of what fails.

        They come as soon as the message is taken, perhaps before the answer to the request that brought it.
        """
        self._follows = statuses

    async def verify(self, verify_token: str | None = None, *, challenge: str = "1158201444") -> bool:
        """Ask the URL as Meta's dashboard does, with the right token if none is given: does it repeat the challenge?"""
        token = self.graph.account.verify_token if verify_token is None else verify_token
        query = {"hub.mode": "subscribe", "hub.challenge": challenge, "hub.verify_token": token}
        async with self._session.get(self.url, params=query) as response:
            return response.status == 200 and await response.text() == challenge

    async def post(self, *items: Item) -> Delivery:
        """Bring these in one POST with one entry; return after the first attempt, others follow by themselves."""
        return await self.post_bytes(dumped(packed(self.graph.account, items)))

    async def post_entries(self, *entries: Sequence[Sequence[Item]]) -> Delivery:
        """Bring entries of changes of items in one POST."""
        return await self.post_bytes(dumped(envelope(self.graph.account, *entries)))

    async def post_json(self, body: Json) -> Delivery:
        return await self.post_bytes(dumped(body))

    async def post_bytes(self, raw: bytes) -> Delivery:
        delivery = Delivery(raw)
        self.deliveries.append(delivery)
        await self._try(delivery)
        if not delivery.is_answered:
            self._start(self._insist(delivery, self.graph.clock.monotonic()))
        return delivery

    async def post_again(self, delivery: Delivery, *, seed: int = 0) -> Delivery:
        """Bring the same once more, in other bytes."""
        return await self.post_bytes(with_other_bytes(delivery.raw, seed))

    async def post_each(self, items: Iterable[Item], *, at_once: int = 1) -> list[Delivery]:
        """Bring each item in a POST of its own, so many at the same time; what comes again comes in other bytes."""
        places = asyncio.Semaphore(at_once)
        seen: Counter[int] = Counter()

        async def bring(item: Item, before: int) -> Delivery:
            raw = dumped(packed(self.graph.account, [item]))
            async with places:
                return await self.post_bytes(with_other_bytes(raw, before) if before else raw)

        async with asyncio.TaskGroup() as group:
            tasks = []
            for item in items:
                tasks.append(group.create_task(bring(item, seen[id(item)])))
                seen[id(item)] += 1
        return [task.result() for task in tasks]

    async def post_status(self, sent: Sent, *names: str) -> Delivery:
        """Bring these statuses of one message in one POST."""
        return await self.post(*(status_item(sent, name, self.graph.clock.now()) for name in names))

    async def knock(self, raw: bytes, *, signature: str | None = _SIGNED) -> int:
        """POST once, with any signature or none, and return the status: what somebody else than Meta may do."""
        headers = {} if signature is None else {"X-Hub-Signature-256": signature}
        if signature == _SIGNED:
            headers = {"X-Hub-Signature-256": self.signature_of(raw)}
        async with self._session.post(self.url, data=BytesIO(raw), headers=_json(headers)) as response:
            return response.status

    def signature_of(self, raw: bytes) -> str:
        """HMAC-SHA256 of the raw bytes with the app's secret."""
        return "sha256=" + hmac.new(self.graph.account.app_secret.encode(), raw, hashlib.sha256).hexdigest()

    async def until(self, condition: Callable[[], object], *, patience: float = 10.0) -> None:
        """Return when the condition holds; it is looked at after every attempt, call and message."""
        await self.graph.until(condition, patience=patience)

    async def __aenter__(self) -> Meta:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.graph.world.listeners.remove(self._tell_statuses)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._session.close()
        if error is None and self._broken:
            raise ExceptionGroup("what Meta does by itself failed", self._broken)

    async def _try(self, delivery: Delivery) -> None:
        started, at = time.perf_counter(), self.graph.clock.now()
        headers = _json({"X-Hub-Signature-256": self.signature_of(delivery.raw)})
        status: int | None = None
        try:
            async with self._session.post(self.url, data=BytesIO(delivery.raw), headers=headers) as response:
                await response.read()
                status = response.status
        except (aiohttp.ClientError, TimeoutError):
            status = None
        delivery.attempts.append(Attempt(at, status, time.perf_counter() - started))
        delivery.is_over = delivery.is_over or status == 200
        self.graph.world.note_change()

    async def _insist(self, delivery: Delivery, failed_at: float) -> None:
        clock, pause = self.graph.clock, self._first_pause
        first = failed_at
        while not delivery.is_answered and failed_at + pause - first <= self._patience.total_seconds():
            # The clock may have moved on already, before this task ran.
            if (left := failed_at + pause - clock.monotonic()) > 0:
                await clock.sleep(left)
            await self._try(delivery)
            failed_at, pause = clock.monotonic(), pause * 2
        delivery.is_over = True
        self.graph.world.note_change()

    def _tell_statuses(self, sent: Sent) -> None:
        names = expected_statuses(sent, self._follows)
        if self._follows or sent.failure is not None:
            self._start(self._follow(sent, names))

    async def _follow(self, sent: Sent, names: tuple[str, ...]) -> None:
        for name in names:
            await self.post(status_item(sent, name, self.graph.clock.now()))

    def _start(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finish)

    def _finish(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and isinstance(error := task.exception(), Exception):
            self._broken.append(error)


def _json(headers: dict[str, str]) -> dict[str, str]:
    return {"Content-Type": "application/json", "User-Agent": "facebookexternalua", **headers}
