"""Searches tell which conversations they showed."""

from collections.abc import Iterable

from source.domain.turn import TurnRecord
from source.services.commands import CommandInvocation
from source.services.commands.messages import MessageFinder
from source.services.commands.searching import SearchCommand
from tests.fakes.clock import FakeClock
from tests.fakes.store import InMemoryStore
from tests.fakes.store_samples import ANN, BEN, MAIN, head, said


class Counted:
    def __init__(self) -> None:
        self.recalled: list[list[int]] = []

    def __call__(self, conversation_ids: Iterable[int]) -> None:
        self.recalled.append(sorted(set(conversation_ids)))


async def _store() -> tuple[InMemoryStore, int]:
    """Return a store with two conversations of Ann's about boats, of which Ben took part in the first."""
    store = InMemoryStore(FakeClock())
    both, hers = head(is_active=False), head()
    for conversation, messages in ((both, (said("a blue boat"), said("a boat", by=BEN))), (hers, (said("a boat"),))):
        await store.commit_turn(TurnRecord(conversation.conversation_id, messages, (conversation,)))
    return store, both.conversation_id


async def test_the_command_counts_what_it_shows() -> None:
    store, both = await _store()
    counted = Counted()
    command = SearchCommand(store, MessageFinder(store, store), recalled=counted)
    await command.search(CommandInvocation("search", MAIN, ANN, {"words": "blue"}))
    await command.search(CommandInvocation("search", MAIN, ANN, {"words": "nothing"}))
    assert counted.recalled == [[both]]
