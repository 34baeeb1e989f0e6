"""What Echo knows of people on a whole Echo: carried into new conversations, told, and forgotten everywhere."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from source.adapters.storage.task_table import TaskTable
from source.app.memories import Memories
from source.app.operations import Operations
from source.domain.errors import RefusedInputError
from source.domain.memory import MemoryPart
from source.domain.thread import PersonRef, Platform, ThreadRef
from source.services.memories import MadeMemory
from tests.fakes.clock import FakeClock
from tests.fakes.memory_samples import claim
from tests.fakes.openai_script import Says
from tests.fakes.openai_server import FakeOpenAIServer
from tests.fakes.running_echo import MAIN, Talk, running_echo, transcripts_in

SIDE = ThreadRef(Platform.TERMINAL, "side")
GUILD = ThreadRef(Platform.DISCORD, "5", guild_id="7", guild_name="Club")
GUILD_TOO = ThreadRef(Platform.DISCORD, "6", guild_id="7", guild_name="Club")
OTHER_GUILD = ThreadRef(Platform.DISCORD, "8", guild_id="9", guild_name="Pub")
DIRECT = ThreadRef(Platform.DISCORD, "10")
BEN = PersonRef("ben", "Ben")


@pytest.fixture
async def server() -> AsyncIterator[FakeOpenAIServer]:
    async with FakeOpenAIServer() as running:
        yield running


async def remember(talk: Talk, thread: ThreadRef = MAIN) -> None:
    """Have the memory of the thread's newest conversation made by rules."""
    memories = Memories(talk.echo, TaskTable(talk.echo.store), None)
    conversation_id = (await talk.conversations(thread=thread))[-1].head.conversation_id
    assert await memories.service.make(conversation_id) is MadeMemory.GENERATED


def prompted(server: FakeOpenAIServer) -> str:
    """What the model was given last."""
    return json.dumps(server.requests[-1], ensure_ascii=False)


async def test_what_was_said_in_one_thread_is_known_in_the_next(tmp_path: Path, server: FakeOpenAIServer) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        await talk.say("I live in Lisbon. I love green tea.")
        await remember(talk)
        await talk.say("Hello", thread=SIDE)
        carried = (await talk.conversation(thread=SIDE)).head.carried_summary

    assert "I live in Lisbon." in carried
    assert "I live in Lisbon." in prompted(server)
    assert "- Preference (2026-03-02): Ada: “I love green tea.”" in carried


async def test_what_bears_on_the_first_words_comes_first(tmp_path: Path, server: FakeOpenAIServer) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        await talk.say("My name is Ada. I live in Lisbon. I love green tea.")
        await remember(talk)
        await talk.say("Which tea shall I buy?", thread=SIDE)
        carried = (await talk.conversation(thread=SIDE)).head.carried_summary

    assert carried.index("green tea") < carried.index("My name is Ada")


async def test_the_budget_of_what_is_carried_is_kept_and_none_is_none(tmp_path: Path, server: FakeOpenAIServer) -> None:
    async with running_echo(tmp_path, server, FakeClock(), memory_budget_tokens=30) as talk:
        await talk.say(" ".join(f"I love tea from the village of Number{number}." for number in range(20)))
        await remember(talk)
        await talk.say("Hello", thread=SIDE)
        carried = (await talk.conversation(thread=SIDE)).head.carried_summary
    async with running_echo(tmp_path, server, FakeClock(), memory_budget_tokens=0) as talk:
        await talk.say("Hello", thread=ThreadRef(Platform.TERMINAL, "third"))
        nothing = (await talk.conversation(thread=ThreadRef(Platform.TERMINAL, "third"))).head.carried_summary

    assert carried.count("Number") == 1
    assert nothing == ""


async def test_the_prefix_stays_the_same_whatever_is_learned_meanwhile(
    tmp_path: Path, server: FakeOpenAIServer
) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        await talk.say("I live in Lisbon.")
        await remember(talk)
        await talk.say("Hello", thread=SIDE)
        first = json.dumps(server.requests[-1]["messages"])
        await talk.command("new", thread=MAIN)
        await talk.say("I moved to Porto.")
        await remember(talk)
        await talk.say("And now?", thread=SIDE)
        second = json.dumps(server.requests[-1]["messages"])

    assert second.startswith(first.removesuffix("]"))


