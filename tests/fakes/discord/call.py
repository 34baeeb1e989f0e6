"""A REST request, its answer, and the table of what is served."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from tests.fakes.discord.refusals import METHOD_NOT_ALLOWED, NOT_FOUND, UNKNOWN_CHANNEL, RefusedError, invalid
from tests.fakes.discord.wire import Json

if TYPE_CHECKING:
    from tests.fakes.discord.channel import Channel
    from tests.fakes.discord.world import World


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that came with a request."""

    filename: str
    content: bytes = field(repr=False)
    content_type: str | None = None


@dataclass(slots=True)
class Call:
    """One request, kept in the log; `status` is 0 while it has no answer, or when the line was cut."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str] = field(repr=False)
    body: object
    at: float
    parts: dict[str, str | None] | None = None
    uploads: dict[str, Upload] = field(default_factory=dict)
    template: str = ""
    arguments: dict[str, str] = field(default_factory=dict)
    status: int = 0

    @property
    def json(self) -> Json:
        """The body, which has to be an object."""
        if not isinstance(self.body, dict):
            raise invalid("_errors", "DICT_TYPE_CONVERT", "Only dictionaries may be used in a DictType")
        return self.body

    def id(self, name: str) -> int:
        """A snowflake of the path."""
        return snowflake(self.arguments[name], name)

    def channel(self, world: World) -> Channel:
        """The channel of the path, which has to be there."""
        found = world.channels.get(self.id("channel_id"))
        if found is None:
            raise RefusedError(UNKNOWN_CHANNEL)
        return found

    @property
    def major(self) -> str:
        """What Discord counts apart: each channel, guild and webhook."""
        names = ("channel_id", "guild_id", "webhook_id", "webhook_token")
        return "/".join(self.arguments[one] for one in names if one in self.arguments)


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent back; without a body it is 204."""

    body: object = None
    status: int = 200


Handler = Callable[["World", Call], Answer]


@dataclass(frozen=True)
class Route:
    """One operation of the API."""

    method: str
    template: str
    handler: Handler
    needs_token: bool = True

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", self.template))


class RouteTable:
    """Routes by method; literal paths come before templates that match them too."""

    def __init__(self) -> None:
        self._routes: list[Route] = []

    def serve(self, method: str, template: str, *, needs_token: bool = True) -> Callable[[Handler], Handler]:
        def keep(handler: Handler) -> Handler:
            self._routes.append(Route(method, template, handler, needs_token))
            self._routes.sort(key=lambda route: (route.template.count("{"), route.template))
            return handler

        return keep

    def find(self, method: str, path: str) -> tuple[Route, dict[str, str]]:
        """The route of a path and its arguments.

        Raises:
            RefusedError: with 404 or 405.
        """
        known = False
        for route in self._routes:
            if (match := route.pattern.fullmatch(path)) is not None:
                if route.method == method:
                    return route, match.groupdict()
                known = True
        raise RefusedError(METHOD_NOT_ALLOWED if known else NOT_FOUND)


def snowflake(value: object, where: str) -> int:
    if isinstance(value, int) or (isinstance(value, str) and value.isdigit()):
        return int(value)
    raise invalid(where, "NUMBER_TYPE_COERCE", f'Value "{value}" is not snowflake.')


ROUTES = RouteTable()
