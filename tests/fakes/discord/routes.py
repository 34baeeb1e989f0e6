"""Importing this module serves every route."""

from tests.fakes.discord import routes_application, routes_messages

ROUTES_ARE_SERVED = (routes_application, routes_messages)
