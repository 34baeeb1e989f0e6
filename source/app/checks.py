"""What `python bot.py check` tries, one line each: what was found and what to do."""

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import click

from source.adapters.storage.engine import is_there
from source.adapters.storage.folder_lock import FolderLock
from source.adapters.terminal.screen import printable
from source.app.composition import open_reader
from source.app.lost_database import refuse_a_lost_file, refuse_an_unmade_server
from source.app.model_check import check_model
from source.app.settings import Settings
from source.app.settings_words import shown_value
from source.domain.errors import EchoError, FolderInUseError, SettingsError, StoreError
from source.domain.thread import Platform
from source.ports.clock import SystemClock


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found; `is_fine` is False when the operator should act."""

    subject: str
    text: str
    is_fine: bool = True


async def run_checks(settings: Settings) -> int:
    """Print the settings that are not the default and every finding; return 1 when there is a problem."""
    for line in changed_settings(settings):
        click.echo(line)
    findings = await findings_of(settings)
    for finding in findings:
        mark = "ok" if finding.is_fine else "problem"
        click.echo(f"{mark:<8} {finding.subject:<12} {printable(finding.text)}")
    return 0 if all(finding.is_fine for finding in findings) else 1


def changed_settings(settings: Settings) -> list[str]:
    """Return name, value and source of each setting that is not the default; secrets are masked."""
    names = [name.upper() for name in Settings.model_fields if settings.is_set(name)]
    lines = [f"  {name} = {printable(shown_value(settings, name))}  ({settings.source_of(name)})" for name in names]
    return ["Every setting has its default." if not lines else "Settings that are not the default:", *lines, ""]


async def findings_of(settings: Settings) -> list[Finding]:
    """Try everything; a check that breaks is a problem of its own and stops no other."""
    checks: tuple[Callable[[Settings], Awaitable[Finding]], ...] = (
        check_folder,
        check_lock,
        check_database,
        _checked_api,
        _checked_model,
    )
    found = [await check(settings) for check in checks]
    return [
        *found,
        *await _checked_embeddings(settings),
        *await check_discord(settings),
        *await check_whatsapp(settings),
    ]


async def check_folder(settings: Settings) -> Finding:
    """Whether transcripts can be written; the folder is made when it is not there."""
    folder = settings.conversations_dir
    try:
        await asyncio.to_thread(_write_in, folder)
    except OSError as error:
        return Finding(
            "data folder",
            f"{folder} cannot be written ({error.strerror}): change its permissions or CONVERSATIONS_DIR.",
            is_fine=False,
        )
    return Finding("data folder", f"{folder} can be written.")


async def check_lock(settings: Settings) -> Finding:
    """Who owns the folder; a running Echo is no problem."""
    lock = FolderLock(settings.conversations_dir, command="check")
    try:
        with lock:
            return Finding("lock", "Nobody else uses the folder.")
    except FolderInUseError:
        return Finding("lock", f"In use, as it is while Echo runs, by {lock.holder()}.")
    except (StoreError, OSError) as error:
        return Finding("lock", f"{error}", is_fine=False)


async def check_database(settings: Settings) -> Finding:
    """Whether the database is whole, of this version, and how much is in it."""
    file = settings.sqlite_file
    try:
        if file is None:
            return await _checked_server(settings)
        refuse_a_lost_file(settings)
        if not is_there(file):
            return Finding("database", f"{file} is not there yet; the first chat makes it.")
        if damage := await asyncio.to_thread(_damage, file):
            return Finding("database", f"{damage} {_RESTORE}", is_fine=False)
        async with open_reader(settings) as catalog:
            count = await catalog.count()
    except EchoError as error:
        return Finding("database", str(error), is_fine=False)
    return Finding("database", f"{file}, {file.stat().st_size:,} bytes, whole; conversations: {count:,}.")


async def _checked_server(settings: Settings) -> Finding:
    from source.adapters.storage.server_state import state_of

    await refuse_an_unmade_server(settings)
    state = await asyncio.to_thread(state_of, str(settings.database))
    where = f"{shown_value(settings, 'DATABASE_URL')}, PostgreSQL {state.version}, {state.size_bytes:,} bytes"
    if not state.survives_power_cut:
        return Finding("database", f"{where}: a power cut may ruin it; set fsync = on in its server.", is_fine=False)
    if state.conversations is None:
        return Finding("database", f"{where}; there are no tables yet, the first chat makes them.")
    return Finding("database", f"{where}; conversations: {state.conversations:,}.")


_RESTORE = "Move it away and run `python bot.py rebuild --from transcripts`."


async def _checked_api(settings: Settings) -> Finding:
    from source.app.api_check import check_api

    text, is_fine = await check_api(settings)
    return Finding("api", text, is_fine=is_fine)


async def _checked_model(settings: Settings) -> Finding:
    text, is_fine = await check_model(settings)
    return Finding("model", text, is_fine=is_fine)


async def _checked_embeddings(settings: Settings) -> list[Finding]:
    """Have one vector made; where none are wanted, there is nothing to say."""
    from source.app.embeddings import embedding_model

    model = embedding_model(settings)
    if model is None:
        return []
    try:
        (vector,) = await model.embed(["Hello"])
    except EchoError as error:
        return [Finding("embeddings", str(error), is_fine=False)]
    finally:
        await model.close()
    return [Finding("embeddings", f"{model.name}, vectors of {len(vector) // 2:,} numbers.")]


async def check_whatsapp(settings: Settings) -> list[Finding]:
    """Ask Meta about the number, the token and the webhooks, and the store what waits for people to write."""
    if not settings.has_whatsapp:
        told = "WHATSAPP_TOKEN is not set: Echo is not on WhatsApp (docs/whatsapp.md has the steps)."
        return [Finding("whatsapp", told)]
    from source.adapters.whatsapp.number import examine
    from source.app.running import NO_WEBHOOK
    from source.app.whatsapp_channel import whatsapp_settings

    found = await examine(whatsapp_settings(settings), SystemClock().now())
    findings = [Finding("whatsapp", each.text, is_fine=each.is_fine) for each in found]
    if not settings.web_enabled:
        findings.append(Finding("whatsapp", NO_WEBHOOK, is_fine=False))
    if Platform.WHATSAPP not in settings.discloses_on:
        findings.append(Finding("whatsapp", "People are not told that an AI answers: BUSINESS_NAME has it told."))
    return [*findings, *await _parked(settings)]


async def _parked(settings: Settings) -> list[Finding]:
    """How many replies wait; nothing to say where there are none, or where the database says so itself."""
    from source.adapters.storage.parked_table import ParkedTable

    try:
        async with open_reader(settings) as store:
            waiting = await ParkedTable(store).count()
    except EchoError:
        return []
    told = f"Replies that wait until their people write again: {waiting:,}."
    return [Finding("whatsapp", told)] if waiting else []


async def check_discord(settings: Settings) -> list[Finding]:
    """Whether the bot can connect and read, and the link that invites it."""
    if settings.discord_token is None:
        return [Finding("discord", "DISCORD_TOKEN is not set: Echo is not on Discord (docs/discord.md has the steps).")]
    from source.adapters.discord.application import examine
    from source.app.discord_channel import discord_settings

    try:
        found = await examine(discord_settings(settings))
    except SettingsError as error:
        return [Finding("discord", str(error), is_fine=False)]
    return [Finding("discord", each.text, is_fine=each.is_fine) for each in found]


def _write_in(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(b"echo")


def _damage(file: Path) -> str | None:
    """What SQLite's own quick check says is wrong; None when the file is whole."""
    import sqlite3
    from contextlib import closing

    try:
        with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True, timeout=5)) as connection:
            (answer,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.DatabaseError as error:
        return f"{file} cannot be read as a database: {error}."
    return None if answer == "ok" else f"{file} is damaged: {answer}."
