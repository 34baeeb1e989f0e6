"""Sending within Meta's rules, as an operator meets it: the program between a fake Meta and a fake model."""

import asyncio
import re

from tests.e2e.api_server import ApiServer, Called
from tests.e2e.whatsapp_business import Business


async def test_what_a_token_kept_from_being_sent_arrives_once_the_token_works_again(business: Business) -> None:
    bot, ada = business.bot, business.ada
    await business.says("Hello")
    await business.answers()
    business.graph.account.token_is_expired = True
    await business.says("Are you there?")
    part = await asyncio.to_thread(_health, bot, "down")
    assert re.search(r"error 190.*WHATSAPP_TOKEN", part["sentence"])
    assert len(ada.received) == 1
    sent = await asyncio.to_thread(_send, bot, "Your tea is ready.")
    assert (sent.status, sent.json["success"], sent.json["state"]) == (200, True, "waiting")
    again = await asyncio.to_thread(_send, bot, "Your tea is ready.")
    assert again.json["message_id"] == sent.json["message_id"]
    business.graph.account.token_is_expired = False
    await business.answers(3)
    await asyncio.to_thread(_health, bot, "ok")
    assert ada.texts[2] == "Your tea is ready."
    assert (await asyncio.to_thread(bot.get, "/api/conversations/parked")) == {"parked": [], "total": 0}
    unknown = await asyncio.to_thread(bot.call, "POST", "/api/conversations/4711/send", {"text": "Hello"})
    assert unknown.status == 404


def _health(bot: ApiServer, status: str) -> dict[str, str]:
    """Wait until WhatsApp is said to be so; return what is said."""
    health = bot.get_until("/health", lambda told: told["parts"]["whatsapp"]["status"] == status)
    part: dict[str, str] = health["parts"]["whatsapp"]
    return part


def _send(bot: ApiServer, text: str) -> Called:
    chats = bot.get("/api/conversations/sync-status")
    return bot.call("POST", f"/api/conversations/{chats[0]['chat_id']}/send", {"text": text}, Idempotency_Key="tea")
