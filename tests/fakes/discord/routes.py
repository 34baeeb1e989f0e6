"""Importing this module serves every route."""

from tests.fakes.discord import (
    routes_application,
    routes_channels,
    routes_commands,
    routes_interactions,
    routes_messages,
    routes_threads,
    routes_webhooks,
)

ROUTES_ARE_SERVED = (
    routes_application,
    routes_channels,
    routes_commands,
    routes_interactions,
    routes_messages,
    routes_threads,
    routes_webhooks,
)