async def test_what_replaced_it_is_told_beside_what_is_no_longer_so(tmp_path: Path, server: FakeOpenAIServer) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        await talk.say("I live in Lisbon.")
        await remember(talk)
        talk.clock.advance(hours=24 * 30)
        await talk.say("I moved to Porto.", thread=SIDE)
        await remember(talk, SIDE)
        now, everything = await talk.command("memory"), await talk.command("memory all")
        await talk.say("Hello", thread=ThreadRef(Platform.TERMINAL, "third"))
        carried = (await talk.conversation(thread=ThreadRef(Platform.TERMINAL, "third"))).head.carried_summary
        await talk.command("memory forget Porto")
        after = await talk.command("memory")

    assert "Porto" in now
    assert "Lisbon" not in now
    assert "/memory all" in now
    assert "Fact: Ada: “I live in Lisbon.” — no longer so since 2026-04-01: Ada: “I moved to Porto.”" in everything
    assert "Porto" in carried
    assert "Lisbon" not in carried
    assert "Lisbon" in after, "without the newer one the older one stands again"


async def test_a_fact_is_forgotten_by_its_number_in_the_list_that_was_told(
    tmp_path: Path, server: FakeOpenAIServer
) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        await talk.say("I live in Lisbon.")
        await talk.say("I love green tea.")
        await talk.say("My boss is called Eve.")
        await remember(talk)
        lines = (await talk.command("memory")).splitlines()
        number = {text: line.split(".")[0].strip() for line in lines[1:4] for text in ("Lisbon", "tea") if text in line}
        answers = [await talk.command(f"memory forget {number[text]}") for text in ("Lisbon", "tea")]
        with pytest.raises(RefusedInputError, match="do not know that any more"):
            await talk.command(f"memory forget {number['tea']}")
        left = await talk.command("memory")
        with pytest.raises(RefusedInputError, match="no number 99"):
            await talk.command("memory forget 99")

    assert ["Lisbon" in answers[0], "tea" in answers[1]] == [True, True]
    assert "Lisbon" not in left
    assert "tea" not in left
    assert "Eve" in left


async def test_what_was_forgotten_is_gone_from_summaries_memories_and_transcripts_of_what_was_carried(
    tmp_path: Path, server: FakeOpenAIServer
) -> None:
    async with running_echo(tmp_path, server, FakeClock(), summarize_old_conversations=False) as talk:
        await talk.say("I live in Lisbon, near the river. I love green tea.")
        await remember(talk)
        await talk.command("new")
        await talk.say("Hello")
        await talk.say("Hello", thread=SIDE)
        before = [each.head for each in (*await talk.conversations(), *await talk.conversations(thread=SIDE))]
        answer = await talk.command("memory forget lisbon")
        after = [each.head for each in (*await talk.conversations(), *await talk.conversations(thread=SIDE))]
        await talk.say("And now?")
        await talk.echo.manager.write_transcripts()
        running = talk.echo.manager.get_conversation("main", platform=Platform.TERMINAL)
        await remember(talk)

    assert running is not None
    assert sum("Lisbon" in text for head in before for text in (head.summary, head.carried_summary)) == 3
    assert not any("Lisbon" in text for head in after for text in (head.summary, head.carried_summary))
    assert "gone from 3 summaries" in answer
    assert "green tea" in after[1].carried_summary
    assert "Lisbon" not in running.head.carried_summary
    assert "Lisbon" not in prompted(server)
    told = [(each["summary"], each["carried_summary"]) for each in transcripts_in(tmp_path).values()]
    assert not any("Lisbon" in text for both in told for text in both if text)


async def test_what_was_forgotten_is_no_title_any_more(tmp_path: Path, server: FakeOpenAIServer) -> None:
    async with running_echo(tmp_path, server, FakeClock(), summarize_old_conversations=False) as talk:
        await talk.say("I live in Lisbon.")
        await remember(talk)
        await talk.command("new")
        before = await talk.command("conversations")
        await talk.command("memory forget lisbon")
        after = await talk.command("conversations")

    assert "Lisbon" in before
    assert "Lisbon" not in after


async def test_what_was_forgotten_is_not_known_again_when_the_conversation_goes_on(
    tmp_path: Path, server: FakeOpenAIServer
) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        await talk.say("I live in Lisbon. I love green tea.")
        await remember(talk)
        await talk.command("memory forget lisbon")
        await talk.say("I work at Acme.")
        await remember(talk)
        known = await talk.command("memory")

    assert "Lisbon" not in known
    assert "green tea" in known
    assert "Acme" in known


