"""Discord's own description of its API, where it is at hand."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Protocol

from source.app.settings import ROOT

TOOL = ROOT.parent / "shared" / "tools" / "discord_spec.py"
DESCRIPTION = ROOT.parent / "shared" / "data" / "discord" / "openapi.json"


class Spec(Protocol):
    """What this server uses of the checking tool."""

    def check(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: object = None,
        multipart: Mapping[str, str | None] | None = None,
    ) -> list[str]:
        """What Discord would refuse of a request."""

    def check_response(self, method: str, path: str, status: int, body: object) -> list[str]:
        """Where an answer is not as Discord's."""


@cache
def load_spec() -> Spec | None:
    """The description ready to check requests; None where it, or what it needs, is absent."""
    if not (TOOL.is_file() and DESCRIPTION.is_file()):
        return None
    try:
        return _load(TOOL)
    except ImportError:
        return None


def _load(tool: Path) -> Spec:
    description = importlib.util.spec_from_file_location("discord_spec", tool)
    assert description is not None
    assert description.loader is not None
    module = importlib.util.module_from_spec(description)
    sys.modules["discord_spec"] = module
    description.loader.exec_module(module)
    spec: Spec = module.DiscordSpec()
    return spec
