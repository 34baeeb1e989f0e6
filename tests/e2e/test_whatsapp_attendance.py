"""People beside Echo: the owner's phone, `/human`, operators, STOP, and how people are greeted."""

import asyncio
import json
from pathlib import Path
from typing import Any

from tests.e2e.whatsapp_business import Business, business_on
from tests.fakes.openai_script import Says

PROMPTLY = {"TRANSCRIPT_DELAY_SECONDS": "0.05"}
GREETING = "I am an AI assistant of Lucky Shrub, here for questions about plants."
OWNER = "[A person of our team answered this in your place:] "


async def test_the_owner_takes_over_on_their_phone_and_an_operator_hands_back(tmp_path: Path) -> None:
    settings = {
        **PROMPTLY,
        "AI_DISCLOSURE": "whatsapp",
        "BUSINESS_NAME": "Lucky Shrub",
        "BUSINESS_PURPOSE": "questions about plants",
    }
    async with business_on(tmp_path / "conversations", **settings) as business:
        await business.says("Do you have roses?")
        (first,) = await business.answers()
        assert first.text.startswith(f"{GREETING}\n\n")
        owner = business.meta.owner.writes(business.ada, "Roses come on Fryday")
        await business.brings(owner)
        await business.brings(business.meta.owner.edits(business.ada, owner.id, "Roses come on Friday"))
        await _attended(business, "paused", "owner")
        await business.says("Red ones?")
        await _heard(business, "Red ones?")
        await _put(business, {"mode": "bot"})
        business.model.queue(Says(["Yes, red ones."]))
        await business.says("Are you there?")
        answers = await business.answers(2)
        assert answers[1].text == "Yes, red ones."
        assert business.asked()[-3:] == [f"{OWNER}Roses come on Friday", "Red ones?", "Are you there?"]
        assert _persona(business).endswith(
            "You are here for questions about plants; what has nothing to do with that you decline in one sentence."
        )


async def test_a_person_who_is_asked_for_answers_across_a_crash_and_words_stop_what_nobody_asked_for(
    tmp_path: Path,
) -> None:
    async with business_on(tmp_path / "conversations", **PROMPTLY) as business:
        await _ask_for_a_person(business)
        await _stop_and_start(business)


async def _ask_for_a_person(business: Business) -> None:
    await business.says("/human")
    (asked,) = await business.answers()
    assert "I have asked a person" in asked.text
    await business.says("I am waiting")
    await _heard(business, "I am waiting")
    await asyncio.to_thread(business.bot.kill)
    await asyncio.to_thread(business.bot.start)
    await _attended(business, "human", "person")
    await business.says("Is anybody there?")
    await _heard(business, "Is anybody there?")


async def _stop_and_start(business: Business) -> None:
    await business.says("¡STOP!")
    stopped = await business.answers(2)
    assert "START takes this back" in stopped[1].text
    await business.says("/bot")
    assert (await business.answers(3))[2].text == "I am answering again."
    await business.says("Hello")
    assert "Hello" in (await business.answers(4))[3].text
    await business.says("Start")
    assert "STOP ends it" in (await business.answers(5))[4].text
    assert len(business.model.requests) == 1


async def _attended(business: Business, mode: str, by: str) -> None:
    """Wait until the operator's list says so."""
    path = "/api/conversations/attendance"
    found = await asyncio.to_thread(business.bot.get_until, path, lambda listed: bool(listed["chats"]))
    assert [(each["mode"], each["by"]) for each in found["chats"]] == [(mode, by)]


async def _heard(business: Business, text: str) -> None:
    """Wait until a transcript has it, and see that nothing was answered to it."""
    before = len(business.ada.received)
    for _ in range(400):
        if any(text in _texts(each) for each in business.bot.folder.glob("*conversation-with-*.json")):
            assert len(business.ada.received) == before
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"{text} is in no transcript")


async def _put(business: Business, body: dict[str, str]) -> None:
    listed = await asyncio.to_thread(business.bot.get, "/api/conversations/attendance")
    (chat,) = listed["chats"]
    path = f"/api/conversations/{chat['chat_id']}/attendance"
    called = await asyncio.to_thread(business.bot.call, "PUT", path, body)
    assert (called.status, called.json["mode"]) == (200, body["mode"])


def _texts(transcript: Path) -> list[str]:
    return [entry["message_content"] for entry in json.loads(transcript.read_bytes())["history"]]


def _persona(business: Business) -> str:
    messages: list[dict[str, Any]] = business.model.requests[-1]["messages"]  # type: ignore[assignment]
    return str(messages[0]["content"]).partition("\n\nThis conversation began")[0]
