"""Whether the API can listen where the settings say."""

from contextlib import AsyncExitStack
from urllib.parse import urlsplit

from source.adapters.storage.api_key_table import ApiKeyTable
from source.adapters.web.listening import listener_on, refuse_strangers_without_key
from source.app.composition import open_reader
from source.app.running_api import running_api
from source.app.settings import Settings
from source.domain.errors import SettingsError, StoreError
from source.ports.clock import SystemClock
from source.services.api_keys import ApiKeys


async def check_api(settings: Settings) -> tuple[str, bool]:
    """Return what was found, and whether the API can be called so."""
    if not settings.web_enabled:
        return "WEB_ENABLED is false: there is none.", True
    try:
        refuse_strangers_without_key(settings.web_host, has_keys=await _has_keys(settings))
        if (url := await _running_at(settings)) is not None:
            return f"The running Echo answers at {url}.", True
        listener_on(settings.web_host, settings.web_port).close()
    except SettingsError as error:
        return str(error), False
    return f"It can listen on {settings.web_host}, port {settings.web_port}.", True


async def _has_keys(settings: Settings) -> bool:
    try:
        async with open_reader(settings) as store:
            return await ApiKeys(ApiKeyTable(store), SystemClock()).any_exist()
    except StoreError:
        return False  # what keeps it from being read is told of the database


async def _running_at(settings: Settings) -> str | None:
    """Return where the Echo of this folder listens, if on the port that is set."""
    async with AsyncExitStack() as stack:
        client = await running_api(stack, settings)
        return client.url if client is not None and urlsplit(client.url).port == settings.web_port else None
