"""Fresh processes without a fresh interpreter: a server has loaded what they import, and forks."""

import multiprocessing
from typing import Final

# Modules that look at nothing when they are loaded; one that cannot be loaded is loaded by whoever needs it.
_LOADED: Final = (
    "source.adapters.llm.openai_chat",
    "source.adapters.remote.api_client",
    "source.app.chat",
    "source.app.checks",
    "source.app.cli",
    "source.app.importing",
    "source.app.operations",
    "source.app.rebuilding",
    "source.app.recalling",
    "source.app.running",
    "source.app.web_channel",
    "source.app.whatsapp_channel",
    "source.app.worker",
    "aiohttp",
    "dbos",
    "openai",
    "psycopg",
    "pywa_async",
    "uvicorn",
    "tests.e2e.hasty_bot",
    "tests.e2e.kill.worker",
    "tests.e2e.kill_tasks.worker",
    "tests.e2e.warm_program",
)

processes: Final = multiprocessing.get_context("forkserver")
processes.set_forkserver_preload([*_LOADED])


def warm_up() -> None:
    """Return when the server has loaded everything: whoever measures time begins then."""
    nothing = processes.Process(target=int)
    nothing.start()
    nothing.join()
