"""What `python bot.py check` says of a number."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest

from source.adapters.whatsapp.number import Found, examine
from source.adapters.whatsapp.settings import WhatsAppSettings
from tests.fakes.graph_account import MANAGEMENT, MESSAGING
from tests.fakes.graph_server import FakeGraph

_ADDRESS = "https://shop.example/webhooks/whatsapp"


@pytest.fixture
async def graph() -> AsyncIterator[FakeGraph]:
    async with FakeGraph() as running:
        running.account.callback_url = _ADDRESS
        yield running


async def _examined(graph: FakeGraph, now: datetime | None = None) -> list[Found]:
    account = graph.account
    settings = WhatsAppSettings(account.phone_id, account.token, account.app_secret, "", api_base=graph.base_url)
    return await examine(settings, now or graph.clock.now())


async def _problem(graph: FakeGraph) -> str:
    (found,) = [each.text for each in await _examined(graph) if not each.is_fine]
    return found


async def test_where_all_is_well_everything_is_named(graph: FakeGraph) -> None:
    found = await _examined(graph)
    assert all(each.is_fine for each in found)
    told = " ".join(each.text for each in found)
    for expected in ("+1 555-078-3881 (Lucky Shrub)", "does not end", "gets the account's webhooks", _ADDRESS):
        assert expected in told


async def test_a_token_that_has_ended_is_one_problem_with_what_to_do(graph: FakeGraph) -> None:
    graph.account.token_is_expired = True
    (found,) = await _examined(graph)
    assert not found.is_fine
    assert "WHATSAPP_TOKEN" in found.text


async def test_a_secret_of_another_app_is_named(graph: FakeGraph) -> None:
    graph.account.app_secret = "another"
    settings = WhatsAppSettings(graph.account.phone_id, graph.account.token, "mine", "", api_base=graph.base_url)
    (problem,) = [each.text for each in await examine(settings, graph.clock.now()) if not each.is_fine]
    assert "WHATSAPP_APP_SECRET is not the secret" in problem


@pytest.mark.parametrize("permission", [MESSAGING, MANAGEMENT])
async def test_a_permission_that_is_missing_is_named(graph: FakeGraph, permission: str) -> None:
    graph.account.permissions.discard(permission)
    assert permission in await _problem(graph)


async def test_a_token_that_ends_soon_is_told_before(graph: FakeGraph) -> None:
    now = graph.clock.now()
    graph.account.token_expires_at = int((now + timedelta(days=3)).timestamp())
    assert "ends at" in await _problem(graph)
    assert all(each.is_fine for each in await _examined(graph, now - timedelta(days=30)))


async def test_webhooks_that_do_not_come_are_told(graph: FakeGraph) -> None:
    graph.account.subscribed = False
    told = await _problem(graph)
    assert "subscribe to `messages`" in told
    assert f"/{graph.account.waba_id}/subscribed_apps" in told


@pytest.mark.parametrize(("address", "told"), [("", "no address"), ("https://shop.example/", "does not end with")])
async def test_an_address_that_is_not_echos_is_told(graph: FakeGraph, address: str, told: str) -> None:
    graph.account.callback_url = address
    assert told in await _problem(graph)


async def test_a_number_that_a_phone_uses_as_well_is_slower(graph: FakeGraph) -> None:
    graph.account.fields = {"is_on_biz_app": True}
    assert "WHATSAPP_MESSAGES_PER_SECOND=20" in await _problem(graph)


async def test_where_meta_cannot_be_reached_that_is_said(graph: FakeGraph) -> None:
    await graph.stop()
    assert "network" in await _problem(graph)
