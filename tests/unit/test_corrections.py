"""What people change afterwards is followed everywhere, and what still waits is answered as it reads by then."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from source.domain.errors import ModelUnavailableError, StoreUnavailableError
from source.domain.message import Standing
from source.domain.thread import Platform
from source.domain.turn import SentPart
from source.ports.llm import Role
from tests.fakes.small_echo import ANA, MOST_BYTES, THREAD, SmallEcho, rest

LATER = datetime(2026, 3, 2, 9, 5, tzinfo=UTC)


@pytest.fixture
async def echo() -> AsyncIterator[SmallEcho]:
    small = SmallEcho()
    yield small
    await small.end()


async def edit(echo: SmallEcho, event_id: str, text: str, at: datetime = LATER) -> None:
    await echo.corrections.edited(Platform.DISCORD, event_id, text, at)


async def delete(echo: SmallEcho, *event_ids: str) -> None:
    await echo.corrections.deleted(Platform.DISCORD, event_ids)


def asked_of_the_model(echo: SmallEcho) -> list[str]:
    """What people had said in the last prompt."""
    return [message.content for message in echo.model.prompts[-1].messages if message.role is Role.USER]


async def test_an_edit_reaches_store_memory_transcript_and_the_next_prompt(echo: SmallEcho) -> None:
    await echo.say("Helo", "1")
    await edit(echo, "1", "Hello")
    await echo.manager.write_transcripts()
    await echo.say("Go on")

    stored = await echo.stored()
    assert (stored[0].message_content, stored[0].edited_at, stored[0].standing) == ("Hello", LATER, Standing.KEPT)
    assert echo.remembered() == stored
    assert asked_of_the_model(echo) == ["Ana: Hello", "Ana: Go on"]
    [transcript] = echo.transcripts.files.values()
    assert json.loads(transcript)["history"][0]["message_content"] == "Hello"


async def test_a_deletion_takes_the_text_and_leaves_the_place_and_the_reply(echo: SmallEcho) -> None:
    await echo.say("Secret", "1")
    await echo.say("Hello", "2")
    await delete(echo, "1")
    await echo.manager.write_transcripts()
    await echo.say("Go on")

    stored = await echo.stored()
    assert (stored[0].message_content, stored[0].standing) == ("", Standing.DELETED)
    assert stored[1].message_content == "All right."
    assert echo.remembered() == stored
    assert asked_of_the_model(echo) == ["Ana: Hello", "Ana: Go on"]
    assert "Secret" not in str(echo.transcripts.files)


async def test_what_left_memory_is_corrected_too(echo: SmallEcho) -> None:
    await echo.say("Helo", "1")
    echo.start()
    await edit(echo, "1", "Hello")

    assert (await echo.stored())[0].message_content == "Hello"
    assert echo.remembered() == await echo.stored()


async def test_a_conversation_that_has_ended_is_corrected_with_its_transcript(echo: SmallEcho) -> None:
    await echo.say("Helo", "1")
    echo.clock.advance(hours=49)
    await echo.say("A new day")
    await edit(echo, "1", "Hello")
    await echo.manager.write_transcripts()

    [ended] = [messages for number, messages in echo.store.messages.items() if messages[0].event_id == "1"]
    assert ended[0].message_content == "Hello"
    assert sorted(json.loads(each)["history"][0]["message_content"] for each in echo.transcripts.files.values()) == [
        "A new day",
        "Hello",
    ]
    assert echo.remembered()[0].message_content == "A new day"


async def test_an_edit_during_the_answer_is_made_once_the_turn_is_over(echo: SmallEcho) -> None:
    echo.model.hold(after=1)
    answering = asyncio.create_task(echo.say("Helo", "1"))
    await echo.model.called.wait()
    editing = asyncio.create_task(edit(echo, "1", "Hello"))
    deleting = asyncio.create_task(delete(echo, "1"))
    await rest()
    assert not editing.done()
    echo.model.release()
    await asyncio.gather(answering, editing, deleting)

    stored = await echo.stored()
    assert [message.message_content for message in stored] == ["", "All right."]
    assert echo.remembered() == stored
    assert len(echo.model.prompts) == 1


async def test_a_deletion_during_the_answer_holds_although_nobody_lives_to_make_it_later(echo: SmallEcho) -> None:
    echo.model.hold(after=1)
    answering = asyncio.create_task(echo.say("Secret", "1"))
    await echo.model.called.wait()
    deleting = asyncio.create_task(delete(echo, "1"))
    await rest()
    deleting.cancel()
    echo.model.release()
    await asyncio.gather(answering, deleting, return_exceptions=True)
    await echo.manager.write_transcripts()

    stored = await echo.stored()
    assert (stored[0].message_content, stored[0].standing) == ("", Standing.DELETED)
    assert echo.remembered() == stored
    assert "Secret" not in str(echo.transcripts.files)


async def test_what_still_waits_is_answered_as_it_reads_by_then(echo: SmallEcho) -> None:
    echo.model.hold(after=1)
    first = asyncio.create_task(echo.say("First"))
    await echo.model.called.wait()
    second = asyncio.create_task(echo.say("Secnd", "2"))
    third = asyncio.create_task(echo.say("Thrid", "3"))
    await rest()
    changing = [asyncio.create_task(edit(echo, "2", "Second")), asyncio.create_task(delete(echo, "3"))]
    await rest()
    echo.model.release()
    await asyncio.gather(first, second, third, *changing)

    assert asked_of_the_model(echo) == ["Ana: First", "Ana: Second"]
    assert [message.message_content for message in await echo.stored()] == [
        "First",
        "All right.",
        "Second",
        "All right.",
    ]


async def test_a_batch_of_which_nothing_is_left_asks_no_model_and_opens_no_reply(echo: SmallEcho) -> None:
    echo.model.hold(after=1)
    first = asyncio.create_task(echo.say("First"))
    await echo.model.called.wait()
    second = asyncio.create_task(echo.turns.handle(echo.inbound("Second", "2"), echo.channel))
    await rest()
    deleting = asyncio.create_task(delete(echo, "2"))
    await rest()
    echo.model.release()
    await asyncio.gather(first, second, deleting)

    assert len(echo.model.prompts) == 1
    assert len(echo.channel.replies) == 1
    assert await echo.store.unanswered() == []


async def test_what_waits_for_the_model_to_come_back_is_corrected(echo: SmallEcho) -> None:
    echo.model.add(ModelUnavailableError("down"))
    failed = await echo.say("Helo", "1")
    await edit(echo, "1", "Hello")
    await delete(echo, "unknown")
    await rest()
    echo.clock.advance(minutes=1)
    await rest()

    assert echo.channel.delivered == ["All right."]
    assert failed.failure is not None
    assert asked_of_the_model(echo) == ["Ana: Hello"]


async def test_what_was_taken_back_while_the_model_was_away_is_not_answered(echo: SmallEcho) -> None:
    echo.model.add(ModelUnavailableError("down"))
    await echo.say("Hello", "1")
    await delete(echo, "1")
    echo.clock.advance(minutes=1)
    await echo.say("Something else")

    assert asked_of_the_model(echo) == ["Ana: Something else"]
    assert len(echo.channel.delivered) == 1


async def test_a_crash_after_an_edit_has_the_edited_text_answered(echo: SmallEcho) -> None:
    echo.model.add(ModelUnavailableError("down"))
    await echo.say("Helo", "1")
    await edit(echo, "1", "Hello")
    echo.start()
    await echo.turns.recover(echo.channel)

    assert asked_of_the_model(echo) == ["Ana: Hello"]


async def test_an_edit_while_the_unanswered_are_being_read_is_not_overlooked(echo: SmallEcho) -> None:
    echo.model.add(ModelUnavailableError("down"), ModelUnavailableError("down"))
    await echo.say("Helo", "1")
    await echo.say("Secret", "2")
    echo.start()
    recovering = asyncio.create_task(echo.turns.recover(echo.channel))
    await asyncio.sleep(0)
    await asyncio.gather(recovering, edit(echo, "1", "Hello"), delete(echo, "2"))

    stored = await echo.stored()
    assert stored[0].message_content == "Hello"
    assert "Secret" not in str(stored)


async def test_unknown_ids_and_echo_s_own_messages_are_left_alone(echo: SmallEcho) -> None:
    await echo.say("Hello", "1")
    [key] = echo.store.replies
    echo.store.note_sent(Platform.DISCORD, SentPart(key, 0, "900"))
    before = await echo.stored()
    await edit(echo, "900", "Something I never said")
    await delete(echo, "900", "901")

    assert await echo.stored() == before


async def test_the_same_text_again_and_an_older_edit_change_nothing(echo: SmallEcho) -> None:
    await echo.say("Hello", "1")
    await edit(echo, "1", "Hello")
    assert (await echo.stored())[0].edited_at is None
    await edit(echo, "1", "Hello!")
    await edit(echo, "1", "Helo", at=LATER - timedelta(minutes=1))
    assert (await echo.stored())[0].message_content == "Hello!"


async def test_a_text_that_could_not_be_taken_is_refused(echo: SmallEcho) -> None:
    await echo.say("Hello", "1")
    for text in ("x" * (MOST_BYTES + 1), "a\x00b", "\ud800", "  "):
        await edit(echo, "1", text)

    assert (await echo.stored())[0].message_content == "Hello"


async def test_what_was_deleted_stays_deleted(echo: SmallEcho) -> None:
    await echo.say("Secret", "1")
    await delete(echo, "1")
    await edit(echo, "1", "Secret after all")
    await delete(echo, "1")

    assert (await echo.stored())[0].message_content == ""


async def test_a_store_that_fails_changes_nothing_in_memory_either(echo: SmallEcho) -> None:
    await echo.say("Hello", "1")
    echo.store.failing = StoreUnavailableError("the disk is full")
    with pytest.raises(StoreUnavailableError):
        await edit(echo, "1", "Hello!")
    echo.store.failing = None
    await echo.say("Go on")

    assert asked_of_the_model(echo) == ["Ana: Hello", "Ana: Go on"]


async def test_a_summary_that_was_prepared_does_not_tell_what_was_deleted_since(echo: SmallEcho) -> None:
    await echo.say("My boat is called Aurora and lies in the harbour of Lisbon", "1")
    echo.clock.advance(hours=49)
    await echo.opening.prepare(THREAD)
    await delete(echo, "1")
    await echo.say("Good morning", person=ANA)

    assert "Aurora" not in str(echo.store.heads)
