"""Tests know nothing of the developer's keys, servers and files."""

import os
from collections.abc import Iterator

import pytest
import structlog
from hypothesis import settings as hypothesis_settings

from source.app.settings import Settings

# Examples of each property: enough to see a rule break; `--hypothesis-profile=thorough` looks longer.
hypothesis_settings.register_profile("quick", max_examples=40, deadline=None)
hypothesis_settings.register_profile("thorough", max_examples=1_000, deadline=None)
hypothesis_settings.load_profile("quick")


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
