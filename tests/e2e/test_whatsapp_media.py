"""Pictures, voice messages, files, buttons and reactions, with the program as it is started."""

import asyncio
import contextlib
import json
import sqlite3
import time
from pathlib import Path

from tests.e2e.api_server import PATIENCE_SECONDS
from tests.e2e.whatsapp_business import business_on

PICTURE = b"\x89PNG a boat"


async def test_what_people_send_is_answered_by_what_is_in_it(tmp_path: Path) -> None:
    async with business_on(tmp_path / "conversations", TRANSCRIPTION_MODEL="hearing") as business:
        phone = business.phone
        await business.brings(phone.text("Look:"), phone.image(PICTURE, mime_type="image/png", caption="my boat"))
        await business.answers()
        seen = f"[image: A picture of {len(PICTURE)} bytes, sent with: my boat] my boat"
        assert [each.removeprefix("Ada: ") for each in business.asked()] == ["Look:", seen]
        assert business.model.requests[0]["model"] == business.model.requests[1]["model"] == "test-model"

        document = phone.document(b"milk", name="list.txt", mime_type="text/plain")
        await business.brings(phone.voice_note(b"OggS"), document)
        await business.answers(2)
        assert business.asked()[-2].endswith("[voice message: Do you sell tea?]")
        assert "list.txt:\n```\nmilk\n```" in business.asked()[-1]
        assert business.model.audio.heard[0].name == "voice.ogg"

        await _until_noted(business.bot.folder / "echo.db", [("hearing", 40)])


async def test_files_are_sent_choices_tapped_and_reactions_kept(tmp_path: Path) -> None:
    async with business_on(tmp_path / "conversations") as business:
        phone = business.phone
        await business.says("My boat is called Aurora")
        (reply,) = await business.answers()
        await business.brings(phone.reacts(reply.id, "👍🏽"))

        await business.says("/export")
        exported = (await business.answers(2))[1]
        file = business.graph.media.get(exported.content["id"])
        assert exported.kind == "document"
        assert file is not None
        assert json.loads(file.content)["history"][0]["message_content"] == "My boat is called Aurora"

        await business.says("/new the weather")
        await business.says("/conversations")
        listed = (await business.answers(4))[3]
        (row,) = listed.content["action"]["sections"][0]["rows"]
        await business.brings(phone.chooses(listed, row["id"]))
        back = (await business.answers(5))[4]
        assert "back in" in back.text.lower()

        assert business.bot.get("/api/analytics/conversations")["feedback_up"] == 1

        await business.says("/forget-me")
        asked = (await business.answers(6))[5]
        assert [each["reply"]["title"] for each in asked.content["action"]["buttons"]] == [
            "Yes, forget me",
            "Copy of my data",
        ]
        await business.brings(phone.taps(asked, "/forget-me confirm"))
        forgotten = (await business.answers(7))[6]
        assert "forgot" in forgotten.text.lower() or "removed" in forgotten.text.lower()


async def _until_noted(database: Path, calls: list[tuple[str, int]]) -> None:
    """Wait until these are the models that listened, with the tokens that were sent to each."""
    query = "SELECT model, input_tokens FROM usage WHERE purpose = 'media' AND model <> 'test-model'"
    deadline = time.monotonic() + PATIENCE_SECONDS
    with contextlib.closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        while (found := connection.execute(query).fetchall()) != calls:
            assert time.monotonic() < deadline, found
            await asyncio.sleep(0.05)
