"""Asks the model's server for its list of models, which costs nothing."""

import asyncio
import re

from source.adapters.llm.local_server import find_local_server
from source.adapters.llm.openai_settings import OpenAIChatSettings
from source.app.models import provider_settings
from source.app.settings import Settings
from source.domain.errors import EchoError

_OFFLINE = (
    "Offline mode: no key, no OPENAI_BASE_URL, no model server on this machine. Commands and search work; "
    "set OPENAI_API_KEY in .env to let Echo talk."
)
_NAMES_SHOWN = 5


async def check_model(settings: Settings) -> tuple[str, bool]:
    """Return what was found, and whether Echo can work so; having no model at all is a mode, not a problem."""
    if settings.openai_api_key is not None or settings.openai_base_url is not None:
        return await _check_provider(provider_settings(settings))
    local = await find_local_server(settings.local_model_urls)
    if local is None:
        return _OFFLINE, True
    return f"{local.model} on this machine, at {local.base_url}.", True


async def _check_provider(asked: OpenAIChatSettings) -> tuple[str, bool]:
    try:
        names = await _model_names(asked)
    except EchoError as error:
        return f"{error}", False
    if names is None:
        hint = "" if re.search(r"/v\d", asked.base_url) else " OPENAI_BASE_URL usually ends in /v1."
        return f"{asked.server} answers and has no list of models; {asked.model} will be asked for.{hint}", True
    if asked.model in names:
        return f"{asked.server} has {asked.model}.", True
    some = ", ".join(sorted(names)[:_NAMES_SHOWN]) or "none"
    return f"{asked.server} does not list {asked.model} (it has: {some}): set OPENAI_MODEL.", False


async def _model_names(asked: OpenAIChatSettings) -> set[str] | None:
    """The ids of the server's models; None when it has no such list."""
    import httpx2
    import openai

    from source.adapters.llm.openai_errors import VENDOR_ERRORS, Asked, translated

    seconds = asked.connect_timeout.total_seconds()
    try:
        async with openai.AsyncOpenAI(
            api_key=asked.api_key or "none", base_url=asked.base_url, max_retries=0, timeout=httpx2.Timeout(seconds)
        ) as client:
            async with asyncio.timeout(2 * seconds):
                return {model.id async for model in client.models.list()}
    except openai.NotFoundError:
        return None
    except VENDOR_ERRORS as error:
        raise translated(error, Asked(asked.model, asked.server)) from error
