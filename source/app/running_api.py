"""The API of the Echo that runs on this data folder."""

from contextlib import AsyncExitStack

from source.adapters.remote.api_client import ApiClient, ApiUnavailableError
from source.adapters.web.local_token import LocalToken
from source.app.settings import Settings
from source.domain.errors import SettingsError


async def running_api(stack: AsyncExitStack, settings: Settings) -> ApiClient | None:
    """Return what calls it until the stack closes; None: none runs there with an API."""
    token = LocalToken.read(settings.conversations_dir)
    if token is None:
        return None
    client = await stack.enter_async_context(ApiClient(token.url, token.secret, is_local=True))
    try:
        await client.get("/health")
    except (ApiUnavailableError, SettingsError):
        return None  # the file of a process that was killed; another may listen there now
    return client
