"""What is found out about messages, by a model or by rule."""

from collections import deque
from collections.abc import Mapping
from dataclasses import replace

import pytest

from source.domain.errors import (
    ModelAnswerError,
    ModelRefusedError,
    ModelUnavailableError,
    RefusedInputError,
    StoreError,
    StoreUnavailableError,
)
from source.domain.memory import MemorySource
from source.domain.message import Standing
from source.domain.metadata import Analysis, Aspects, Category, Sentiment
from source.ports.metadata import MetadataChange
from source.services.metadata import change_of
from tests.fakes.metadata_samples import Sorting, SortingModel
from tests.fakes.store_samples import said

COMPLAINT = Analysis(Sentiment.NEGATIVE, Category.COMPLAINT, ("late_parcel",), MemorySource.MODEL)


async def test_many_messages_of_a_conversation_take_one_call() -> None:
    sorting = Sorting(SortingModel())
    messages = [said("Where is it?"), said("reply", by=None), said("Still\nnothing.")]
    one = await sorting.put(*messages)
    tally = await sorting.service.analyze_conversations([one])
    assert sorting.model is not None
    assert sorting.model.materials == ["[#1] Where is it?\n[#2] Still nothing."]
    assert await sorting.known.analyses(one) == {messages[0].message_id: COMPLAINT, messages[2].message_id: COMPLAINT}
    assert (tally.conversations, tally.by_model, tally.offline) == (1, 2, 0)
    assert sorting.known.of_conversations[one].category is Category.COMPLAINT


async def test_messages_of_two_conversations_never_meet_in_one_call() -> None:
    sorting = Sorting(model := SortingModel())
    conversations = [await sorting.put(said(f"secret {number}")) for number in range(9)]
    await sorting.service.analyze_conversations(conversations)
    assert sorted(model.materials) == [f"[#1] secret {number}" for number in range(9)]
    assert 1 < model.most_running <= 4


async def test_a_long_conversation_is_sorted_in_portions_and_all_of_it() -> None:
    sorting = Sorting(model := SortingModel())
    one = await sorting.put(*(said(f"message {number}") for number in range(450)))
    await sorting.service.analyze_conversations([one])
    assert len(await sorting.known.analyses(one)) == 450
    assert max(material.count("[#") for material in model.materials) == 40
    assert await sorting.known.unanalyzed() == []


async def test_a_portion_of_long_messages_is_no_longer_than_one_of_short_ones() -> None:
    sorting = Sorting(model := SortingModel())
    one = await sorting.put(*(said("word " * 200) for _ in range(40)))
    tally = await sorting.service.analyze_conversations([one])
    assert tally.by_model == 40
    assert max(len(material) for material in model.materials) < 13_000


async def test_a_long_message_is_shown_by_its_ends() -> None:
    sorting = Sorting(model := SortingModel())
    one = await sorting.put(said("begin " + "x" * 50_000 + " end"))
    await sorting.service.analyze_conversations([one])
    (material,) = model.materials
    assert len(material) < 700
    assert material.startswith("[#1] begin")
    assert material.endswith("end")


async def test_what_is_covered_is_not_asked_for_again() -> None:
    sorting = Sorting(model := SortingModel())
    one = await sorting.put(said("a"))
    await sorting.service.analyze_conversations([one])
    await sorting.service.analyze_conversations([one], again=True)
    assert len(model.materials) == 1


@pytest.mark.parametrize("error", [ModelUnavailableError("away"), ModelRefusedError("no such model")])
async def test_while_the_model_is_away_it_is_asked_once_and_the_rest_goes_by_rule(error: Exception) -> None:
    sorting = Sorting(model := SortingModel(next=deque([error])))
    one = await sorting.put(*(said(f"Was kostet das, Nummer {number}?") for number in range(90)))
    tally = await sorting.service.analyze_conversations([one])
    assert len(model.materials) == 1
    assert (tally.by_model, tally.offline) == (0, 90)
    assert {each.source for each in (await sorting.known.analyses(one)).values()} == {MemorySource.OFFLINE}
    assert sorting.known.of_conversations[one].category is Category.INQUIRY


