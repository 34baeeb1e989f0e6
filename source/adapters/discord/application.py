"""What `python bot.py check` finds out about the bot on Discord, without connecting it."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import aiohttp
import yarl

from source.adapters.discord.permissions import invite_link
from source.adapters.discord.refused_connection import BAD_TOKEN, INTENT, PORTAL
from source.adapters.discord.settings import DiscordSettings
from source.domain.errors import SettingsError

_API: Final = "https://discord.com/api/v10"
_TIMEOUT: Final = timedelta(seconds=10)
# Discord: Application Flags, GATEWAY_MESSAGE_CONTENT and GATEWAY_MESSAGE_CONTENT_LIMITED.
_READS_CONTENT: Final = 1 << 18 | 1 << 19
_FEW_SESSIONS: Final = 20

# Any: a JSON object of Discord's.
_Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of a check; `is_fine` is False when the operator should act."""

    text: str
    is_fine: bool = True


async def examine(settings: DiscordSettings) -> list[Finding]:
    """Ask Discord about the token, the application, its intents and the gateway.

    Raises: SettingsError: Discord does not accept the token.
    """
    base = settings.api_base or _API
    timeout = aiohttp.ClientTimeout(total=_TIMEOUT.total_seconds())
    headers = {"Authorization": f"Bot {settings.token.strip()}", "User-Agent": "DiscordBot (Echo, 1)"}
    try:
        async with aiohttp.ClientSession(timeout=timeout, headers=headers) as session:
            application = await _get(session, f"{base}/oauth2/applications/@me")
            gateway = await _get(session, f"{base}/gateway/bot")
            url = settings.gateway_url or str(gateway["url"])
            return [*_of_application(application, settings), *_of_gateway(gateway), await _hello(session, url)]
    except (aiohttp.ClientError, TimeoutError, KeyError, ValueError) as error:
        where = yarl.URL(base).host
        return [Finding(f"{where} cannot be asked ({type(error).__name__}): is the network up?", is_fine=False)]


async def _get(session: aiohttp.ClientSession, url: str) -> _Json:
    async with session.get(url) as answer:
        if answer.status == 401:
            raise SettingsError(BAD_TOKEN)
        answer.raise_for_status()
        found: _Json = await answer.json()
        return found


def _of_application(application: _Json, settings: DiscordSettings) -> list[Finding]:
    guilds = application.get("approximate_guild_count")
    where = "" if guilds is None else f", in {guilds} server{'' if guilds == 1 else 's'}"
    findings = [
        Finding(f"{application['name']} (application {application['id']}){where}."),
        Finding(f"Invite: {invite_link(application['id'])}"),
        _of_content(bool(int(application.get("flags") or 0) & _READS_CONTENT), wanted=settings.message_content),
    ]
    if application.get("interactions_endpoint_url"):
        sentence = (
            f"An Interactions Endpoint URL is set, so commands and buttons do not come to Echo: clear it at {PORTAL}."
        )
        findings.append(Finding(sentence, is_fine=False))
    return findings


def _of_content(may_read: bool, *, wanted: bool) -> Finding:
    if not wanted:
        return Finding("DISCORD_MESSAGE_CONTENT is false: in threads Echo reads only what mentions it.")
    return Finding("The Message Content intent is on.") if may_read else Finding(INTENT, is_fine=False)


def _of_gateway(gateway: _Json) -> list[Finding]:
    limit = gateway["session_start_limit"]
    if int(limit["remaining"]) >= _FEW_SESSIONS:
        return []
    hours = max(1, round(int(limit["reset_after"]) / 3_600_000))
    left = f"Only {limit['remaining']} of {limit['total']} connections of today are left"
    return [Finding(f"{left}; they are renewed in {hours} h.", is_fine=False)]


async def _hello(session: aiohttp.ClientSession, url: str) -> Finding:
    """Whether the gateway says hello."""
    host = yarl.URL(url).host
    try:
        async with asyncio.timeout(_TIMEOUT.total_seconds()):
            async with session.ws_connect(yarl.URL(url).with_query(v="10", encoding="json")) as socket:
                hello = await socket.receive_json()
    except (aiohttp.ClientError, TimeoutError, ValueError, TypeError) as error:
        return Finding(f"The gateway {host} does not answer ({type(error).__name__}).", is_fine=False)
    return Finding(f"The gateway {host} answers.", is_fine=hello.get("op") == 10)
