"""The API, as the settings ask for it."""

from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import APIRouter

from source import __version__
from source.adapters.storage.api_key_table import ApiKeyTable
from source.adapters.storage.asked_before_reading import AskedBeforeTable
from source.adapters.storage.idempotency_table import IdempotencyTable
from source.adapters.web.chat import ChatParts, WebChat
from source.adapters.web.frame import WebFrame, WebSettings
from source.adapters.web.platform import WebPlatform
from source.adapters.web.routes import chat, commands, sessions
from source.app.echo import Echo
from source.app.settings import Settings
from source.services.api_keys import ApiKeys


@dataclass(frozen=True, slots=True)
class Web:
    """What serves the API, and what answers those who talk over it."""

    platform: WebPlatform
    chat: WebChat


def web_of(settings: Settings, echo: Echo) -> Web:
    """Return the API, not yet listening."""
    web_chat = _chat(echo)
    frame = WebFrame(
        WebSettings(
            host=settings.web_host,
            port=settings.web_port,
            requests_per_minute=settings.web_requests_per_minute,
            allowed_origins=settings.web_allowed_origins,
            version=__version__,
        ),
        ApiKeys(ApiKeyTable(echo.store), echo.clock),
        IdempotencyTable(echo.store),
        echo.clock,
    )
    platform = WebPlatform(frame, lambda: _routers(web_chat), data_folder=settings.conversations_dir)
    return Web(platform, web_chat)


def _routers(web_chat: WebChat) -> Sequence[APIRouter]:
    return [chat.router(web_chat), commands.router(web_chat), sessions.router(web_chat)]


def _chat(echo: Echo) -> WebChat:
    parts = ChatParts(
        turns=echo.turns,
        commands=echo.commands,
        replies=echo.store,
        asked_before=AskedBeforeTable(echo.store),
        clock=echo.clock,
        model_name=echo.model_name,
        is_offline=echo.is_offline,
    )
    return WebChat(parts)
