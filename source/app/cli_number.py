"""Numbers on the command line."""

from typing import Any

import click


class Number(click.IntRange):
    """A whole number; `where` says where whoever gives something else finds the right one."""

    name = "number"

    def __init__(self, least: int, most: int | None = None, *, where: str = "") -> None:
        super().__init__(least, most)
        self._where = where

    def fail(self, message: str, param: click.Parameter | None = None, ctx: click.Context | None = None) -> Any:
        """Raises: click.BadParameter."""
        super().fail(f"{message} {self._where}".rstrip(), param, ctx)