async def test_an_answer_that_cannot_be_used_costs_only_its_own_portion() -> None:
    sorting = Sorting(model := SortingModel(next=deque([ModelAnswerError("misshapen")])))
    one = await sorting.put(*(said(f"message {number}") for number in range(80)))
    tally = await sorting.service.analyze_conversations([one])
    assert len(model.materials) == 2
    assert (tally.by_model, tally.offline) == (40, 40)


async def test_what_went_by_rule_is_given_to_the_model_when_somebody_asks_again() -> None:
    sorting = Sorting()
    one = await sorting.put(*(said(f"message {number}") for number in range(250)))
    await sorting.service.analyze_conversations([one], again=True)
    sorting.restart(model := SortingModel())
    await sorting.service.analyze_conversations([one])
    assert not model.materials
    tally = await sorting.service.analyze_conversations([one], again=True)
    assert tally.by_model == 250


async def test_a_model_that_never_answers_right_ends_all_the_same() -> None:
    sorting = Sorting()
    one = await sorting.put(*(said(f"message {number}") for number in range(250)))
    await sorting.service.analyze_conversations([one])
    sorting.restart(SortingModel(lambda number, _text: {"number": -number}))
    tally = await sorting.service.analyze_conversations([one], again=True)
    assert tally.offline == 250


@pytest.mark.parametrize(
    "wrong",
    [
        {"number": 1, "sentiment": "furious", "category": "complaint", "tags": []},
        {"number": 1, "sentiment": "neutral", "category": "spam", "tags": []},
        {"number": 7, "sentiment": "neutral", "category": "general", "tags": []},
        {"number": "1", "sentiment": "neutral", "category": "general", "tags": []},
        {},
    ],
)
async def test_a_message_that_the_model_gets_wrong_goes_by_rule(wrong: Mapping[str, object]) -> None:
    sorting = Sorting(SortingModel(next=deque([{"messages": [wrong, "nonsense"]}])))
    message = said("¿Cuánto cuesta?")
    one = await sorting.put(message)
    await sorting.service.analyze_conversations([one])
    found = (await sorting.known.analyses(one))[message.message_id]
    assert (found.source, found.category, found.tags) == (MemorySource.OFFLINE, Category.INQUIRY, ("price_inquiry",))


async def test_tags_of_the_model_are_kept_as_tags_are_written() -> None:
    proposed = ["Urgent", "urgent", "two words", "#hash", "x" * 41, "", 5, "a\x00b", "c", "d", "e", "f"]
    answer = {"messages": [{"number": 1, "sentiment": "neutral", "category": "general", "tags": proposed}]}
    sorting = Sorting(SortingModel(next=deque([answer])))
    message = said("hm")
    one = await sorting.put(message)
    await sorting.service.analyze_conversations([one])
    assert (await sorting.known.analyses(one))[message.message_id].tags == ("urgent", "two_words", "hash", "c", "d")


async def test_what_is_switched_off_is_neither_asked_for_nor_set() -> None:
    sorting = Sorting(model := SortingModel(), Aspects(sentiment=False, tags=False))
    message, later = said("Unacceptable, refund please!"), said("Unacceptable!")
    one = await sorting.put(message)
    await sorting.service.analyze_conversations([one])
    only_category = Analysis(None, Category.COMPLAINT, None, MemorySource.MODEL)
    assert await sorting.known.analyses(one) == {message.message_id: only_category}
    assert model.instructions == ["Sort.\n- `category`: matter\nNothing else."]
    assert "sentiment" not in str(model.schemas[0].schema)
    sorting.restart(None, Aspects(sentiment=False, tags=False))
    two = await sorting.put(later)
    await sorting.service.analyze_conversations([two])
    assert await sorting.known.analyses(two) == {
        later.message_id: Analysis(None, Category.COMPLAINT, None, MemorySource.OFFLINE)
    }
    assert sorting.known.of_conversations[two].tags is None


async def test_with_everything_switched_off_nothing_is_analyzed() -> None:
    sorting = Sorting(model := SortingModel(), Aspects(sentiment=False, category=False, tags=False))
    message = said("Hello")
    one = await sorting.put(message)
    assert (await sorting.service.analyze_conversations([one])).conversations == 0
    assert (await sorting.service.analyze_messages([message.message_id])).conversations == 0
    with pytest.raises(RefusedInputError, match="AUTO_SENTIMENT_ANALYSIS"):
        await sorting.service.analyze(message.message_id)
    assert not model.materials
    assert await sorting.known.unanalyzed() == [one]


