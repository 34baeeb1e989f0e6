"""The language of a text, by the real model."""

import asyncio
import sys
from datetime import timedelta

import pytest

from source.adapters.language import LanguageDetector

SAID = {
    "en": "I moved to Lisbon last month and I like it here",
    "de": "Ich komme morgen leider nicht zur Arbeit",
    "es": "Me gusta mucho el té verde por la mañana",
    "ru": "Я переехал в Москву в прошлом году",
    "zh": "我上个月搬到了里斯本，现在住在那里",
}


async def test_languages_are_told_apart() -> None:
    detector = LanguageDetector()
    assert {text: await detector.detect(text) for text in SAID.values()} == {text: code for code, text in SAID.items()}
    assert detector.is_loaded


async def test_the_model_is_given_back_and_loaded_again() -> None:
    detector = LanguageDetector(released_after=timedelta(0))
    for _ in range(2):
        assert await detector.detect(SAID["de"]) == "de"
        await asyncio.sleep(0)  # the loop runs what is due
        await asyncio.sleep(0)
        assert not detector.is_loaded


@pytest.mark.parametrize("text", ["", "ok", "   hello   ", "Lisbon Porto 42 km"])
async def test_what_could_be_any_language_is_none(text: str) -> None:
    assert await LanguageDetector().detect(text) is None


async def test_without_the_package_no_language_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "py3langid.langid", None)
    detector = LanguageDetector()
    assert await detector.detect(SAID["en"]) is None
    assert not detector.is_loaded
