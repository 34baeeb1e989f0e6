"""Metadata and status as tasks, what people set, and chat ids."""

import asyncio
from collections.abc import Collection

import pytest

from source.domain.errors import RefusedInputError, StoreUnavailableError
from source.domain.metadata import Category
from source.domain.task import Json
from source.domain.thread import Platform, ThreadRef
from source.ports.metadata import MetadataChange
from source.ports.tasks import TaskHandler
from source.services.chat_ids import chat_id_of, known_threads, threads_of
from source.services.metadata_setting import MetadataSetting
from source.services.metadata_tasks import UpdateMetadata, UpdateStatus
from source.services.recall_notes import RecallNotes
from tests.fakes.clock import FakeClock
from tests.fakes.metadata_samples import Sorting, SortingModel
from tests.fakes.small_echo import rest
from tests.fakes.store_samples import GUILD, MAIN, head, said

TWIN = ThreadRef(Platform.WEB, "42")


async def _done(handler: TaskHandler, given: Json) -> Json:
    """Carry out a task, each piece twice, as after a crash."""
    pieces = await handler.plan(handler.checked(given))
    results = []
    for piece in pieces:
        await handler.perform(piece)
        results.append(await handler.perform(piece))
    return handler.report(results)


def _update(sorting: Sorting) -> UpdateMetadata:
    return UpdateMetadata(sorting.service, sorting.known, sorting.book)


async def test_without_names_everything_is_analyzed_that_was_not() -> None:
    sorting = Sorting(model := SortingModel())
    conversations = [await sorting.put(said(f"message {number}")) for number in range(12)]
    handler = _update(sorting)
    pieces = await handler.plan(handler.checked({}))
    assert [piece["conversation_ids"] for piece in pieces] == [
        conversations[:10],
        conversations[10:],
    ]
    output = handler.report([await handler.perform(piece) for piece in pieces])
    assert output == {"conversations": 12, "messages": 12, "by_model": 12, "offline": 0, "failed": {}}
    assert await handler.plan({}) == []
    assert len(model.materials) == 12


async def test_a_piece_that_is_done_again_asks_the_model_nothing() -> None:
    sorting = Sorting(model := SortingModel())
    message = said("a")
    conversation = await sorting.put(message, conversation=head(thread=GUILD))
    for given in (
        {"conversation_ids": [str(conversation)]},
        {"chat_ids": ["42"]},
        {"message_ids": [message.message_id]},
    ):
        await _done(_update(sorting), given)
    assert len(model.materials) == 1


async def test_chats_that_are_not_there_are_named() -> None:
    sorting = Sorting()
    await sorting.put(said(), conversation=head(thread=GUILD))
    with pytest.raises(RefusedInputError, match="no chat 7, web:42:"):
        await _update(sorting).plan({"chat_ids": ["42", "7", "web:42"]})


@pytest.mark.parametrize(
    "given",
    [
        {"conversation_ids": [1], "chat_ids": ["1"]},
        {"conversation_ids": "1"},
        {"conversation_ids": [True]},
        {"conversation_ids": [0]},
        {"conversation_ids": ["x"]},
        {"message_ids": [2**53]},
        {"message_ids": [1] * 10_001},
        {"chat_ids": [""]},
        {"chat_ids": [5]},
        {"chat": "5"},
    ],
)
def test_what_is_no_list_of_ids_is_refused(given: Json) -> None:
    with pytest.raises(RefusedInputError):
        _update(Sorting()).checked(given)


async def test_failures_of_pieces_and_conversations_are_told() -> None:
    handler = _update(Sorting())
    one = {"conversations": 2, "messages": 3, "by_model": 1, "offline": 2, "failed": {"7": "refused"}}
    assert handler.report([one, {"error": "The disk is full."}, one]) == {
        "conversations": 4,
        "messages": 6,
        "by_model": 2,
        "offline": 4,
        "failed": {"7": "refused"},
    }


