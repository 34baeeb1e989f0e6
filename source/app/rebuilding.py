"""The command that restores the database or the transcripts from the other."""

import sys
from typing import Literal

import click

from source.adapters.terminal.screen import printable
from source.app.composition import rebuild
from source.app.settings import Settings


async def run_rebuild(settings: Settings, source: Literal["transcripts", "store"]) -> int:
    """Restore with progress on standard error, and print what was done."""
    report = await rebuild(settings, source, _progress)
    if sys.stderr.isatty():
        click.echo(err=True)
    written = _written(report.written, source)
    click.echo(f"{written}, {report.unchanged:,} were right already, {len(report.skipped):,} left alone.")
    if report.recounted:
        click.echo(
            f"What is counted of people was wrong in {_many(report.recounted, 'conversation')}, and is right now."
        )
    for skipped in report.skipped:
        name = "" if skipped.filename in skipped.reason else f"{skipped.filename}: "
        click.echo(printable(f"  {name}{skipped.reason}"))
    return 0


def _written(number: int, source: Literal["transcripts", "store"]) -> str:
    if source == "transcripts":
        return f"{_many(number, 'conversation')} restored to the database"
    return f"{_many(number, 'transcript')} written"


def _many(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def _progress(done: int, total: int | None) -> None:
    if sys.stderr.isatty():
        click.echo(f"\r{done:,}{f' of {total:,}' if total is not None else ''} …", nl=False, err=True)
