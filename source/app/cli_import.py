"""The word of the command line that takes over what was said elsewhere."""

from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from source.app.cli import Sources
    from source.app.settings import Settings

Read = Callable[["Sources"], "Settings"]
Run = Callable[[Coroutine[None, None, int]], int]
_LONGEST_CHARS = 200


def import_command(read: Read, run: Run) -> click.Command:
    """Return the command; `read` reads the settings of what the group hands down, `run` runs work to its end."""

    @click.command("import")
    @click.argument("path", metavar="PATH", type=click.Path(path_type=Path))
    @click.option("--me", "own_names", multiple=True, callback=_names, help="Whose lines are Echo's own; may repeat.")
    @click.option("--person", "ids", multiple=True, callback=_ids, metavar="NAME=ID", help="Whose id on the platform.")
    @click.option("--chat", callback=_name, help="What the chat is called, or its number; by default as the file says.")
    @click.option("--zone", callback=_zone, help="Time zone of the phone, such as Europe/Berlin; default TIME_ZONE.")
    @click.option("--dates", type=click.Choice(["dmy", "mdy", "ymd"]), help="How dates are written, where unclear.")
    @click.option("--dry-run", is_flag=True, help="Only say what would be imported.")
    @click.pass_obj
    def command(
        sources: "Sources",
        *,
        path: Path,
        own_names: tuple[str, ...],
        ids: tuple[tuple[str, str], ...],
        chat: str | None,
        zone: "ZoneInfo | None",
        dates: str | None,
        dry_run: bool,
    ) -> int:
        """Import a chat that WhatsApp exported (.txt or .zip), or a channel of DiscordChatExporter's (.json)."""
        settings = read(sources)
        from source.app.importing import ImportRequest, run_import
        from source.domain.imports.date_order import DateOrder

        order = DateOrder(dates) if dates is not None else None
        return run(run_import(settings, ImportRequest(path, own_names, ids, chat, zone, order, dry_run)))

    return command


def _name(_context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    if value is None:
        return None
    if not 0 < len(value.strip()) <= _LONGEST_CHARS or not value.isprintable():
        raise click.BadParameter(f"must be 1 to {_LONGEST_CHARS} printable characters.", param=parameter)
    return value.strip()


def _names(context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for value in values if (name := _name(context, parameter, value)))


def _ids(context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    found = []
    for value in _names(context, parameter, values):
        name, _, external_id = value.rpartition("=")
        if not name.strip() or not external_id.strip():
            raise click.BadParameter("must be a name and an id, as in Ann=491701234567.", param=parameter)
        found.append((name.strip(), external_id.strip()))
    return tuple(found)


def _zone(_context: click.Context, parameter: click.Parameter, value: str | None) -> "ZoneInfo | None":
    if value is None:
        return None
    from zoneinfo import ZoneInfo, available_timezones

    if value not in available_timezones():
        raise click.BadParameter("must be the name of a time zone, such as Europe/Berlin.", param=parameter)
    return ZoneInfo(value)
