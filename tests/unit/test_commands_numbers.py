"""Which conversations a person sees from where, by which number, and what is suggested while they type."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from source.domain.conversation_head import ConversationState
from source.domain.errors import RefusedInputError, StoreUnavailableError
from source.domain.thread import PersonRef, ThreadRef
from source.domain.turn import TurnRecord
from source.ports.store import ConversationListing
from source.services.commands import CommandInvocation
from source.services.commands.life import ARCHIVED
from source.services.commands.numbered import chosen, is_seen, listed
from source.services.commands.offering import RESUMABLE
from source.services.commands.suggesting import Suggestions
from tests.fakes.clock import FakeClock
from tests.fakes.store import InMemoryStore
from tests.fakes.store_samples import ANN, BEN, CLOSED, GUILD, MAIN, NOW, head

OTHER = replace(GUILD, thread_id="44")


@pytest.fixture
def store() -> InMemoryStore:
    return InMemoryStore(FakeClock())


async def put(
    store: InMemoryStore,
    *,
    thread: ThreadRef = GUILD,
    person: PersonRef = ANN,
    state: ConversationState = ConversationState.ENDED,
    title: str = "",
    minutes: int = 0,
) -> int:
    """Store a conversation that began so long after NOW, and return its id."""
    kept = head(thread=thread, requester=person.external_id, at=NOW + timedelta(minutes=minutes))
    kept = replace(kept, state=state, title=title)
    await store.commit_turn(TurnRecord(kept.conversation_id, heads=(kept,)))
    return kept.conversation_id


def asked(
    which: str = "", *, thread: ThreadRef = GUILD, person: PersonRef = ANN, is_in_thread: bool = True
) -> CommandInvocation:
    options: dict[str, str | bool] = {"which": which} if which else {}
    return CommandInvocation("resume", thread, person, options, is_in_thread=is_in_thread)


async def seen(store: InMemoryStore, invocation: CommandInvocation) -> list[int]:
    return [listing.conversation_id for listing in await listed(store, invocation)]


async def test_a_thread_lists_the_asker_s_own_conversations_of_that_thread(store: InMemoryStore) -> None:
    hers = await put(store)
    await put(store, person=BEN)
    await put(store, thread=OTHER)
    assert await seen(store, asked()) == [hers]


async def test_outside_of_a_thread_the_asker_s_conversations_of_the_guild_are_listed(store: InMemoryStore) -> None:
    first = await put(store)
    second = await put(store, thread=OTHER, minutes=5)
    await put(store, thread=OTHER, person=BEN)
    await put(store, thread=replace(GUILD, thread_id="9", guild_id="8"))
    await put(store, thread=MAIN)
    lobby = replace(GUILD, thread_id="lobby")
    assert await seen(store, asked(thread=lobby, is_in_thread=False)) == [second, first]


async def test_a_closed_circle_s_conversations_are_listed_inside_of_it_alone(store: InMemoryStore) -> None:
    closed = await put(store, thread=CLOSED)
    lobby = replace(GUILD, thread_id="lobby")
    assert await seen(store, asked(thread=lobby, is_in_thread=False)) == []
    assert await seen(store, asked(thread=replace(lobby, circle="staff"), is_in_thread=False)) == [closed]
    assert await seen(store, asked(thread=replace(lobby, circle="board"), is_in_thread=False)) == []


async def test_a_number_or_an_id_names_what_the_list_shows_and_nothing_else(store: InMemoryStore) -> None:
    of_another = await put(store, person=BEN)
    first = await put(store)
    second = await put(store, minutes=5)
    by = {which: (await chosen(store, asked(which), RESUMABLE)).conversation_id for which in ("1", "#2", str(first))}
    assert by == {"1": second, "#2": first, str(first): first}
    for which in ("0", "3", "-1", str(of_another), "garden", "x" * 1_000):
        with pytest.raises(RefusedInputError, match="/conversations lists them by number") as refusal:
            await chosen(store, asked(which), RESUMABLE)
        assert len(str(refusal.value)) < 120


async def test_what_a_command_does_not_apply_to_is_refused_with_its_state(store: InMemoryStore) -> None:
    await put(store, state=ConversationState.ACTIVE)
    with pytest.raises(RefusedInputError, match="That conversation is running"):
        await chosen(store, asked("1"), RESUMABLE)
    with pytest.raises(RefusedInputError, match="no archived conversation of yours"):
        await chosen(store, asked(), ARCHIVED)


async def test_without_a_number_a_thread_has_a_latest_one_and_a_guild_asks_which(store: InMemoryStore) -> None:
    await put(store)
    latest = await put(store, minutes=5)
    await put(store, state=ConversationState.ACTIVE, minutes=9)
    assert (await chosen(store, asked(), RESUMABLE)).conversation_id == latest
    with pytest.raises(RefusedInputError, match="Which one"):
        await chosen(store, asked(is_in_thread=False), RESUMABLE)


async def test_a_conversation_is_seen_however_many_came_after_it(store: InMemoryStore) -> None:
    old = await put(store)
    for minutes in range(1, 120):
        await put(store, minutes=minutes)
    assert await is_seen(store, asked(), GUILD.key, old)
    assert not await is_seen(store, asked(person=BEN), GUILD.key, old)


async def offered(store: InMemoryStore, typed: str = "", *, command: str = "resume") -> list[tuple[str, str]]:
    suggestions = Suggestions(store, {"resume": RESUMABLE, "unarchive": ARCHIVED})
    found = await suggestions.offered(command, "which", typed, asked())
    return [(each.label, each.value) for each in found]


async def test_suggestions_are_the_conversations_a_command_applies_to_by_their_numbers(store: InMemoryStore) -> None:
    boats = await put(store, title="Boats")
    put_away = await put(store, title="Tax", state=ConversationState.ARCHIVED, minutes=5)
    await put(store, state=ConversationState.ACTIVE, minutes=9)
    assert await offered(store) == [
        ("2. 2026-03-02 09:05  Tax · 0 messages · archived", str(put_away)),
        ("3. 2026-03-02 09:00  Boats · 0 messages · ended", str(boats)),
    ]
    assert [value for _, value in await offered(store, command="unarchive")] == [str(put_away)]
    assert await offered(store, command="stop") == []


@pytest.mark.parametrize(
    ("typed", "titles"),
    [
        ("boa", ["Boats"]),
        ("2", ["Boats"]),
        ("#1", ["Tax"]),
        (" TAX ", ["Tax"]),
        ("2026-03", ["Tax", "Boats"]),
        ("zebra", []),
    ],
)
async def test_suggestions_follow_what_is_typed(store: InMemoryStore, typed: str, titles: list[str]) -> None:
    await put(store, title="Boats")
    await put(store, title="Tax", minutes=5)
    shown = [label for label, _ in await offered(store, typed)]
    assert [title for title in titles if any(title in label for label in shown)] == titles
    assert len(shown) == len(titles)


async def test_suggestions_are_as_many_and_as_long_as_a_platform_takes(store: InMemoryStore) -> None:
    for minutes in range(60):
        await put(store, title="Long\ntitles " * 40, minutes=minutes)
    shown = await offered(store)
    assert len(shown) == 25
    assert all(len(label) <= 100 and "\n" not in label for label, _ in shown)


async def test_suggestions_that_fail_are_none() -> None:
    class Broken(InMemoryStore):
        async def listing(self, **_: object) -> list[ConversationListing]:
            raise StoreUnavailableError("the disk is gone")

    assert await offered(Broken(FakeClock())) == []


async def test_suggestions_that_come_too_late_are_none() -> None:
    class Stuck(InMemoryStore):
        async def listing(self, **_: object) -> list[ConversationListing]:
            return await asyncio.Future()

    suggestions = Suggestions(Stuck(FakeClock()), {"resume": RESUMABLE}, deadline=timedelta(0))
    assert await suggestions.offered("resume", "which", "", asked()) == []
