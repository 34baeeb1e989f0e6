"""Files that people send are told in words, whatever goes wrong with them."""

import asyncio
from datetime import timedelta

import pytest

from source.domain.errors import MediaError, MediaTooLargeError, ModelRefusedError, ModelUnavailableError
from source.domain.turn import Purpose
from source.ports.media import MediaKind
from source.services.media_telling import MediaRules, MediaTelling
from source.services.prices import Prices
from tests.fakes.clock import FakeClock
from tests.fakes.media import FakeMediaReader, attachment

IMAGE, VOICE, DOCUMENT = MediaKind.IMAGE, MediaKind.VOICE, MediaKind.DOCUMENT
RULES = MediaRules(prices=Prices(1, 0, 2), priced="seeing")


@pytest.fixture
def reader() -> FakeMediaReader:
    return FakeMediaReader()


@pytest.fixture
def telling(reader: FakeMediaReader) -> MediaTelling:
    return MediaTelling(reader, FakeClock(), RULES)


async def test_a_picture_is_told_with_what_is_in_it_and_its_caption(telling: MediaTelling) -> None:
    told = await telling.told(attachment(IMAGE, caption="my boat"), person="1")
    assert told.text == "[image: a picture of 9 bytes, image/jpeg] my boat"
    (usage,) = told.usage
    assert (usage.model, usage.purpose, usage.person, usage.cost) == ("seeing", Purpose.MEDIA, "1", 120)
    assert (usage.input_tokens, usage.output_tokens, usage.estimated) == (100, 10, False)


async def test_a_voice_message_is_told_with_what_was_said(telling: MediaTelling) -> None:
    told = await telling.told(attachment(VOICE), person="1")
    assert told.text == "[voice message: 9 bytes of audio/ogg]"
    assert told.usage[0].cost is None  # nobody said what this model costs


async def test_where_nobody_looks_it_is_named_and_not_even_fetched(reader: FakeMediaReader) -> None:
    reader.sees = reader.hears = False
    gone = MediaError("fetched all the same")
    for telling in (MediaTelling(reader, FakeClock(), RULES), MediaTelling(None, FakeClock(), RULES)):
        assert (
            await telling.told(attachment(IMAGE, error=gone, caption="my boat"), person="1")
        ).text == "[image] my boat"
        assert (await telling.told(attachment(VOICE, error=gone), person="1")).text == "[voice message]"


@pytest.mark.parametrize(
    ("kind", "error", "text"),
    [
        (IMAGE, MediaError("gone"), "[image that could not be looked at] here"),
        (VOICE, MediaError("gone"), "[voice message that could not be listened to] here"),
        (IMAGE, MediaTooLargeError("large"), "[image too large to be read] here"),
        (DOCUMENT, MediaError("gone"), "[attached: notes.txt, text/plain] here"),
        (DOCUMENT, MediaTooLargeError("large"), "[attached: notes.txt, text/plain] here"),
    ],
)
async def test_what_cannot_be_had_is_told_so(
    telling: MediaTelling, kind: MediaKind, error: Exception, text: str
) -> None:
    media_type, name = ("text/plain", "notes.txt") if kind is DOCUMENT else (None, "")
    sent = attachment(kind, error=error, caption="here", media_type=media_type, name=name)
    told = await telling.told(sent, person="1")
    assert (told.text, told.usage) == (text, ())


async def test_a_model_that_fails_is_told_so(telling: MediaTelling, reader: FakeMediaReader) -> None:
    reader.failures.extend([ModelUnavailableError("later"), ModelRefusedError("no pictures")])
    for _ in range(2):
        told = await telling.told(attachment(IMAGE), person="1")
        assert told.text == "[image that could not be looked at]"
    assert "picture" in (await telling.told(attachment(IMAGE), person="1")).text


async def test_nobody_waits_for_a_model_for_ever(reader: FakeMediaReader) -> None:
    reader.gate = asyncio.Event()
    telling = MediaTelling(reader, FakeClock(), RULES, deadline=timedelta(milliseconds=20))
    assert (await telling.told(attachment(VOICE), person="1")).text == "[voice message that could not be listened to]"


async def test_only_so_many_are_read_at_once(telling: MediaTelling, reader: FakeMediaReader) -> None:
    reader.gate = asyncio.Event()
    work = [asyncio.create_task(telling.told(attachment(IMAGE), person=str(each))) for each in range(40)]
    for _ in range(50):
        await asyncio.sleep(0)
    assert reader.reading == 16
    reader.gate.set()
    assert all(told.usage for told in await asyncio.gather(*work))


async def test_a_short_text_is_told_with_its_text_and_other_documents_by_their_names(telling: MediaTelling) -> None:
    text = await telling.told(
        attachment(DOCUMENT, b"milk\ntea\n", media_type="text/plain", name="list.txt", caption="please"), person="1"
    )
    assert text.text == "list.txt:\n```\nmilk\ntea\n```\nplease"
    paper = await telling.told(attachment(DOCUMENT, b"%PDF", name="paper.pdf", caption="read"), person="1")
    assert paper.text == "[attached: paper.pdf, application/pdf] read"
    odd = await telling.told(attachment(DOCUMENT, b"\xff\xfe\xfd\x00\x01", name="list.txt"), person="1")
    assert odd.text.startswith("[attached: list.txt")


async def test_pictures_that_no_model_takes_are_named(telling: MediaTelling) -> None:
    assert (await telling.told(attachment(IMAGE, media_type="image/heic"), person="1")).text == "[image]"
    assert (await telling.told(attachment(MediaKind.STICKER, media_type="image/webp"), person="1")).text == "[sticker]"
    assert (await telling.told(attachment(MediaKind.VIDEO), person="1")).text == "[video]"


async def test_words_without_end_are_cut_where_a_message_would_not_hold_them(reader: FakeMediaReader) -> None:
    reader.words = "ä" * 100
    telling = MediaTelling(reader, FakeClock(), MediaRules(most_bytes=50))
    told = await telling.told(attachment(VOICE), person="1")
    assert told.text.endswith("ä … (cut)]")
    assert len(told.text.encode()) <= 50 + len("[voice message: ]")


async def test_the_model_sees_the_caption_as_it_may_be_shown_and_the_history_keeps_it(
    reader: FakeMediaReader,
) -> None:
    rules = MediaRules(shown=lambda caption: caption.replace("Ada", "somebody"))
    told = await MediaTelling(reader, FakeClock(), rules).told(attachment(IMAGE, caption="Ada's boat"), person="1")
    assert reader.captions == ["somebody's boat"]
    assert told.text.endswith("] Ada's boat")


async def test_a_model_that_counts_no_tokens_is_noted_all_the_same(
    telling: MediaTelling, reader: FakeMediaReader
) -> None:
    reader.counts = False
    (usage,) = (await telling.told(attachment(IMAGE), person="1")).usage
    assert (usage.input_tokens, usage.estimated, usage.cost) == (0, True, None)
