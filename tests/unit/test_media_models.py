"""Which models look at pictures and listen to recordings, by what the settings say."""

from typing import Any

import pytest

from source.adapters.llm.offline import OfflineModel
from source.adapters.llm.openai_chat import OpenAIChatModel
from source.adapters.llm.openai_media import OpenAIMediaReader
from source.app.media import media_reader
from source.app.models import provider_settings
from source.app.settings import Settings

_OPENAI = {"openai_api_key": "key"}
_OTHER = {"openai_base_url": "http://127.0.0.1:9/v1", "openai_model": "llama"}


def _models(**chosen: Any) -> tuple[str, str] | None:
    settings = Settings.model_validate(chosen)
    reader = media_reader(settings, OpenAIChatModel(provider_settings(settings)))
    if reader is None:
        return None
    assert isinstance(reader, OpenAIMediaReader)
    return reader.settings.picture_model, reader.settings.transcription_model


@pytest.mark.parametrize(
    ("chosen", "models"),
    [
        (_OPENAI, ("gpt-5-mini", "gpt-4o-mini-transcribe")),
        (_OTHER, ("llama", "")),
        (_OTHER | {"transcription_model": "whisper"}, ("llama", "whisper")),
        (_OPENAI | {"media_model": "eye", "transcription_model": "None"}, ("eye", "")),
        (_OPENAI | {"media_model": "none", "transcription_model": ""}, ("", "gpt-4o-mini-transcribe")),
        (_OTHER | {"media_model": "none"}, None),
        (_OPENAI | {"pii_scrub_model": True}, None),
        (_OPENAI | {"pii_scrub_model": True, "media_model": "eye"}, ("eye", "")),
    ],
)
def test_who_looks_and_listens(chosen: dict[str, object], models: tuple[str, str] | None) -> None:
    assert _models(**chosen) == models


def test_offline_nobody_does() -> None:
    assert media_reader(Settings(), OfflineModel()) is None
