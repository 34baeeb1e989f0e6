"""Where Discord is: itself, a proxy or a test server."""

from collections.abc import Iterator
from contextlib import contextmanager

import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route

from source.adapters.discord.settings import DiscordSettings


@contextmanager
def addressed(settings: DiscordSettings) -> Iterator[None]:
    """Have discord.py talk to the settings' addresses; it keeps them on its classes, for the whole process."""
    before = Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY
    try:
        if settings.api_base is not None:
            Route.BASE = settings.api_base.rstrip("/")
        if settings.gateway_url is not None:
            DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(settings.gateway_url)
        yield
    finally:
        Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = before


def at_gateway(url: str, gateway_url: str) -> str:
    """Return `url` with its query, but at the configured gateway."""
    return str(yarl.URL(gateway_url).with_query(yarl.URL(url).query))
