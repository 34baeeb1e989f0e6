"""The commands of `python bot.py`; what they do is imported when they run, so that each starts fast."""

import gc
from collections.abc import Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from source import __version__
from source.app.cli_import import import_command
from source.app.cli_number import Number
from source.app.cli_privacy import privacy_commands
from source.domain.errors import EchoError, SettingsError
from source.domain.message_text import is_storable

if TYPE_CHECKING:
    from source.app.settings import Settings

_INTERRUPTED = 130
_USAGE = 2
_LONGEST_NAME_CHARS = 200
_NAMED_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@dataclass(frozen=True, slots=True)
class Sources:
    """Which files the settings come from; None: the usual one."""

    config: Path | None
    env_file: Path | None

    def read(self) -> "Settings":
        from source.app.settings_loader import load_settings

        return load_settings(toml_file=self.config, env_file=self.env_file)


def main(arguments: list[str] | None = None) -> int:
    """Run a command and return its exit code: 1 when something failed, 2 when it was asked for wrongly."""
    gc.disable()  # what is loaded at start stays: looking through it for garbage takes a tenth of the time
    try:
        return int(echo.main(arguments, standalone_mode=False) or 0)
    except (KeyboardInterrupt, click.Abort):
        return _INTERRUPTED
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except EchoError as error:
        click.echo(str(error), err=True)
        return _USAGE if isinstance(error, SettingsError) else 1
    except BrokenPipeError:
        from source.app.event_loop import leave_output

        leave_output()
        return 1
    finally:
        gc.enable()


