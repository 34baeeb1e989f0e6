"""Files from and to Meta, over real HTTP."""

import base64
from collections.abc import AsyncIterator

import pytest

from source.adapters.whatsapp.graph import GraphSending, Recipient
from source.adapters.whatsapp.graph_files import GraphFiles
from source.adapters.whatsapp.settings import WhatsAppSettings
from source.domain.errors import DeliveryError, MediaError, MediaTooLargeError
from tests.fakes.graph_server import FakeGraph

PICTURE = b"\xff\xd8 a picture"


@pytest.fixture
async def graph() -> AsyncIterator[FakeGraph]:
    async with FakeGraph() as graph:
        yield graph


@pytest.fixture
async def sending(graph: FakeGraph) -> AsyncIterator[GraphSending]:
    account = graph.account
    settings = WhatsAppSettings(
        account.phone_id, account.token, account.app_secret, account.verify_token, graph.base_url
    )
    sending = GraphSending(settings)
    yield sending
    await sending.close()


@pytest.fixture
def files(graph: FakeGraph, sending: GraphSending) -> GraphFiles:
    return GraphFiles(sending, phone_id=graph.account.phone_id, api_base=graph.base_url)


async def test_what_somebody_sent_is_fetched_whole(graph: FakeGraph, files: GraphFiles) -> None:
    sent = graph.media.receive(PICTURE, "image/jpeg")
    assert await files.content(sent.id, sent.sha256, 1_000) == PICTURE
    assert graph.media.downloads == [sent.id]


async def test_what_is_not_what_was_sent_is_not_taken(graph: FakeGraph, files: GraphFiles) -> None:
    sent, other = graph.media.receive(PICTURE, "image/jpeg"), graph.media.receive(b"another", "image/jpeg")
    graph.media.mixed_up[sent.id] = other
    with pytest.raises(MediaError, match="not the one"):
        await files.content(sent.id, sent.sha256, 1_000)


async def test_a_digest_may_be_told_in_base64(graph: FakeGraph, files: GraphFiles) -> None:
    sent = graph.media.receive(PICTURE, "image/jpeg")
    digest = base64.b64encode(bytes.fromhex(sent.sha256)).decode()
    assert await files.content(sent.id, digest, 1_000) == PICTURE


async def test_what_is_too_large_is_not_fetched_or_read_to_its_end(graph: FakeGraph, files: GraphFiles) -> None:
    sent = graph.media.receive(b"x" * 2_000, "image/jpeg")
    with pytest.raises(MediaTooLargeError):
        await files.content(sent.id, "", 1_000)
    assert graph.media.downloads == []
    graph.media.tells_size = False
    with pytest.raises(MediaTooLargeError):
        await files.content(sent.id, "", 1_000)


async def test_the_token_goes_to_no_other_host(graph: FakeGraph, files: GraphFiles) -> None:
    sent = graph.media.receive(PICTURE, "image/jpeg")
    for elsewhere in ("https://evil.example", "http://lookaside.fbsbx.com", "https://lookaside.fbsbx.com.evil.example"):
        graph.media.base_url = elsewhere
        with pytest.raises(MediaError, match="not one of Meta's"):
            await files.content(sent.id, "", 1_000)
    with pytest.raises(MediaError, match="none of Meta's"):
        await files.content("../me", "", 1_000)


async def test_what_fails_once_is_asked_for_again(graph: FakeGraph, files: GraphFiles) -> None:
    sent = graph.media.receive(PICTURE, "image/jpeg")
    graph.faults.fail(path=f"/{sent.id}$")
    assert await files.content(sent.id, "", 1_000) == PICTURE
    with pytest.raises(MediaError):
        await files.content("12345", "", 1_000)
    graph.account.token_is_expired = True
    with pytest.raises(MediaError, match="190"):
        await files.content(sent.id, "", 1_000)


async def test_a_file_is_uploaded_and_sent_as_a_document(
    graph: FakeGraph, files: GraphFiles, sending: GraphSending
) -> None:
    ada = graph.people.add("Ada", phone="4915112345678")
    ada.last_wrote = graph.clock.now()
    media_id = await files.uploaded(b"{}", "text/plain", "export.json")
    document = {"id": media_id, "filename": "export.json", "caption": "Here it is."}
    await sending.message(Recipient(phone=ada.phone), "document", document, tracker="")
    (sent,) = ada.received
    assert (sent.kind, sent.content["filename"], sent.text) == ("document", "export.json", "Here it is.")
    stored = graph.media.get(media_id)
    assert stored is not None
    assert stored.content == b"{}"


async def test_what_meta_does_not_take_is_told(graph: FakeGraph, files: GraphFiles) -> None:
    with pytest.raises(DeliveryError, match="100"):
        await files.uploaded(b"PK", "application/zip", "my-data.zip")
    graph.faults.cut(path="/media$")
    with pytest.raises(DeliveryError, match="could not be uploaded"):
        await files.uploaded(b"{}", "text/plain", "export.json")
