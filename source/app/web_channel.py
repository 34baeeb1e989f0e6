"""The API, as the settings ask for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fastapi import APIRouter

from source import __version__
from source.adapters.storage.activity_table import ActivityTable
from source.adapters.storage.api_key_table import ApiKeyTable
from source.adapters.storage.asked_before_reading import AskedBeforeTable
from source.adapters.storage.idempotency_table import IdempotencyTable
from source.adapters.web.chat import ChatParts, WebChat
from source.adapters.web.frame import WebFrame, WebSettings
from source.adapters.web.metrics import WebMetrics
from source.adapters.web.platform import WebPlatform
from source.app.api_routes import api_routes
from source.app.echo import Echo
from source.app.operations import Operations
from source.app.settings import Settings
from source.ports.health import HealthPart
from source.services.api_keys import ApiKeys
from source.services.readings import ActivityReadings, ManagerReadings


@dataclass(frozen=True, slots=True)
class Web:
    """What serves the API, and what answers those who talk over it."""

    platform: WebPlatform
    chat: WebChat


def web_of(
    echo: Echo,
    operations: Operations,
    health: Mapping[str, HealthPart],
    *,
    webhooks: Mapping[str, int] | None = None,
    more_routes: Sequence[APIRouter] = (),
) -> Web:
    """Return the API, not yet listening, with more routes; `webhooks` as in `WebFrame`."""
    web_chat = web_chat_of(echo)
    frame = WebFrame(
        web_settings(echo.settings),
        ApiKeys(ApiKeyTable(echo.store), echo.clock),
        IdempotencyTable(echo.store),
        echo.clock,
        health=health,
        metrics=WebMetrics([ManagerReadings(echo.manager.metrics), ActivityReadings(ActivityTable(echo.store))]),
        webhooks=webhooks or {},
    )

    def routes() -> Sequence[APIRouter]:
        # Routes are asked in turn: what platforms call most comes first.
        return (*more_routes, *api_routes(echo, operations, web_chat))

    return Web(WebPlatform(frame, routes, data_folder=echo.settings.conversations_dir), web_chat)


def web_settings(settings: Settings) -> WebSettings:
    """Return where the API listens and what it takes."""
    return WebSettings(
        host=settings.web_host,
        port=settings.web_port,
        requests_per_minute=settings.web_requests_per_minute,
        allowed_origins=settings.web_allowed_origins,
        version=__version__,
    )


def web_chat_of(echo: Echo) -> WebChat:
    """Return what answers those who talk over the API."""
    parts = ChatParts(
        turns=echo.turns,
        commands=echo.commands,
        replies=echo.store,
        asked_before=AskedBeforeTable(echo.store),
        clock=echo.clock,
        model_name=echo.model_name,
        is_offline=echo.is_offline,
        kept_text=echo.scrubbing.text,
    )
    return WebChat(parts)
