"""The API does what its description says, whatever is sent to it, on both databases."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from source.adapters.web.local_token import LocalToken
from source.app.settings import ROOT
from tests.e2e.api_server import ApiServer, api_server
from tests.fakes.databases import KINDS, database_of

SEED = 20_260_302
# More for whoever has the time: 20 cases, and the phase `coverage`, which tries every boundary for half an hour.
CASES_FOR_EACH = os.environ.get("ECHO_SCHEMA_CASES", "1")
# Made-up values are tried on PostgreSQL alone.
PHASES = {"sqlite": "examples,stateful", "postgresql": "examples,fuzzing,stateful"}


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def echo(kind: str, tmp_path: Path) -> Iterator[ApiServer]:
    folder = tmp_path / "conversations"
    folder.mkdir()
    with (
        database_of(kind, folder) as url,
        api_server(folder, database_url=url, DURABILITY="normal", LOG_LEVEL="warning") as server,
    ):
        yield server


@pytest.mark.timeout(3_600)
def test_schemathesis_finds_nothing(echo: ApiServer, kind: str, tmp_path: Path) -> None:
    token = LocalToken.read(echo.folder)
    assert token is not None
    echo.post("/api/keys", {"name": "somebody", "scopes": ["read"]})  # from now on a key is asked for
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "run", f"{echo.url}/openapi.json"),
        *("--header", f"Authorization: Bearer {token.secret}"),
        *(
            "--max-examples",
            CASES_FOR_EACH,
            "--seed",
            str(SEED),
            "--phases",
            os.environ.get("ECHO_SCHEMA_PHASES", PHASES[kind]),
        ),
        *("--request-timeout", "20", "--warnings", "off", "--continue-on-failure"),
    ]
    environment = {**os.environ, "SCHEMATHESIS_HOOKS": "tests.e2e.schema_hooks", "PYTHONPATH": os.fspath(ROOT)}
    ran = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, "\n".join(line[:500] for line in (ran.stdout + ran.stderr).splitlines())
    assert "Traceback" not in echo.log
