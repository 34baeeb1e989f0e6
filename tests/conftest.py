"""Tests know nothing of the developer's keys, servers and files."""

import os
from collections.abc import Iterator

import pytest

from source.app.settings import Settings


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
