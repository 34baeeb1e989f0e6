"""The commands of the audit log and of how long things are kept."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, Final

import click

from source.adapters.remote.api_client import ApiClient, ApiRefusedError, ApiUnavailableError
from source.adapters.storage.people_table import PeopleTable
from source.adapters.storage.receipt_table import ReceiptTable
from source.adapters.storage.retention_table import RetentionTable
from source.adapters.storage.sql_store import SqlStore
from source.adapters.terminal.screen import printable
from source.app.composition import hold_folders, open_echo, open_reader
from source.app.lost_database import refuse_a_lost_file, refuse_a_missing_file
from source.app.named_people import person_named, shown_person
from source.app.privacy import retention_settings
from source.app.running_api import running_api
from source.app.settings import Settings
from source.domain.errors import RefusedInputError
from source.domain.privacy import AuditEntry, Counts, told_counts
from source.domain.retention import RetentionRule
from source.domain.task import TaskStatus
from source.domain.thread import Platform
from source.ports.clock import SystemClock
from source.ports.people import PeopleStore
from source.services.audit import RULE_PUT, RULE_REMOVED, AuditLog, RetentionRules
from source.services.retention_view import RetentionView

_BY: Final = "cli"
_LOOKS_EVERY_SECONDS: Final = 0.5


async def show_audit(settings: Settings, *, limit: int, as_json: bool) -> int:
    """Print the latest lines of the audit log."""
    async with open_reader(settings) as store:
        entries = await AuditLog(ReceiptTable(store)).entries(limit=limit)
    if as_json:
        click.echo(json.dumps([_plain(entry) for entry in entries], indent=2))
        return 0
    for entry in entries:
        receipt = f"  receipt {entry.receipt_id}" if entry.receipt_id else ""
        when = f"{entry.at.astimezone():%Y-%m-%d %H:%M}"
        click.echo(f"{when}  {entry.action:<22}  by {entry.asked_by:<9}  {_told(entry)}{receipt}")
    if not entries:
        click.echo("Nothing has been forgotten, handed over or removed yet.", err=True)
    return 0


async def list_rules(settings: Settings) -> int:
    """Print what is kept how long."""
    async with open_reader(settings) as store:
        lines = [await _line(rule, PeopleTable(store)) for rule in await RetentionTable(store).rules()]
    usual = retention_settings(settings)
    applied = "applied every day" if settings.retention_enabled else "not applied by itself: RETENTION_ENABLED is false"
    click.echo(f"messages {_days(usual.message_days)}, user summaries {_days(usual.summary_days)}; {applied}")
    for line in lines:
        click.echo(line)
    return 0


def rule_of(
    platform: str | None,
    guild: str | None,
    thread: str | None,
    *,
    messages: int | None,
    summaries: int | None,
) -> RetentionRule:
    """Return the rule that the options of the command line say.

    Raises: RefusedInputError: there is no such platform.
    """
    if platform is not None and platform not in {each.value for each in Platform}:
        raise RefusedInputError(f"There is no platform {platform!r}; there are {', '.join(Platform)}.")
    place = Platform(platform) if platform is not None else None
    return RetentionRule(0, place, guild, thread, None, messages, summaries)


async def set_rule(settings: Settings, rule: RetentionRule, *, person: str | None) -> int:
    """Keep a rule, through the running Echo where there is one; `person` is a name or an id such as discord:1234.

    Raises: RefusedInputError: nobody is that, or several are.
    """
    refuse_a_lost_file(settings)
    if person is not None:
        async with open_reader(settings) as store:
            whose = await person_named(PeopleTable(store), person, may_be_part=False)
        rule = replace(rule, person_id=whose.person_id)
    async with _writing(settings) as desk:
        kept = await desk.put(rule)
    async with open_reader(settings) as store:
        click.echo(await _line(kept, PeopleTable(store)))
    return 0


async def remove_rule(settings: Settings, rule_id: int) -> int:
    """Remove a rule; 1 when there is none."""
    refuse_a_missing_file(settings)
    async with open_reader(settings) as store:
        lines = {each.rule_id: await _line(each, PeopleTable(store)) for each in await RetentionTable(store).rules()}
    async with _writing(settings) as desk:
        removed = await desk.remove(rule_id)
    if not removed:
        click.echo(f"There is no rule {rule_id}; `python bot.py retention list` shows which there are.", err=True)
        return 1
    click.echo(f"removed: {lines.get(rule_id, rule_id)}")
    return 0


async def run_retention(settings: Settings, *, dry_run: bool) -> int:
    """Remove what has been kept for long enough, or only say what that is."""
    if dry_run:
        async with open_reader(settings) as store:
            view = RetentionView(RetentionTable(store), store, SystemClock(), retention_settings(settings))
            return _tell(await view.found(), len(await view.old_summaries()), would=True)
    async with AsyncExitStack() as stack:
        client = await running_api(stack, settings)
        output = await (_by_the_running(client) if client is not None else _by_ourselves(settings))
    return _tell(output["places"], output["user_summaries"], would=False)


async def _by_the_running(client: ApiClient) -> Mapping[str, Any]:
    task_id = (await client.post("/api/privacy/retention/run", {}))["task_id"]
    while True:
        task = await client.get(f"/api/conversations/tasks/{task_id}")
        if TaskStatus(task["status"]).is_final:
            if task["status"] != TaskStatus.COMPLETED:
                raise ApiUnavailableError(f"Task {task_id} {task['status']}: {task['error']}")
            return dict(task["output_data"])
        await asyncio.sleep(_LOOKS_EVERY_SECONDS)


async def _by_ourselves(settings: Settings) -> Mapping[str, Any]:
    refuse_a_missing_file(settings)
    async with open_echo(settings, command="retention run") as echo:
        retention = echo.privacy.retention
        places = await retention.apply(await retention.due(), dry_run=False)
        summaries = await retention.apply_to_summaries(dry_run=False)
        await retention.erase()
        return {"places": places, "user_summaries": summaries}


def _tell(places: Mapping[str, Counts], summaries: int, *, would: bool) -> int:
    done = "would go" if would else "gone"
    for name, counts in sorted(places.items()):
        click.echo(f"{name}: {told_counts(counts)} {done}")
    if summaries:
        click.echo(f"{told_counts({'user_interaction_summaries': summaries})} {done}")
    if not places and not summaries:
        click.echo("Nothing has been kept for that long.", err=True)
    return 0


@dataclass(frozen=True, slots=True)
class _Here:
    """The rules in a database that is ours."""

    rules: RetentionRules

    async def put(self, rule: RetentionRule) -> RetentionRule:
        return await self.rules.put(rule, asked_by=_BY)

    async def remove(self, rule_id: int) -> bool:
        return await self.rules.remove(rule_id, asked_by=_BY)


@dataclass(frozen=True, slots=True)
class _OverApi:
    """The rules of the Echo that is running."""

    client: ApiClient

    async def put(self, rule: RetentionRule) -> RetentionRule:
        body = {name: value for name, value in _plain_rule(rule).items() if value is not None}
        async with self.client.opened("PUT", "/api/privacy/retention/rules", body=body) as response:
            shown = await response.json()
        platform = Platform(shown["platform"]) if shown["platform"] else None
        rest = {name: shown[name] for name in ("guild_id", "thread_id", "person_id", "message_days", "summary_days")}
        return RetentionRule(shown["id"], platform, **rest)

    async def remove(self, rule_id: int) -> bool:
        try:
            async with self.client.opened("DELETE", f"/api/privacy/retention/rules/{rule_id}"):
                return True
        except ApiRefusedError as error:
            if error.status == 404:
                return False
            raise


@asynccontextmanager
async def _writing(settings: Settings) -> AsyncIterator[_Here | _OverApi]:
    async with AsyncExitStack() as stack:
        client = await running_api(stack, settings)
        if client is not None:
            yield _OverApi(client)
            return
        if settings.sqlite_file is not None:
            hold_folders(stack, settings, command="retention")
        store = await SqlStore.open(settings.database, clock=SystemClock(), durability=settings.durability)
        stack.push_async_callback(store.close)
        yield _Here(RetentionRules(RetentionTable(store), AuditLog(ReceiptTable(store))))


def _plain(entry: AuditEntry) -> dict[str, object]:
    return {
        "id": entry.entry_id,
        "at": entry.at.isoformat(),
        "action": entry.action,
        "asked_by": entry.asked_by,
        "receipt_id": entry.receipt_id,
        "counts": dict(entry.counts),
    }


def _plain_rule(rule: RetentionRule) -> dict[str, object]:
    return {
        "platform": rule.platform.value if rule.platform else None,
        "guild_id": rule.guild_id,
        "thread_id": rule.thread_id,
        "person_id": rule.person_id,
        "message_days": rule.message_days,
        "summary_days": rule.summary_days,
    }


def _told(entry: AuditEntry) -> str:
    if entry.action not in {RULE_PUT, RULE_REMOVED} or "rule" not in entry.counts:
        return told_counts(entry.counts)
    counts = entry.counts
    rule = RetentionRule(0, message_days=counts.get("message_days"), summary_days=counts.get("summary_days"))
    return f"rule {counts['rule']}, for a {'person' if counts['for_person'] else 'place'}: {_kept(rule)}"


async def _line(rule: RetentionRule, people: PeopleStore) -> str:
    return printable(f"{rule.rule_id}  {await _whose(rule, people)}: {_kept(rule)}")


async def _whose(rule: RetentionRule, people: PeopleStore) -> str:
    if rule.person_id is not None:
        person = await people.person(rule.person_id)
        return shown_person(person) if person is not None else f"person {rule.person_id}, whom nobody knows"
    place = [f"{rule.platform.value if rule.platform else ''}"]
    place += [f"guild {rule.guild_id}"] if rule.guild_id else []
    place += [f"thread {rule.thread_id}"] if rule.thread_id else []
    return " ".join(place)


def _kept(rule: RetentionRule) -> str:
    parts = [f"messages {_days(rule.message_days)}"] if rule.message_days is not None else []
    parts += [f"user summaries {_days(rule.summary_days)}"] if rule.summary_days is not None else []
    return ", ".join(parts)


def _days(days: int) -> str:
    return f"{days} days" if days else "for ever"