async def test_messages_are_marked_in_bulk() -> None:
    sorting = Sorting()
    messages = [said(str(number)) for number in range(2_500)]
    one = await sorting.put(*messages)
    handler = UpdateStatus(sorting.known)
    given = {"message_ids": [each.message_id for each in messages], "is_read": True}
    assert len(await handler.plan(handler.checked(given))) == 2
    assert await _done(handler, given) == {"updated": 2_500}
    assert await _done(handler, {"conversation_ids": [one], "is_processed": True}) == {"updated": 2_500}
    known = sorting.known.of_messages.values()
    assert all(each.is_read and each.is_processed for each in known)
    await _done(handler, {"conversation_ids": [one], "is_read": False})
    assert not any(each.is_read for each in known)


@pytest.mark.parametrize(
    "given",
    [
        {"is_read": True},
        {"message_ids": [1]},
        {"message_ids": [1], "conversation_ids": [1], "is_read": True},
        {"message_ids": [1], "is_read": "yes"},
        {"message_ids": [1], "is_read": None},
    ],
)
def test_a_status_that_says_too_little_or_too_much_is_refused(given: Json) -> None:
    with pytest.raises(RefusedInputError):
        UpdateStatus(Sorting().known).checked(given)


async def test_a_chat_id_names_threads_and_with_its_platform_one() -> None:
    sorting = Sorting()
    odd = ThreadRef(Platform.WEB, "discord:42")
    for thread in (GUILD, TWIN, MAIN, odd):
        await sorting.put(said(), conversation=head(thread=thread))
    book = sorting.book
    assert await threads_of(book, "42") == [GUILD, TWIN]
    assert await threads_of(book, chat_id_of(TWIN.key)) == [TWIN]
    assert await threads_of(book, "discord:42") == [GUILD]
    assert await threads_of(book, "web:discord:42") == [odd]
    assert await threads_of(book, "whatsapp:42") == []
    assert await known_threads(book, ["42", "web:42", "main"]) == [GUILD, TWIN, MAIN]


async def test_people_set_what_is_known_of_messages_and_of_a_chats_latest_conversation() -> None:
    sorting = Sorting()
    message = said()
    await sorting.put(message, conversation=head(thread=GUILD, is_active=False))
    latest = await sorting.put(said(after=60), conversation=head(thread=GUILD))
    setting = MetadataSetting(sorting.known, sorting.store, sorting.book)
    change = MetadataChange(category=Category.COMPLAINT)
    assert await setting.set_message(message.message_id, change)
    assert not await setting.set_message(999_999, change)
    assert await setting.set_chat("42", change) == latest
    assert await setting.set_chat("7", change) is None
    assert list(sorting.known.of_conversations) == [latest]
    assert await setting.set_conversations([latest, 999_999], MetadataChange(is_starred=True)) == 1
    assert sorting.known.of_conversations[latest].is_starred
    with pytest.raises(RefusedInputError, match="single message"):
        await setting.set_message(message.message_id, MetadataChange(is_starred=True))
    await sorting.put(said(), conversation=head(thread=TWIN))
    with pytest.raises(RefusedInputError, match="discord:42 or web:42"):
        await setting.set_chat("42", change)


class Recalls:
    """Notes what is counted."""

    def __init__(self) -> None:
        self.counted: list[list[int]] = []
        self.failing = False

    async def note_recalled(self, conversation_ids: Collection[int]) -> None:
        await asyncio.sleep(0)
        if self.failing:
            raise StoreUnavailableError("full")
        self.counted.append(sorted(conversation_ids))


async def test_recalls_are_counted_once_a_minute_and_once_more_at_the_end() -> None:
    store, clock, stop = Recalls(), FakeClock(), asyncio.Event()
    notes = RecallNotes(store, clock)
    running = asyncio.create_task(notes.run(stop))
    notes.note([1, 2])
    notes.note([2])
    await rest()
    assert store.counted == []
    clock.advance(minutes=1)
    await rest()
    clock.advance(minutes=1)
    await rest()
    assert store.counted == [[1, 2]]
    notes.note([3])
    stop.set()
    await running
    assert store.counted == [[1, 2], [3]]


async def test_recalls_that_could_not_be_written_are_written_later() -> None:
    store = Recalls()
    notes = RecallNotes(store, FakeClock())
    store.failing = True
    notes.note([1])
    await notes.flush()
    notes.note([2])
    store.failing = False
    await notes.flush()
    assert store.counted == [[1, 2]]
