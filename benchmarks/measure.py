"""What the benchmarks share: options, interleaved runs, medians, tables, and what they ran on."""

import argparse
import gc
import os
import platform
import shutil
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from source.app.log_setup import set_up_logging
from source.app.settings import Settings

Case = Callable[[], Awaitable[float]]


def options(description: str | None) -> argparse.ArgumentParser:
    """Return a parser that knows what every benchmark takes."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--quick", action="store_true", help="small sizes, one run: does it still work?")
    return parser


def begin(title: str, *, durability: str | None = None) -> None:
    """Print what is measured and on what; only warnings are logged from here on."""
    set_up_logging(level="warning", form="console")
    print(f"{title}\n{machine(durability)}\n")


def machine(durability: str | None = None) -> str:
    """Return one line about this machine, which every figure depends on."""
    parts = [
        f"{os.cpu_count()} cores",
        f"{platform.system()} {platform.machine()}",
        f"Python {platform.python_version()}",
        f"SQLite {sqlite3.sqlite_version}",
    ]
    if durability is not None:
        parts.append(f"DURABILITY={durability}")
    return ", ".join(parts)


def progress(line: str) -> None:
    """Tell whoever waits what is going on, on standard error."""
    print(f"  … {line}", file=sys.stderr, flush=True)


def settings_in(folder: Path, **overrides: object) -> Settings:
    """Return the default settings with `folder` as the data folder; no file and no environment is read."""
    return Settings.model_validate({"conversations_dir": folder, "local_model_urls": (), **overrides})


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """Yield a folder that is removed at the end."""
    folder = Path(tempfile.mkdtemp(prefix="echo-benchmark-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


class Stopwatch:
    """Seconds since it was made or asked last."""

    def __init__(self) -> None:
        self._since = time.perf_counter()

    def lap(self) -> float:
        now = time.perf_counter()
        took, self._since = now - self._since, now
        return took


async def interleaved(cases: Mapping[str, Case], *, runs: int) -> dict[str, list[float]]:
    """Run the cases in turn, all of them `runs` times, so that a noisy moment falls on each alike."""
    figures: dict[str, list[float]] = {name: [] for name in cases}
    for run in range(runs):
        for name, case in cases.items():
            progress(f"run {run + 1} of {runs}: {name}")
            gc.collect()
            figures[name].append(await case())
    return figures


def medians(figures: Mapping[str, Sequence[float]]) -> dict[str, float]:
    return {name: statistics.median(values) for name, values in figures.items()}


@dataclass(frozen=True, slots=True)
class Table:
    """Lines of text under column heads; the first column is a name, the others are figures."""

    heads: Sequence[str]
    rows: Sequence[Sequence[str]]

    def __str__(self) -> str:
        lines = [self.heads, *self.rows]
        widths = [max(len(line[column]) for line in lines) for column in range(len(self.heads))]
        return "\n".join(_line(line, widths) for line in lines)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    name, *figures = cells
    return "  ".join(
        [name.ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(figures, widths[1:], strict=True))]
    )


def duration(seconds: float) -> str:
    """Return a time in the unit that shows it with three figures."""
    for size, unit in ((1.0, "s"), (1e-3, "ms")):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-6:.3g} µs"


def ratio(value: float, baseline: float) -> str:
    return f"{value / baseline:.3g} ×"
