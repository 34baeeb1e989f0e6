"""The fake Discord in a process of its own, for tests that are synchronous and for benchmarks."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from source.app.settings import ROOT

_PATIENCE_SECONDS = 60.0


class RemoteDiscord:
    """Calls the verbs of a running server: `discord.do("says", person="Ada", channel="general", text="hi")`."""

    def __init__(self, settings: dict[str, str], process: subprocess.Popen[str]) -> None:
        self.settings = settings
        self.process = process
        self._control = settings.pop("CONTROL")

    def do(self, verb: str, **arguments: object) -> Any:
        """Do something there and return its result, which is JSON of the verb's shape.

        Raises:
            AssertionError: with what the server says.
        """
        body = json.dumps(arguments).encode()
        request = urllib.request.Request(f"{self._control}/{verb}", data=body, method="POST")
        try:
            with urllib.request.urlopen(request, timeout=_PATIENCE_SECONDS) as answer:
                return json.loads(answer.read())["result"]
        except urllib.error.HTTPError as error:
            with error:
                raise AssertionError(f"{verb}: {json.loads(error.read())['error']}") from None


@contextmanager
def remote_discord(*options: str, script: Sequence[dict[str, object]] = ()) -> Iterator[RemoteDiscord]:
    """Start a server, whose `settings` point a bot at it; fail at the end when Discord would have refused a request."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "script.json"
        path.write_text(json.dumps(list(script)), encoding="utf-8")
        command = [sys.executable, "-m", "tests.fakes.discord", "--script", str(path), *options]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
            try:
                remote = RemoteDiscord(_printed_settings(process), process)
                yield remote
                violations = remote.do("state")["violations"]
                assert not violations, "Discord would refuse:\n" + "\n".join(violations)
            finally:
                process.terminate()


def _printed_settings(process: subprocess.Popen[str]) -> dict[str, str]:
    assert process.stdout is not None
    found: dict[str, str] = {}
    while "CONTROL" not in found:
        line = process.stdout.readline()
        assert line, "the fake Discord did not start"
        name, _, value = line.strip().partition("=")
        found[name] = value
    return found
