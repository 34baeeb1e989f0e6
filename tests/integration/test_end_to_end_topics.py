"""Topics on a whole Echo: one that is asked for, and one that people come to by themselves."""

import random
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from source.domain.conversation_head import CreatedReason
from source.services.topics import SUGGESTION
from tests.fakes.clock import FakeClock
from tests.fakes.openai_server import FakeOpenAIServer
from tests.fakes.running_echo import Talk, running_echo
from tests.unit.test_topic_shift import GARDEN, TAXES


@pytest.fixture
async def server() -> AsyncIterator[FakeOpenAIServer]:
    async with FakeOpenAIServer() as running:
        yield running


def lines(subject: str, count: int) -> Iterator[str]:
    chance = random.Random(4)
    for _ in range(count):
        yield " and ".join(chance.sample(subject.split(), 5))


async def say_all(talk: Talk, *subjects: tuple[str, int]) -> list[list[str]]:
    """Say it and return the notices of each reply."""
    return [(await talk.say(line)).notices for subject, count in subjects for line in lines(subject, count)]


async def test_a_new_topic_is_suggested_once_below_an_answer_and_changes_nothing(
    tmp_path: Path, server: FakeOpenAIServer
) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        notices = await say_all(talk, (GARDEN, 12), (TAXES, 3))
    # Another process: what it sees is in the store alone.
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        notices += await say_all(talk, (TAXES, 6))
        [conversation] = await talk.conversations()

    assert [place for place, told in enumerate(notices, 1) if told] == [15]
    assert notices[14] == [SUGGESTION]
    assert SUGGESTION not in [message.message_content for message in conversation.messages]


async def test_who_wants_no_suggestions_gets_none(tmp_path: Path, server: FakeOpenAIServer) -> None:
    async with running_echo(tmp_path, server, FakeClock(), topic_suggestions=False) as talk:
        notices = await say_all(talk, (GARDEN, 12), (TAXES, 6))

    assert not any(notices)


@pytest.mark.parametrize("typed", ["new topic sailing  trips", "new sailing\n trips"])
async def test_a_topic_that_is_asked_for_is_the_title_and_the_reason(
    tmp_path: Path, server: FakeOpenAIServer, typed: str
) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        await talk.say("My boat is called Aurora")
        answer = await talk.command(typed)
        await talk.say("Where to?")
        listed = await talk.command("conversations")
        _, second = await talk.conversations()

    assert "about sailing trips" in answer
    assert (second.head.title, second.head.created_reason) == ("sailing trips", CreatedReason.TOPIC_COMMAND)
    assert "sailing trips" in listed


async def test_what_was_said_about_a_topic_comes_with_it(tmp_path: Path, server: FakeOpenAIServer) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        await talk.say("My boat is called Aurora and lies in Porto.")
        await talk.command("new fresh")
        await talk.say("What is the capital of Norway?")
        await talk.command("new topic the boat")
        _, _, third = await talk.conversations()

    assert "Aurora" in third.head.carried_summary


async def test_new_topic_without_words_is_new(tmp_path: Path, server: FakeOpenAIServer) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        await talk.say("My boat is called Aurora")
        await talk.command("new topic")
        _, second = await talk.conversations()

    assert (second.head.title, second.head.created_reason) == ("", CreatedReason.NEW_COMMAND)
