"""The key of this machine's own command line: a file that only Echo's user can read."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import structlog

from source.services.api_keys import new_secret

log = structlog.get_logger(__name__)

_FILE: Final = ".echo.token"
_FOR_OWNER_ALONE: Final = 0o600


@dataclass(frozen=True, slots=True)
class LocalToken:
    """Where the Echo that owns a data folder can be called, and with what."""

    url: str
    secret: str

    @classmethod
    def new(cls, url: str) -> Self:
        """Return a token for an API that begins to listen there."""
        return cls(url, new_secret())

    @classmethod
    def read(cls, folder: Path) -> Self | None:
        """Return the token that a running Echo left in its data folder; None: there is none that can be read."""
        try:
            found = json.loads((folder / _FILE).read_bytes())
            return cls(str(found["url"]), str(found["token"]))
        except (OSError, ValueError, LookupError, TypeError):
            return None

    def leave_in(self, folder: Path) -> None:
        """Write the file; when the folder refuses it, the command line needs an API key."""
        draft = folder / f"{_FILE}.{os.getpid()}"
        try:
            draft.unlink(missing_ok=True)
            with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _FOR_OWNER_ALONE), "w") as file:  # noqa: PTH123  (opened with its rights, not given them later)
                json.dump({"url": self.url, "token": self.secret}, file)
            draft.replace(folder / _FILE)
        except OSError as error:
            log.warning("local_token_not_written", reason=error.strerror)

    def remove_from(self, folder: Path) -> None:
        """Remove the file, unless another Echo has written its own meanwhile."""
        try:
            if LocalToken.read(folder) == self:
                (folder / _FILE).unlink(missing_ok=True)
        except OSError as error:
            log.warning("local_token_not_removed", reason=error.strerror)
