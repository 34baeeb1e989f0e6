"""The words of the command line about what is kept of people, and how long."""

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING

import click

from source.app.cli_number import Number

if TYPE_CHECKING:
    from source.app.cli import Sources
    from source.app.settings import Settings

Read = Callable[["Sources"], "Settings"]
Run = Callable[[Coroutine[None, None, int]], int]


def privacy_commands(read: Read, run: Run) -> list[click.Command]:
    """Return the commands; `read` reads the settings of what the group hands down, `run` runs work to its end."""
    return [_audit(read, run), _retention(read, run)]


def _audit(read: Read, run: Run) -> click.Command:
    @click.command("audit")
    @click.option("--json", "as_json", is_flag=True, help="As JSON, for programs.")
    @click.option("--limit", default=100, show_default=True, type=Number(1, 100_000), help="How many at most.")
    @click.pass_obj
    def audit(sources: "Sources", as_json: bool, limit: int) -> int:
        """Show what was forgotten, handed over and removed; never what was said."""
        settings = read(sources)
        from source.app.auditing import show_audit

        return run(show_audit(settings, limit=limit, as_json=as_json))

    return audit


def _retention(read: Read, run: Run) -> click.Group:
    @click.group("retention")
    def retention() -> None:
        """How long what was said is kept."""

    @retention.command("list")
    @click.pass_obj
    def list_(sources: "Sources") -> int:
        """List the rules, and what holds where there is none."""
        settings = read(sources)
        from source.app.auditing import list_rules

        return run(list_rules(settings))

    retention.add_command(_set(read, run))

    @retention.command("remove")
    @click.argument(
        "rule_id", metavar="ID", type=Number(1, where="`python bot.py retention list` shows which there are.")
    )
    @click.pass_obj
    def remove(sources: "Sources", rule_id: int) -> int:
        """Remove a rule by its number."""
        settings = read(sources)
        from source.app.auditing import remove_rule

        return run(remove_rule(settings, rule_id))

    @retention.command("run")
    @click.option("--dry-run", is_flag=True, help="Only say what would go.")
    @click.pass_obj
    def run_(sources: "Sources", dry_run: bool) -> int:
        """Remove what has been kept for long enough, everywhere."""
        settings = read(sources)
        from source.app.auditing import run_retention

        return run(run_retention(settings, dry_run=dry_run))

    return retention


def _set(read: Read, run: Run) -> click.Command:
    days = Number(0, 36_500)

    @click.command("set")
    @click.option("--platform", help="discord, whatsapp, web or terminal.")
    @click.option("--guild", help="A guild of the platform, by its id.")
    @click.option("--thread", help="One thread of the platform, by its id.")
    @click.option("--person", help="A person: a name, or an id such as discord:1234.")
    @click.option("--messages", type=days, help="Days that messages are kept; 0: for ever.")
    @click.option("--summaries", type=days, help="Days that user summaries are kept; 0: for ever.")
    @click.pass_obj
    def set_(  # noqa: PLR0917  # click gives them by name
        sources: "Sources",
        platform: str | None,
        guild: str | None,
        thread: str | None,
        person: str | None,
        messages: int | None,
        summaries: int | None,
    ) -> int:
        """Keep what a person said, or what was said in a place, so many days."""
        settings = read(sources)
        from source.app.auditing import rule_of, set_rule

        rule = rule_of(platform, guild, thread, messages=messages, summaries=summaries)
        return run(set_rule(settings, rule, person=person))

    return set_