def _name(_context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    """Refuse names that cannot be kept or shown."""
    if value is None:
        return None
    if not 0 < len(value.strip()) <= _LONGEST_NAME_CHARS or not is_storable(value) or not value.isprintable():
        raise click.BadParameter(f"must be 1 to {_LONGEST_NAME_CHARS} printable characters.", param=parameter)
    return value.strip()


@click.group(invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--config",
    envvar="ECHO_CONFIG",
    type=_NAMED_FILE,
    help="Settings file, instead of config/echo.toml.",
)
@click.option("--env-file", envvar="ECHO_ENV_FILE", type=_NAMED_FILE, help="Instead of .env.")
@click.version_option(__version__, prog_name="echo")
@click.pass_context
def echo(context: click.Context, config: Path | None, env_file: Path | None) -> int:
    """Echo, a chat bot that remembers; without a command, every configured channel runs."""
    context.obj = Sources(config, env_file)
    return 0 if context.invoked_subcommand else _run_or_explain(context)


def _run_or_explain(context: click.Context) -> int:
    """Run the channels and the API; where everything is switched off, say what there is to do."""
    sources: Sources = context.obj
    settings = _settings_that_can_run(sources)
    from source.app.running import NOTHING_TO_RUN, is_anything_configured, run_channels

    if not is_anything_configured(settings):
        click.echo(f"{context.get_help()}\n\n{NOTHING_TO_RUN}")
        return 0
    return _run(run_channels(settings), until_signalled=True)


@echo.command()
@click.pass_obj
def run(sources: Sources) -> int:
    """Run every configured channel, as `python bot.py` alone does."""
    settings = _settings_that_can_run(sources)
    from source.app.running import run_channels

    return _run(run_channels(settings), until_signalled=True)


@echo.command()
@click.option("--user", callback=_name, help="Who is talking; by default the name of your account.")
@click.option("--thread", callback=_name, default="main", show_default=True, help="Which thread to talk in.")
@click.pass_obj
def chat(sources: Sources, user: str | None, thread: str) -> int:
    """Talk with Echo; with piped input, each line is one message."""
    settings = sources.read()
    from source.app.chat import run_chat

    return _run(run_chat(settings, user=user, thread=thread))


@echo.command()
@click.pass_obj
def check(sources: Sources) -> int:
    """Show what is set, and from where, and try every connection."""
    settings = _settings_and_quiet_logs(sources)
    from source.app.checks import run_checks

    return _run(run_checks(settings))


@echo.command()
@click.option("--json", "as_json", is_flag=True, help="As JSON, for programs.")
@click.option("--limit", default=50, show_default=True, type=Number(1, 100_000), help="How many at most.")
@click.pass_obj
def conversations(sources: Sources, as_json: bool, limit: int) -> int:
    """List the conversations, the latest first."""
    settings = _settings_and_quiet_logs(sources)
    from source.app.reading import list_conversations

    return _run(list_conversations(settings, limit=limit, as_json=as_json))


@echo.command()
@click.argument("conversation_id", metavar="ID", type=Number(1, where="`python bot.py conversations` lists them."))
@click.option("--json", "as_json", is_flag=True, help="As JSON, in the format of the transcripts.")
@click.pass_obj
def show(sources: Sources, conversation_id: int, as_json: bool) -> int:
    """Show one conversation."""
    settings = _settings_and_quiet_logs(sources)
    from source.app.reading import show_conversation

    return _run(show_conversation(settings, conversation_id, as_json=as_json))


@echo.command()
@click.argument("query", required=False)
@click.option("--queries", type=click.Path(path_type=Path), help="A file with a question on each line; - for input.")
@click.option("--person", callback=_name, help="Whose eyes: a name, or an id such as discord:1234; else everything.")
@click.option("--budget", default=1000, show_default=True, type=Number(1, 1_000_000), help="Tokens at most.")
@click.option("--turns", default=100, show_default=True, type=Number(1, 1_000), help="Messages at most.")
@click.option("--json", "as_json", is_flag=True, help="As JSON, one object on a line for each question.")
@click.pass_obj
def recall(
    sources: Sources,
    *,
    query: str | None,
    queries: Path | None,
    person: str | None,
    budget: int,
    turns: int,
    as_json: bool,
) -> int:
    """Find what was said that bears on a question, in full conversations of the past."""
    if (query is None) == (queries is None):
        too_many = ", not both" if query is not None else ""
        raise click.UsageError(f'give a question, as in `python bot.py recall "…"`, or --queries FILE{too_many}.')
    settings = _settings_and_quiet_logs(sources)
    from source.app.recalling import RecallRequest, run_recall

    return _run(run_recall(settings, RecallRequest(query, queries, person, budget, turns, as_json)))


@echo.command()
@click.pass_obj
def embed(sources: Sources) -> int:
    """Make the vectors by which recall finds what was said in other words; a running Echo does it by itself."""
    settings = _settings_and_quiet_logs(sources)
    from source.app.embedding import run_embed

    return _run(run_embed(settings))


@echo.command()
@click.option(
    "--from", "source", required=True, type=click.Choice(["transcripts", "store"]), help="The one that is right."
)
@click.pass_obj
def rebuild(sources: Sources, source: Literal["transcripts", "store"]) -> int:
    """Restore the database from the transcripts, or the transcripts from the database."""
    settings = _settings_and_quiet_logs(sources)
    from source.app.rebuilding import run_rebuild

    return _run(run_rebuild(settings, source))


@echo.command()
@click.option("--to", required=True, metavar="DATABASE_URL", help="postgresql://user:password@host/database")
@click.pass_obj
def migrate(sources: Sources, to: str) -> int:
    """Move the SQLite database to PostgreSQL, and compare both afterwards."""
    settings = _settings_and_quiet_logs(sources)
    from source.app.migrating import run_migrate

    return _run(run_migrate(settings, to))


@echo.command()
@click.pass_obj
def worker(sources: Sources) -> int:
    """Do tasks apart from the Echo that talks: batches of a queue, or tasks of its PostgreSQL database."""
    settings = sources.read()
    from source.app.task_worker import run_worker

    return _run(run_worker(settings), until_signalled=True)


@echo.group()
def keys() -> None:
    """API keys: who may call the API."""


@keys.command("create")
@click.argument("name")
@click.option("--scope", "scopes", multiple=True, required=True, help="read, write, chat, tasks, metrics or admin.")
@click.option("--expires", metavar="TIME", help="After so long it is refused, such as 90d, 12w, 6m or 1y.")
@click.pass_obj
def keys_create(sources: Sources, name: str, scopes: tuple[str, ...], expires: str | None) -> int:
    """Make a key and print it, this once."""
    settings = _settings_and_quiet_logs(sources)
    from source.app.keys import create_key

    return _run(create_key(settings, name, scopes, expires=expires))


@keys.command("list")
@click.pass_obj
def keys_list(sources: Sources) -> int:
    """List the keys; their secrets are not kept."""
    settings = _settings_and_quiet_logs(sources)
    from source.app.keys import list_keys

    return _run(list_keys(settings))


@keys.command("revoke")
@click.argument("name")
@click.pass_obj
def keys_revoke(sources: Sources, name: str) -> int:
    """Have a key refused from now on."""
    settings = _settings_and_quiet_logs(sources)
    from source.app.keys import revoke_key

    return _run(revoke_key(settings, name))


def _settings_that_can_run(sources: Sources) -> "Settings":
    settings = sources.read()
    from source.app.early import refuse_early

    refuse_early(settings)
    return settings


def _settings_and_quiet_logs(sources: Sources) -> "Settings":
    """Commands that answer and end log warnings only, unless the operator asked for more."""
    settings = sources.read()
    from source.app.log_scrubbing import scrub_of
    from source.app.log_setup import set_up_logging

    level = settings.log_level if settings.is_set("LOG_LEVEL") else "warning"
    set_up_logging(level=level, form=settings.log_format, secrets=settings.secrets, scrub=scrub_of(settings))
    return settings


def _run(work: Coroutine[None, None, int], *, until_signalled: bool = False) -> int:
    from source.app.event_loop import run_to_end

    return run_to_end(work, ends_once=until_signalled)


for _command in (import_command(_settings_and_quiet_logs, _run), *privacy_commands(_settings_and_quiet_logs, _run)):
    echo.add_command(_command)
