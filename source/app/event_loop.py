"""Running one command on an event loop, and ending it in order when the system asks."""

import asyncio
import gc
import os
import signal
import sys
from collections.abc import Callable, Coroutine

_ENDING = ("SIGTERM", "SIGHUP")
_SIGNALLED = 128
INTERRUPTED = _SIGNALLED + signal.SIGINT


def run_to_end(work: Coroutine[None, None, int], *, ends_once: bool = False) -> int:
    """Return the work's exit code; SIGTERM and SIGHUP cancel it, so that what is open is closed.

    Work that `ends_once` takes Ctrl-C for such a signal too, and is cancelled by the first alone: it ends by itself.
    Raises: KeyboardInterrupt: Ctrl-C, after the same.
    """
    gc.freeze()  # later collections pass over what was loaded
    gc.enable()
    return asyncio.run(_ending_on_signals(work, ends_once=ends_once))


async def _ending_on_signals(work: Coroutine[None, None, int], *, ends_once: bool) -> int:
    received: list[int] = []
    task = asyncio.ensure_future(work)

    def end(number: int) -> None:
        received.append(number)
        if not ends_once or len(received) == 1:
            task.cancel()

    for name in (*_ENDING, *(["SIGINT"] if ends_once else [])):
        if number := getattr(signal, name, None):
            _listen(number, end)
    try:
        return await task
    except asyncio.CancelledError:
        if received:
            return _SIGNALLED + received[0]
        raise


def _listen(number: int, act: Callable[[int], None]) -> None:
    try:
        asyncio.get_running_loop().add_signal_handler(number, act, number)
    except (NotImplementedError, RuntimeError, ValueError):  # Windows, or not the main thread
        return


def leave_output() -> None:
    """Nobody reads the output any more: have the interpreter's last flush go nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
