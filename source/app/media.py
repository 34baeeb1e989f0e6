"""What looks at pictures and listens to recordings, as the settings ask for it."""

from typing import Final

from source.adapters.llm.openai_chat import OpenAIChatModel
from source.adapters.llm.openai_media import MediaSettings, OpenAIMediaReader
from source.app.echo import PROMPTS, Echo, text_of
from source.app.personal_data import finder_for
from source.app.settings import Settings
from source.ports.llm import LanguageModel
from source.ports.media import MediaReader
from source.services.media import Media
from source.services.media_telling import MediaRules, MediaTelling
from source.services.media_usage import MediaUsage
from source.services.scrubbing import KeptText
from source.services.structured_model import StoreLedger

NO_MODEL: Final = "none"
_OPENAI_HEARS: Final = "gpt-4o-mini-transcribe"


def media_of(echo: Echo) -> Media:
    """Return what tells files in words."""
    settings = echo.settings
    rules = MediaRules(
        # A message has to hold it, its caption and what stands around it.
        most_bytes=settings.max_message_bytes * 3 // 4,
        shown=_without_personal_data(settings) if settings.pii_scrub_model else str,
        prices=echo.prices,
        priced=echo.model_name,
    )
    reader = media_reader(settings, echo.model)
    usage = MediaUsage(echo.store, StoreLedger(echo.store), echo.admission)
    return Media(MediaTelling(reader, echo.clock, rules), usage, reader)


def _without_personal_data(settings: Settings) -> KeptText:
    finder = finder_for(settings.pii_country)

    def shown(caption: str) -> str:
        return finder.removed(caption)

    return shown


def media_reader(settings: Settings, model: LanguageModel) -> MediaReader | None:
    """Return what asks the provider's models about files; None: there is none to ask."""
    if not isinstance(model, OpenAIChatModel):
        return None
    provider = model.settings
    is_withheld = settings.pii_scrub_model  # personal data cannot be taken out of a picture: it is shown when asked for
    sees = _chosen(settings.media_model, "" if is_withheld else provider.model)
    hears = _chosen(settings.transcription_model, _OPENAI_HEARS if provider.is_openai and not is_withheld else "")
    if not sees and not hears:
        return None
    return OpenAIMediaReader(
        MediaSettings(
            picture_model=sees,
            transcription_model=hears,
            instructions=text_of(PROMPTS / "picture.md", "config/prompts"),
            api_key=provider.api_key,
            base_url=provider.base_url,
            connect_timeout=provider.connect_timeout,
        )
    )


def _chosen(setting: str | None, otherwise: str) -> str:
    if setting is None:
        return otherwise
    return "" if setting.lower() == NO_MODEL else setting