async def test_what_is_meant_has_to_be_one_thing(tmp_path: Path, server: FakeOpenAIServer) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        await talk.say("I love green tea. I love black tea. I live in Lisbon.")
        await remember(talk)
        with pytest.raises(RefusedInputError, match="Which of these"):
            await talk.command("memory forget tea")
        with pytest.raises(RefusedInputError, match="know nothing of you here that says 'coffee'"):
            await talk.command("memory forget coffee")
        with pytest.raises(RefusedInputError, match="Forget what"):
            await talk.command("memory forget")
        found = await talk.command("memory tea")

    assert "green tea" in found
    assert "Lisbon" not in found


async def test_nothing_said_in_one_place_is_known_in_another(tmp_path: Path, server: FakeOpenAIServer) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        await talk.say("I live in Lisbon. I love green tea.", thread=DIRECT)
        await remember(talk, DIRECT)
        await talk.say("I live in Porto.", thread=GUILD)
        await remember(talk, GUILD)
        for thread in (GUILD_TOO, OTHER_GUILD):
            await talk.say("Hello, tea and Lisbon?", thread=thread)
        carried = [(await talk.conversation(thread=thread)).head.carried_summary for thread in (GUILD_TOO, OTHER_GUILD)]
        told = [await talk.command("memory all", thread=thread) for thread in (GUILD_TOO, OTHER_GUILD, DIRECT)]
        theirs = await talk.command("memory", thread=GUILD_TOO, person=BEN)
        with pytest.raises(RefusedInputError):
            await talk.command("memory forget lisbon", thread=GUILD_TOO)

    assert "Porto" in carried[0]
    assert "Lisbon" not in carried[0]
    assert "tea" not in carried[0]
    assert carried[1] == ""
    assert "Porto" in told[0]
    assert "Lisbon" not in told[0], "not even as what was replaced"
    assert "nothing" in told[1]
    assert "Lisbon" in told[2]
    assert "Porto" not in told[2]
    assert "no longer" not in told[2], "what was said in the guild replaces nothing here"
    assert "nothing" in theirs


async def test_several_in_a_thread_are_carried_only_what_is_known_of_who_begins(
    tmp_path: Path, server: FakeOpenAIServer
) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        await talk.say("I love green tea.", thread=GUILD)
        await talk.say("I love black coffee.", thread=GUILD, person=BEN)
        await remember(talk, GUILD)
        await talk.say("Hello", thread=GUILD_TOO, person=BEN)
        carried = (await talk.conversation(thread=GUILD_TOO)).head.carried_summary

    assert "coffee" in carried
    assert "tea" not in carried


async def test_memories_from_before_facts_are_read_after_the_start(tmp_path: Path, server: FakeOpenAIServer) -> None:
    from sqlalchemy import text

    async with running_echo(tmp_path, server, FakeClock()) as talk:
        await talk.say("I live in Lisbon.")
        await remember(talk)
        await talk.echo.store.change(
            lambda connection, _: (
                connection.execute(text("DELETE FROM facts")),
                connection.execute(text("UPDATE conversation_memories SET facts_version = NULL")),
            )
        )
        forgotten = await talk.command("memory")
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        await talk.echo.facts.reading.read_all()
        known = await talk.command("memory")

    assert "Lisbon" not in forgotten
    assert "Lisbon" in known


async def test_the_model_says_what_of_the_known_is_out_of_date(tmp_path: Path, server: FakeOpenAIServer) -> None:
    empty: dict[str, object] = {part.value: [] for part in MemoryPart}
    noted = {**empty, "summary": claim(""), "language": "en", "settled": []}
    boat = {**noted, "facts": [claim("Ada has a blue boat.", 1)]}
    sold = {**noted, "facts": [claim("Ada sold it to Ben.", 2, replaces=[1])]}
    async with running_echo(tmp_path, server, FakeClock(), memory_budget_tokens=0) as talk:
        memories = Operations(talk.echo).memories
        told = {"I have a blue boat.": boat, "I sold it to Ben.": sold}
        for (text, answer), thread in zip(told.items(), (MAIN, SIDE), strict=True):
            await talk.say(text, thread=thread)
            talk.clock.advance(hours=1)
            server.queue(Says(json.dumps(answer)))
            conversation = (await talk.conversations(thread=thread))[-1].head.conversation_id
            assert await memories.service.make(conversation) is MadeMemory.GENERATED
        asked = prompted(server)
        known = await talk.command("memory all")

    assert "Known from before:\\n[#1] Fact (2026-03-02): Ada has a blue boat." in asked
    assert "Ada has a blue boat. — no longer so since 2026-03-02: Ada sold it to Ben." in known
