"""Echo on Discord as its members meet it: the program, against a Discord on loopback."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.e2e.discord_bot import Workshop, workshop
from tests.fakes.discord_talks import PATIENCE, custom_id
from tests.fakes.openai_script import Says

CODE = "\n".join(f"print('line {number:03}', {number} ** {number % 7})" for number in range(240))


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Workshop]:
    async with workshop(tmp_path) as place:
        await place.started()
        yield place
        assert place.discord.rate_limited == []
        assert "Traceback" not in place.bot.log


async def test_a_mention_opens_a_thread_named_after_the_topic_and_is_answered_there(place: Workshop) -> None:
    asked = await place.ada.says(place.channel, "<@bot> how do I sharpen a chisel?")
    thread = await place.thread_of(asked)
    answers = await place.whole_answers(thread)

    assert thread.name == "how do I sharpen a chisel?"
    assert [answer.content for answer in answers] == ["You said: Ada: how do I sharpen a chisel?"]


async def test_in_echos_thread_no_mention_is_needed_and_people_are_told_apart(place: Workshop) -> None:
    thread = await place.talk()
    await place.says("And I am Ben", thread, who=place.ben)

    said = [message["content"] for message in place.model.requests[-1]["messages"] if message["role"] == "user"]  # type: ignore[attr-defined]
    assert said == ["Ada: Hello", "Ben: And I am Ben"]


async def test_a_direct_message_is_answered(place: Workshop) -> None:
    answer = await place.says("just between us", place.ada.dm)
    assert answer.content == "You said: just between us"


async def test_text_streams_and_is_whole_at_the_end(place: Workshop) -> None:
    thread = await place.talk()
    words = [f"word{number} " for number in range(60)]
    place.model.queue(Says(words))
    answer = await place.says("tell me more", thread)

    assert answer.content == "".join(words).strip()
    assert all("".join(words).startswith(version.content.strip()) for version in answer.versions)


async def test_a_code_block_over_three_messages_stays_a_code_block(place: Workshop) -> None:
    thread = await place.talk()
    reply = f"Here it is:\n\n```python\n{CODE}\n```\nThat is all."
    place.model.queue(Says([reply[start : start + 40] for start in range(0, len(reply), 40)]))
    await place.ada.says(thread, "the whole script, please")
    await place.discord.until(lambda: place.answers(thread)[-1].content.endswith("That is all."), patience=PATIENCE)
    parts = [answer.content for answer in place.answers(thread)[1:]]

    assert len(parts) >= 3
    assert all(len(part) <= 2_000 and part.count("```") % 2 == 0 for part in parts)
    lines = [line for part in parts for line in part.splitlines() if not line.startswith("```")]
    assert [line for line in lines if line.startswith("print(")] == CODE.splitlines()


async def test_one_piece_of_6000_characters_arrives_whole(place: Workshop) -> None:
    thread = await place.talk()
    text = " ".join(f"word{number}" for number in range(800))
    place.model.queue(Says([text]))
    await place.ada.says(thread, "all at once")
    await place.discord.until(lambda: place.answers(thread)[-1].content.endswith("word799"), patience=PATIENCE)

    assert " ".join(answer.content for answer in place.answers(thread)[1:]) == text


async def test_nobody_is_pinged_and_no_link_is_previewed(place: Workshop) -> None:
    thread = await place.talk()
    place.model.queue(Says(["Ask @everyone and ", f"{place.ben.mention} at https://example.com/page"]))
    answer = await place.says("whom shall I ask?", thread)

    assert not answer.pings
    assert answer.flags & (1 << 2)  # SUPPRESS_EMBEDS


async def test_a_button_works_after_a_restart(place: Workshop) -> None:
    thread = await place.talk()
    (answer,) = place.answers(thread)
    assert await place.bot.stop() in (0, 143)
    await place.started()
    place.model.queue(Says(["A better answer."]))
    await place.ada.clicks(answer, custom_id(answer, "retry"))
    await place.discord.until(
        lambda: any(message.content == "A better answer." for message in place.answers(thread)), patience=PATIENCE
    )


async def test_stop_keeps_what_was_said(place: Workshop) -> None:
    thread = await place.talk()
    gate = asyncio.Event()
    place.model.queue(Says(["Once ", "upon ", "a ", "time"], gate=gate, gate_after=2))
    await place.ada.says(thread, "a story")
    await place.discord.until(lambda: "Once" in place.answers(thread)[-1].content, patience=PATIENCE)
    live = place.answers(thread)[-1]
    await place.ada.clicks(live, custom_id(live, "stop"))
    (_, stopped) = await place.whole_answers(thread, 2)

    assert stopped.content.startswith("Once upon")
    assert re.search(r"^-# .*stopped", stopped.content, re.MULTILINE)
    gate.set()


COMMANDS: dict[str, dict[str, object]] = {
    "/conversations": {},
    "/summary": {},
    "/search": {"words": "chisel"},
    "/memory": {},
    "/profile": {},
    "/link": {},
    "/unlink": {},
    "/export": {},
    "/forget-me": {},
    "/my-data": {},
    "/stats": {},
    "/stop": {},
    "/new": {"topic": "Planes"},
    "/resume": {"which": "2"},
    "/archive": {"which": "2"},
    "/unarchive": {"which": "2"},
    "/human": {},
    "/bot": {},
    "/help": {},
}


async def test_every_command_is_acknowledged_in_time_and_answered(place: Workshop) -> None:
    thread = await place.talk("how do I sharpen a chisel?")
    await place.says("and how often?", thread)
    for command, options in COMMANDS.items():
        used = await place.ada.uses(command, thread, options=options)
        await used.answered(patience=PATIENCE)
        assert used.answer, command
        assert "wrong on my side" not in used.answer, command
        assert used.ack_delay_ms is not None
        assert used.ack_delay_ms < 3_000
    place.model.queue(Says(["Once a week."]))
    await place.ada.uses("/retry", thread)
    await place.discord.until(
        lambda: any(message.content == "Once a week." for message in place.answers(thread)), patience=PATIENCE
    )

    registered = {command["name"] for command in place.discord.world.application.commands[None] if command["type"] == 1}
    assert {f"/{name}" for name in registered} == {*COMMANDS, "/retry"}