async def test_one_message_is_analyzed_when_somebody_asks() -> None:
    sorting = Sorting(SortingModel())
    message, other = said("Late!"), said("Thanks")
    one = await sorting.put(message, other)
    assert await sorting.service.analyze(message.message_id) == COMPLAINT
    assert await sorting.known.analyses(one) == {message.message_id: COMPLAINT}
    assert await sorting.known.unanalyzed() == [one]
    assert await sorting.service.analyze(999_999) is None


async def test_of_a_deleted_message_nothing_is_found_out() -> None:
    sorting = Sorting(SortingModel())
    gone = replace(said(""), standing=Standing.DELETED)
    await sorting.put(gone)
    with pytest.raises(RefusedInputError, match="deleted"):
        await sorting.service.analyze(gone.message_id)


async def test_what_a_person_said_of_a_message_counts_for_the_whole_conversation() -> None:
    sorting = Sorting(model := SortingModel())
    message = said("Late!")
    one = await sorting.put(message)
    await sorting.known.set_message(message.message_id, MetadataChange(sentiment=Sentiment.POSITIVE))
    await sorting.service.analyze_conversations([one])
    await sorting.service.analyze_conversations([one])
    whole = sorting.known.of_conversations[one]
    assert (whole.sentiment, whole.category) == (Sentiment.POSITIVE, Category.COMPLAINT)
    assert len(model.materials) == 1, "what they left open is filled once"


async def test_what_is_switched_off_is_not_concluded_from_what_people_set_either() -> None:
    sorting = Sorting(aspects=Aspects(sentiment=False))
    message = said("Late!")
    one = await sorting.put(message)
    await sorting.known.set_message(message.message_id, MetadataChange(sentiment=Sentiment.NEGATIVE))
    await sorting.service.analyze_conversations([one])
    assert sorting.known.of_conversations[one].sentiment is None


async def test_named_messages_are_analyzed_unless_that_was_done() -> None:
    sorting = Sorting(model := SortingModel())
    messages = [said("a"), said("b"), said("c")]
    one = await sorting.put(*messages)
    numbers = [each.message_id for each in messages]
    await sorting.known.set_message(numbers[1], MetadataChange(tags=("vip",)))
    tally = await sorting.service.analyze_messages([*numbers, 999_999])
    assert (tally.conversations, tally.by_model) == (1, 2)
    await sorting.service.analyze_messages(numbers)
    assert model.materials == ["[#1] a\n[#2] c"]
    assert (await sorting.known.analyses(one))[numbers[1]].source is MemorySource.PERSON


async def test_a_fault_of_one_conversation_is_its_own_and_one_of_the_store_is_everybodys(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sorting = Sorting()
    one, two = await sorting.put(said("a")), await sorting.put(said("b"))
    whole = sorting.known.put_analyses
    fault: StoreError = StoreError("refused")

    async def put(conversation_id: int, *given: object, **more: object) -> None:
        if conversation_id == one:
            raise fault
        await whole(conversation_id, *given, **more)  # type: ignore[arg-type]  # handed on as it came

    monkeypatch.setattr(sorting.known, "put_analyses", put)
    tally = await sorting.service.analyze_conversations([one, two])
    assert tally.failed == {one: "refused"}
    assert await sorting.known.unanalyzed() == [one]
    fault = StoreUnavailableError("full")
    with pytest.raises(StoreUnavailableError):
        await sorting.service.analyze_conversations([one, two])


def test_what_a_person_sets_is_checked() -> None:
    assert change_of(sentiment="Mixed", category=" inquiry ", tags=["VIP  Customer", "vip customer"]) == MetadataChange(
        Sentiment.MIXED, Category.INQUIRY, ("vip customer",)
    )
    assert change_of(tags=[]) == MetadataChange(tags=())
    with pytest.raises(RefusedInputError, match="positive, negative, neutral, mixed"):
        change_of(sentiment="furious")
    with pytest.raises(RefusedInputError, match="appointment, inquiry, complaint, feedback, general"):
        change_of(category="spam")
    for tags in (["x" * 41], [" "], ["a\x00"], [str(number) for number in range(21)]):
        with pytest.raises(RefusedInputError):
            change_of(tags=tags)
    with pytest.raises(RefusedInputError, match="Say what to set"):
        change_of()
