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
    what = "conversations restored to the database" if source == "transcripts" else "transcripts written"
    click.echo(
        f"{report.written:,} {what}, {report.unchanged:,} were right already, {len(report.skipped):,} left alone."
    )
    if report.recounted:
        click.echo(f"What is counted of people was wrong in {report.recounted:,} conversations, and is right now.")
    for skipped in report.skipped:
        name = "" if skipped.filename in skipped.reason else f"{skipped.filename}: "
        click.echo(printable(f"  {name}{skipped.reason}"))
    return 0


def _progress(done: int, total: int | None) -> None:
    if sys.stderr.isatty():
        click.echo(f"\r{done:,}{f' of {total:,}' if total is not None else ''} …", nl=False, err=True)
