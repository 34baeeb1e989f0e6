"""One thread that writes: whatever arrives during a commit shares the next one."""

import asyncio
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any, Final, TypeVar

import structlog

from source.adapters.storage.errors import concerns_everything, showable, translated
from source.adapters.storage.operation import Operation, WriteTarget
from source.adapters.storage.write_lanes import Bound, Lanes
from source.domain.errors import StoreError, StoreUnavailableError

_log = structlog.get_logger(__name__)
# An operation that can wait rides with the next commit, or has its own after this long.
_LINGER_SECONDS: Final = 0.025
_IDLE_SECONDS: Final = 0.1
_REST_AFTER_FAILURE_SECONDS: Final = 30.0

T = TypeVar("T")


@dataclass(slots=True, eq=False)
class _Entry:
    operation: Operation[Any]
    future: "asyncio.Future[Any] | None"
    port: "_Port"
    result: object = None
    error: StoreError | None = None
    is_settled: bool = False


class _Port:
    """Where one event loop hands over operations: those of one turn of the loop go together.

    Without it the first of a hundred waiters, which all wake at once, would get a commit to itself; what is urgent
    does not wait for the end of the turn.
    """

    def __init__(self, writer: "GroupCommitWriter", loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._writer = writer
        self._pending: list[_Entry] = []

    def hand_over(self, operation: Operation[Any], future: "asyncio.Future[Any] | None") -> None:
        self._pending.append(_Entry(operation, future, self))
        if operation.is_urgent and not operation.can_wait:
            self.flush()
        elif len(self._pending) == 1:
            self.loop.call_soon(self.flush)

    def flush(self) -> None:
        entries, self._pending = self._pending, []
        if entries and not self._writer.take(entries):
            for entry in entries:
                entry.error = _closed()
            _resolve(entries)


class GroupCommitWriter:
    """Commits operations of any number of event loops on one thread of its own.

    A caller that is cancelled stops waiting; its operation is applied all the same.
    """

    def __init__(self, target: WriteTarget) -> None:
        self._target = target
        self._ports: dict[asyncio.AbstractEventLoop, _Port] = {}
        self._queue: SimpleQueue[list[_Entry] | None] = SimpleQueue()
        self._lanes: Lanes[_Entry] = Lanes()
        self._bound = Bound()
        self._gate = threading.Lock()
        self._is_closed = False
        self._stops = False
        self._rests_until = 0.0
        # A daemon: a program that ends without closing loses nothing that was committed.
        self._thread = threading.Thread(target=self._work, name="echo-writer", daemon=True)
        self._thread.start()

    async def submit(self, operation: Operation[T]) -> T:
        """Return the operation's result once it is committed.

        Raises: StoreError: nothing of the operation was kept.
        """
        port = self._port()
        future: asyncio.Future[T] = port.loop.create_future()
        port.hand_over(operation, future)
        return await future

    def submit_later(self, operation: Operation[None]) -> None:
        """Hand over an operation that nobody waits for; a failure is logged."""
        self._port().hand_over(operation, None)

    async def close(self) -> None:
        """Commit what has been handed over, then stop the thread."""
        loop = asyncio.get_running_loop()
        if loop in self._ports:
            self._ports[loop].flush()
        with self._gate:
            if not self._is_closed:
                self._is_closed = True
                self._queue.put(None)
        await loop.run_in_executor(None, self._thread.join)

    def take(self, entries: list[_Entry]) -> bool:
        """Queue entries for the thread; False once it has been told to stop."""
        with self._gate:
            if self._is_closed:
                return False
            self._queue.put(entries)
            return True

    def _port(self) -> _Port:
        if self._is_closed:
            raise _closed()
        loop = asyncio.get_running_loop()
        port = self._ports.get(loop)
        if port is None:
            for other in [other for other in list(self._ports) if other.is_closed()]:
                self._ports.pop(other, None)
            port = self._ports[loop] = _Port(self, loop)
        return port

    def _work(self) -> None:
        while not self._stops or self._lanes:
            batch = self._next_batch()
            if batch:
                began = time.monotonic()
                self._settle(batch)
                self._learn(batch, time.monotonic() - began)
            if self._target.is_overdue or (not batch and self._target.deferred):
                self._step_unasked()
        self._target.close()

    def _learn(self, batch: list[_Entry], seconds: float) -> None:
        if batch[0].operation.is_urgent:
            self._bound.least(seconds)
        elif not any(entry.operation.is_apart for entry in batch):
            self._bound.took(len(batch), seconds)

    def _next_batch(self) -> list[_Entry]:
        """Wait for an operation that cannot wait; return nothing when it is time for deferred work."""
        deadline = 0.0
        self._gather(0.0)
        while not (self._stops or self._lanes.is_pressing):
            if not self._lanes:
                rest = max(_IDLE_SECONDS, self._rests_until - time.monotonic())
                timeout = rest if self._target.deferred else None
            else:
                deadline = deadline or time.monotonic() + _LINGER_SECONDS
                timeout = max(0.0, deadline - time.monotonic())
            if not self._gather(timeout):
                break
        return self._lanes.take(self._bound.most)

    def _gather(self, timeout: float | None) -> bool:
        """Take over what is handed over until then; False: nothing was."""
        before = len(self._lanes)
        try:
            entries = self._queue.get(timeout=timeout)
            while entries is not None:
                self._lanes.add(entries)
                entries = self._queue.get_nowait()
        except Empty:
            return len(self._lanes) > before
        self._stops = True
        return True

    def _settle(self, batch: list[_Entry]) -> None:
        fault = self._commit([entry for entry in batch if not entry.operation.is_apart])
        for entry in batch:
            if entry.operation.is_apart:
                self._apply_apart(entry)
        if fault is not None:  # whoever waits already need not find it out one after another
            batch = [*batch, *self._lanes.emptied()]
            _fail(batch, fault)
        by_port: dict[_Port, list[_Entry]] = {}
        for entry in batch:
            by_port.setdefault(entry.port, []).append(entry)
        for port, entries in by_port.items():
            _resolve_from_afar(port.loop, entries)

    def _commit(self, entries: list[_Entry]) -> Exception | None:
        """Write what can be written; return what kept the rest from it, if that concerns everyone."""
        if not entries:
            return None
        try:
            results = self._target.commit([entry.operation for entry in entries])
        except Exception as error:  # noqa: BLE001  # the thread's edge: whatever it is, its callers get it
            return self._failed(entries, error)
        for entry, result in zip(entries, results, strict=True):
            entry.result, entry.is_settled = result, True
        return None

    def _failed(self, entries: list[_Entry], error: Exception) -> Exception | None:
        """Find out whose the error is, unless it concerns everyone."""
        self._target.reset()
        if concerns_everything(translated(error)):
            return error
        if len(entries) == 1:
            _fail(entries, error)
            return None
        return next((everyones for entry in entries if (everyones := self._commit([entry])) is not None), None)

    def _apply_apart(self, entry: _Entry) -> None:
        try:
            entry.result = self._target.apart(entry.operation)
        except Exception as error:  # noqa: BLE001  # the thread's edge
            self._target.reset()
            entry.error = _own_copy(error)
        entry.is_settled = True

    def _step_unasked(self) -> None:
        if self._stops or time.monotonic() < self._rests_until:
            return
        try:
            self._target.step()
        except Exception as error:  # noqa: BLE001  # the thread's edge
            self._target.reset()
            _log.warning("store.deferred_work_failed", error=type(translated(error)).__name__)
            self._rests_until = time.monotonic() + _REST_AFTER_FAILURE_SECONDS


def _fail(entries: Iterable[_Entry], error: Exception) -> None:
    """Have those who know nothing yet get the error."""
    for entry in entries:
        if not entry.is_settled:
            entry.error, entry.is_settled = _own_copy(error), True


def _own_copy(error: Exception) -> StoreError:
    # An exception that several tasks raise would collect the tracebacks of all of them.
    copy = type(fault := translated(error))(*fault.args)
    copy.__cause__ = showable(error)
    return copy


def _closed() -> StoreError:
    return StoreUnavailableError("the store is closed")


def _resolve_from_afar(loop: asyncio.AbstractEventLoop, entries: list[_Entry]) -> None:
    try:
        loop.call_soon_threadsafe(_resolve, entries)
    except RuntimeError:  # that loop is closed: nobody waits there any more
        _log.info("store.waiters_gone", operations=len(entries))


def _resolve(entries: Iterable[_Entry]) -> None:
    for entry in entries:
        if entry.future is None:
            if entry.error is not None:
                _log.warning(
                    "store.write_failed", operation=type(entry.operation).__name__, error=type(entry.error).__name__
                )
        elif not entry.future.done():
            if entry.error is not None:
                entry.future.set_exception(entry.error)
            else:
                entry.future.set_result(entry.result)
