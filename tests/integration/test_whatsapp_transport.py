"""What the environment says of connections is followed, but the token stays the one of the settings."""

from pathlib import Path

import pytest

from source.adapters.whatsapp.graph import GraphSending
from source.adapters.whatsapp.settings import WhatsAppSettings
from source.adapters.whatsapp.troubles import UnreachableError
from tests.fakes.graph_server import FakeGraph


def _sending(graph: FakeGraph) -> GraphSending:
    account = graph.account
    return GraphSending(
        WhatsAppSettings(
            account.phone_id, account.token, account.app_secret, account.verify_token, api_base=graph.base_url
        )
    )


async def test_a_netrc_does_not_take_the_place_of_the_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "netrc").write_text("default login somebody password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    async with FakeGraph() as graph:
        sending = _sending(graph)
        assert await sending.number() != ""
        await sending.close()


async def test_the_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    async with FakeGraph() as graph:
        sending = _sending(graph)
        with pytest.raises(UnreachableError):
            await sending.number()
        assert graph.calls == []
        await sending.close()
