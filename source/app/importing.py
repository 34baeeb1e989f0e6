"""`python bot.py import`: what a user has said elsewhere becomes Echo's history."""

import sys
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import click

from source.adapters.storage.contact_table import ContactTable
from source.adapters.storage.import_reading import ImportReading
from source.adapters.terminal.screen import printable
from source.app.composition import open_reader, open_unstarted
from source.app.import_files import parsed_json, read_export
from source.app.settings import Settings
from source.domain.imports.chat import ExportedChat, WhoIsWho
from source.domain.imports.date_order import DateOrder
from source.domain.imports.discord import DiscordExport, discord_chat
from source.domain.imports.whatsapp import WhatsAppExport, whatsapp_chat
from source.domain.thread import Platform
from source.ports.clock import Clock, SystemClock
from source.ports.imports import KnownMessages
from source.services.import_making import ImportMaking
from source.services.import_people import ImportPeople
from source.services.importing import Import, ImportReport, Progress, foreseen

_UNREAD_SHOWN: Final = 5


@dataclass(frozen=True, slots=True)
class ImportRequest:
    """An export, and what it does not say of itself."""

    path: Path
    own_names: tuple[str, ...] = ()
    ids: tuple[tuple[str, str], ...] = ()
    chat: str | None = None
    zone: ZoneInfo | None = None
    dates: DateOrder | None = None
    dry_run: bool = False


async def run_import(settings: Settings, request: ImportRequest) -> int:
    """Import an export with progress on standard error, and print what came of it.

    Raises: RefusedInputError: nothing was imported. FolderInUseError, StoreError; run again, it goes on.
    """
    chat = read_chat(request, settings, SystemClock().now())
    if request.dry_run:
        async with _known(settings) as known:
            report = await foreseen(chat, known, settings.conversation_timeout)
    else:
        report = await import_chat(settings, chat, SystemClock(), _progress)
    _tell(chat, report, dry_run=request.dry_run)
    return 0


def read_chat(request: ImportRequest, settings: Settings, now: datetime) -> ExportedChat:
    """Read all of an export before anything is done with it.

    Raises: RefusedInputError.
    """
    file = read_export(request.path)
    who = WhoIsWho(frozenset(request.own_names), dict(request.ids))
    zone = request.zone or settings.zone
    if file.is_json:
        return discord_chat(parsed_json(file.text), DiscordExport(zone, now, who))
    return whatsapp_chat(file.text, WhatsAppExport(request.chat or file.chat, zone, now, request.dates, who))


async def import_chat(settings: Settings, chat: ExportedChat, clock: Clock, progress: Progress) -> ImportReport:
    """Put it into the store and the transcripts, while nothing else runs.

    Raises: FolderInUseError, StoreError, TranscriptUnwritableError.
    """
    window = settings.conversation_timeout
    async with open_unstarted(settings, clock=clock, command="import") as echo:
        making = ImportMaking(echo.summarizer, echo.scrubbing, window=window, now=clock.now())
        people = ImportPeople(ContactTable(echo.store))
        work = Import(echo.store, ImportReading(echo.store), making, people, echo.corrections, window=window)
        report = await work.take(chat, progress)
        await echo.manager.shutdown()
        await echo.catch_up.run()
        return report


@asynccontextmanager
async def _known(settings: Settings) -> AsyncIterator[KnownMessages]:
    """Look into the store beside whoever owns it; where there is none yet, nothing is known."""
    file = settings.sqlite_file
    if file is not None and not file.exists():
        yield _NothingKnown()
        return
    async with open_reader(settings) as store:
        yield ImportReading(store)


class _NothingKnown:
    """Knows what a store without messages knows."""

    async def known(self, platform: Platform, event_ids: Collection[str]) -> dict[str, int | None]:  # noqa: ARG002
        return {}


def _tell(chat: ExportedChat, report: ImportReport, *, dry_run: bool) -> None:
    if sys.stderr.isatty() and not dry_run:
        click.echo(err=True)
    verb = "Would import" if dry_run else "Imported"
    people = len(chat.people)
    where = f"of {people:,} {'person' if people == 1 else 'people'} in “{chat.name}”"
    click.echo(printable(f"{verb} {_many(report.imported, 'message')} {where}: {_conversations(report)}."))
    if chat.messages:
        first, last = chat.messages[0].said_at, chat.messages[-1].said_at
        click.echo(f"  The export goes from {first.astimezone():%Y-%m-%d %H:%M} to {last.astimezone():%Y-%m-%d %H:%M}.")
    if report.known:
        click.echo(f"  {_many(report.known, 'message')} {'was' if report.known == 1 else 'were'} known already.")
    if report.changed:
        click.echo(f"  {_many(report.changed, 'message')} edited or deleted since the last import.")
    if chat.left_out:
        click.echo(f"  {_many(chat.left_out, 'line')} left out: the platform's own, or without anything in them.")
    if chat.unread:
        click.echo(f"  {_many(len(chat.unread), 'place')} could not be read:")
    for unread in chat.unread[:_UNREAD_SHOWN]:
        click.echo(f"    {unread.number}: {unread.reason}.")


def _conversations(report: ImportReport) -> str:
    told = _many(report.begun, "conversation")
    return f"{told}, and {report.continued:,} went on" if report.continued else told


def _many(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def _progress(done: int, total: int | None) -> None:
    if sys.stderr.isatty():
        click.echo(f"\r{done:,}{f' of {total:,}' if total is not None else ''} …", nl=False, err=True)
