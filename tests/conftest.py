"""Tests know nothing of the developer's keys, servers and files."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
import structlog
from hypothesis import settings as hypothesis_settings

from source.adapters.storage import opening
from source.app.settings import Settings
from tests.fakes.ready_tables import bring_up_to_date_at_once

_TESTS: Final = Path(__file__).parent
# Examples of each property: enough to see a rule break; `--hypothesis-profile=thorough` looks longer.
hypothesis_settings.register_profile("quick", max_examples=40, deadline=None)
hypothesis_settings.register_profile("thorough", max_examples=1_000, deadline=None)
hypothesis_settings.load_profile("quick")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int | None:
    """One more than there are processors, as many tests wait for programs; or what the developer has chosen."""
    return None if "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ else (os.cpu_count() or 1) + 1


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes long, so that nobody waits for it at the end."""
    places = {folder: place for place, folder in enumerate(("e2e", "integration", "contract", "unit"))}
    items.sort(key=lambda item: places[item.path.relative_to(_TESTS).parts[0]])


@pytest.fixture(autouse=True)
def ready_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make no new file by its migrations; where it matters, a module has a fixture of this name that does nothing."""
    monkeypatch.setattr(opening, "bring_up_to_date", bring_up_to_date_at_once)


@pytest.fixture(autouse=True)
def plain_tracebacks() -> None:
    """Log what broke as the program does: with local variables, as is structlog's own way, each takes a second."""
    renderer = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    before_the_last = structlog.get_config()["processors"][:-1]
    structlog.configure(processors=[*before_the_last, renderer])


@pytest.fixture(autouse=True, scope="session")
def without_the_developers_settings() -> Iterator[None]:
    """Take every setting out of the environment, which programs started by a test inherit; look for no local model."""
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.lower() in Settings.model_fields or name.upper().startswith(("OPENAI_", "ECHO_CONFIG", "ECHO_ENV")):
                patch.delenv(name)
        patch.setenv("LOCAL_MODEL_URLS", "")
        patch.setenv("ECHO_ENV_FILE", os.devnull)
        yield
