"""What the fake Discord refuses, by its code, and what it lets pass, over plain HTTP."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest

from tests.fakes.discord import FakeDiscord
from tests.fakes.discord.channel import Channel
from tests.fakes.discord.message import longest_freeze
from tests.fakes.discord.permissions import Permission
from tests.fakes.discord.person import Person

BUTTON = {"type": 2, "style": 1, "label": "Stop", "custom_id": "stop"}
NOWHERE = 12345678901234567


@dataclass(frozen=True, slots=True)
class Scene:
    server: FakeDiscord
    channel: Channel
    ada: Person
    session: aiohttp.ClientSession

    async def ask(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        headers = {"Authorization": f"Bot {self.server.token}"}
        async with self.session.request(method, self.server.api_base + path, json=body, headers=headers) as answer:
            return answer.status, await answer.json() if answer.content_length else None

    async def send(self, body: object) -> tuple[int, Any]:
        return await self.ask("POST", f"/channels/{self.channel.id}/messages", body)


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    async with FakeDiscord(checks=False) as server, aiohttp.ClientSession() as session:
        guild = server.add_guild("Workshop")
        yield Scene(server, guild.add_text_channel("general"), guild.add_member("Ada"), session)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        pytest.param({"content": "x" * 2001}, 50035, id="content of 2,001 characters"),
        pytest.param({"embeds": [{"description": "x" * 4097}]}, 50035, id="embed of 4,097 characters"),
        pytest.param({"embeds": [{"description": "x" * 3001}] * 2}, 50035, id="embeds of 6,002 together"),
        pytest.param({"content": " \n"}, 50006, id="nothing to see"),
        pytest.param({}, 50006, id="nothing at all"),
        pytest.param({"content": "a", "components": [BUTTON]}, 50035, id="button without a row"),
        pytest.param(
            {"content": "a", "components": [{"type": 1, "components": [BUTTON, BUTTON]}]}, 50035, id="same button twice"
        ),
        pytest.param({"content": "a", "nonce": "x" * 26}, 50035, id="nonce of 26 characters"),
        pytest.param(
            {"content": "a", "message_reference": {"message_id": str(NOWHERE)}}, 50035, id="answer to nothing"
        ),
    ],
)
async def test_a_message_that_discord_would_not_take(scene: Scene, body: dict[str, object], code: int) -> None:
    status, answer = await scene.send(body)
    assert (status, answer["code"]) == (400, code)
    assert scene.server.messages(scene.channel) == []


async def test_an_answer_may_outlive_its_question(scene: Scene) -> None:
    reference = {"message_id": str(NOWHERE), "fail_if_not_exists": False}
    status, answer = await scene.send({"content": "still", "message_reference": reference})
    assert status == 200
    assert answer["type"] == 0


async def test_text_is_shown_without_the_space_around_it(scene: Scene) -> None:
    await scene.send({"content": "  two\nlines \n"})
    assert scene.server.messages(scene.channel)[0].content == "two\nlines"


async def test_unknown_places_and_messages_have_codes_of_their_own(scene: Scene) -> None:
    _, no_channel = await scene.ask("GET", f"/channels/{NOWHERE}")
    _, no_message = await scene.ask("GET", f"/channels/{scene.channel.id}/messages/{NOWHERE}")
    _, no_route = await scene.ask("GET", "/nothing")
    assert (no_channel["code"], no_message["code"], no_route["code"]) == (10003, 10008, 0)


async def test_what_others_wrote_cannot_be_edited_and_is_deleted_by_moderators_only(scene: Scene) -> None:
    message = await scene.ada.says(scene.channel, "mine")
    path = f"/channels/{scene.channel.id}/messages/{message.id}"
    _, edited = await scene.ask("PATCH", path, {"content": "yours"})
    _, deleted = await scene.ask("DELETE", path)
    assert (edited["code"], deleted["code"]) == (50005, 50013)
    guild = scene.channel.guild
    assert guild is not None
    guild.set_roles(scene.server.bot, guild.add_role("moderator", Permission.MANAGE_MESSAGES))
    assert (await scene.ask("DELETE", path))[0] == 204
    assert message.is_deleted


async def test_a_direct_message_is_opened_once_and_may_be_refused(scene: Scene) -> None:
    _, first = await scene.ask("POST", "/users/@me/channels", {"recipient_id": str(scene.ada.id)})
    _, second = await scene.ask("POST", "/users/@me/channels", {"recipient_id": str(scene.ada.id)})
    assert first["id"] == second["id"] == str(scene.ada.dm.id)
    scene.ada.user.takes_dms = False
    _, refused = await scene.ask("POST", f"/channels/{first['id']}/messages", {"content": "hello"})
    assert refused["code"] == 50007


async def test_typing_is_noted(scene: Scene) -> None:
    assert (await scene.ask("POST", f"/channels/{scene.channel.id}/typing"))[0] == 204
    assert len(scene.channel.typing) == 1


async def test_names_change_twice_in_ten_minutes(scene: Scene) -> None:
    thread = await scene.ada.opens_thread(await scene.ada.says(scene.channel, "bread"), "Bread")
    guild = scene.channel.guild
    assert guild is not None
    guild.set_roles(scene.server.bot, guild.add_role("moderator", Permission.MANAGE_THREADS))
    statuses = [(await scene.ask("PATCH", f"/channels/{thread.id}", {"name": name}))[0] for name in "abc"]
    assert statuses == [200, 200, 429]
    assert (await scene.ask("PATCH", f"/channels/{thread.id}", {"archived": True}))[0] == 200


async def test_the_longest_freeze_is_seen_over_all_messages_of_an_answer(scene: Scene) -> None:
    await scene.send({"content": "one"})
    await scene.send({"content": "two"})
    first, second = scene.server.messages(scene.channel)
    await scene.ask("PATCH", f"/channels/{scene.channel.id}/messages/{second.id}", {"content": "two and a half"})
    gaps = [second.versions[0].at - first.versions[0].at, second.versions[1].at - second.versions[0].at]
    assert longest_freeze([first, second]) == max(gaps)
    assert first.first_text_at == first.seen_at


async def test_a_bot_lists_its_guilds(scene: Scene) -> None:
    _, guilds = await scene.ask("GET", "/users/@me/guilds")
    assert [one["name"] for one in guilds] == ["Workshop"]
