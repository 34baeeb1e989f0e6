"""Chooses the language model that the settings ask for."""

from source.adapters.llm.local_server import LocalServer, find_local_server
from source.adapters.llm.offline import OfflineModel
from source.adapters.llm.openai_chat import OpenAIChatModel
from source.adapters.llm.openai_settings import OPENAI_BASE_URL, OpenAIChatSettings
from source.app.settings import Settings
from source.ports.llm import LanguageModel


async def choose_model(settings: Settings) -> LanguageModel:
    """Return the provider's model; without key and address that of a server on this machine; else the offline one."""
    if settings.openai_api_key is not None or settings.openai_base_url is not None:
        return OpenAIChatModel(provider_settings(settings))
    local = await find_local_server(settings.local_model_urls)
    return OpenAIChatModel(provider_settings(settings, local)) if local else OfflineModel()


async def warm_up(model: LanguageModel) -> None:
    """Load what the model's first call would have to load.

    Raises: ModelRefusedError: its address is none.
    """
    if isinstance(model, OpenAIChatModel):
        await model.prepare()


def provider_settings(settings: Settings, local: LocalServer | None = None) -> OpenAIChatSettings:
    """Return how the adapter is to reach its server."""
    key = settings.openai_api_key.get_secret_value() if settings.openai_api_key and local is None else None
    return OpenAIChatSettings(
        model=local.model if local else settings.openai_model,
        api_key=key,
        base_url=local.base_url if local else settings.openai_base_url or OPENAI_BASE_URL,
        connect_timeout=settings.model_connect_timeout,
        first_token_timeout=settings.model_first_token_timeout,
        stall_timeout=settings.model_stall_timeout,
        max_attempts=settings.model_max_attempts,
    )
