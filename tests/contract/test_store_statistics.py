"""What is counted, whatever the store."""

from dataclasses import replace
from datetime import timedelta

from source.domain.message import Message, MessageType, Standing
from source.domain.thread import Platform
from source.domain.turn import Purpose, TurnRecord
from source.ports.store import ThreadStatistics, UsageTotals
from tests.contract.conftest import Store
from tests.fakes.store_samples import GUILD, MAIN, NOW, call, head, said

NOTHING = ThreadStatistics(0, 0, UsageTotals(0, 0, 0, 0, None), 0)


async def _forever(store: Store) -> int:
    return (await store.thread_statistics(MAIN.key)).forever_input_tokens


async def test_a_thread_that_nobody_used_counts_nothing(store: Store) -> None:
    assert await store.thread_statistics(MAIN.key) == NOTHING


async def test_a_thread_counts_all_its_conversations_and_no_other(store: Store) -> None:
    first, second, elsewhere = head(is_active=False), head(), head(thread=GUILD)
    usage = (call(100, cost=7), call(30, purpose=Purpose.SUMMARY))
    await store.commit_turn(TurnRecord(first.conversation_id, (said(), said(by=None)), (first,), usage=usage))
    await store.commit_turn(TurnRecord(second.conversation_id, (said(),), (second,), usage=(call(50, cost=3),)))
    await store.commit_turn(TurnRecord(elsewhere.conversation_id, (said(),), (elsewhere,), usage=(call(1),)))
    statistics = await store.thread_statistics(MAIN.key)
    assert (statistics.conversations, statistics.messages) == (2, 3)
    assert statistics.usage == UsageTotals(3, 180, 90, 30, 10)
    assert (await store.thread_statistics(GUILD.key)).usage.cost is None


async def test_only_kept_chat_messages_are_counted(store: Store) -> None:
    conversation = head()
    thought = Message(NOW, MessageType.THINKING, "hm", message_id=900)
    gone = replace(said(""), standing=Standing.DELETED)
    old = replace(said("old", by=None), standing=Standing.SUPERSEDED)
    messages = (said(), thought, gone, old, said(by=None))
    await store.commit_turn(TurnRecord(conversation.conversation_id, messages, (conversation,)))
    assert (await store.thread_statistics(MAIN.key)).messages == 2


async def test_where_no_call_is_known_a_reply_reads_a_token_for_three_bytes_said_before_it(store: Store) -> None:
    first, second = head(is_active=False), head()
    old = (said("12" * 3), said("ü" * 3, by=None, after=1))
    new = (said("123", after=2), said("1", by=None, after=3))
    await store.commit_turn(TurnRecord(first.conversation_id, old, (first,)))
    await store.commit_turn(TurnRecord(second.conversation_id, new, (second,)))
    assert await _forever(store) == round(6 / 3 + (6 + 6 + 3) / 3)


async def test_one_conversation_would_have_cost_as_one_what_it_did(store: Store) -> None:
    """Half a token a byte, and 200 tokens that come with every call."""
    conversation = head()
    await store.commit_turn(TurnRecord(conversation.conversation_id, heads=(conversation,)))
    size = input_tokens = 0
    for turn in range(5):
        asked, reply = said("a" * 100, after=turn * 60), said("b" * 300, by=None, after=turn * 60 + 3)
        used = call(200 + (size + 100) // 2, after=turn * 60 + 2)
        size += 400
        input_tokens += used.input_tokens
        await store.commit_turn(TurnRecord(conversation.conversation_id, (asked, reply), usage=(used,)))
    assert await _forever(store) == input_tokens


async def test_conversations_that_start_anew_would_have_read_all_of_the_earlier_ones(store: Store) -> None:
    """Two conversations of two turns, each with 100 tokens beside the text and half a token a byte."""
    for start, is_active in ((0, False), (1_000, True)):
        conversation = head(is_active=is_active)
        messages = [
            said("a" * 200, after=start),
            said("b" * 200, by=None, after=start + 10),
            said("a" * 200, after=start + 20),
            said("b" * 200, by=None, after=start + 30),
        ]
        usage = (call(200, after=start + 5), call(400, after=start + 25))
        record = TurnRecord(conversation.conversation_id, tuple(messages), (conversation,), usage=usage)
        await store.commit_turn(record)
    # Before the four calls 200, 600, 1,000 and 1,400 bytes had been said.
    assert await _forever(store) == 4 * 100 + 3_200 // 2


async def test_a_cut_a_guess_another_model_and_a_second_try_are_no_growth(store: Store) -> None:
    conversation = head()
    messages = [said("a" * 100, after=number * 10) for number in range(6)]
    usage = (
        call(150, after=5),
        call(200, after=15),
        call(700, after=16),  # the same text again, with something beside it
        call(120, after=25),  # cut: the context shrank while the text grew
        call(800, after=35, model="other"),
        call(900, after=45, estimated=True),
    )
    await store.commit_turn(TurnRecord(conversation.conversation_id, tuple(messages), (conversation,), usage=usage))
    assert await _forever(store) == 6 * 100 + (100 + 200 + 200 + 300 + 400 + 500) // 2


async def test_results_of_tools_are_growth_of_what_was_shown_and_thoughts_are_not(store: Store) -> None:
    conversation = head()
    answer = Message(NOW + timedelta(seconds=6), MessageType.TOOL_CALL_RESPONSE, "x" * 300, message_id=9_000_000)
    thought = Message(NOW + timedelta(seconds=6), MessageType.THINKING, "x" * 999, message_id=10_001)
    messages = (said("a" * 100), thought, answer, said("c" * 100, after=7), said("b", by=None, after=9))
    usage = (call(150, after=5), call(350, after=8))
    await store.commit_turn(TurnRecord(conversation.conversation_id, messages, (conversation,), usage=usage))
    assert await _forever(store) == 2 * 100 + (100 + 200) // 2


async def test_the_parameters_of_a_tool_call_are_shown_too(store: Store) -> None:
    conversation = head()
    tools = [{"name": "f", "params": {"q": "x" * 53}, "id": "1"}]  # a hundred bytes as JSON
    called = Message(NOW + timedelta(seconds=6), MessageType.TOOL_CALL, "", tools, message_id=9_000_000)
    messages = (said("a" * 100), called, said("c" * 100, after=7), said("b", by=None, after=9))
    usage = (call(150, after=5), call(250, after=8))
    await store.commit_turn(TurnRecord(conversation.conversation_id, messages, (conversation,), usage=usage))
    assert await _forever(store) == 2 * 100 + (100 + 200) // 2


async def test_a_byte_is_a_token_at_the_most(store: Store) -> None:
    conversation = head()
    messages = (said("a" * 10), said("b" * 10, by=None, after=10))
    usage = (call(10, after=5), call(5_000, after=15))
    await store.commit_turn(TurnRecord(conversation.conversation_id, messages, (conversation,), usage=usage))
    assert await _forever(store) == 10 + 20


async def test_tokens_are_those_of_each_person_on_their_platform_since_then(store: Store) -> None:
    here, elsewhere = head(), head(thread=GUILD)
    usage = (
        call(1_000, after=-7_200, person="ann"),
        call(100, person="ann"),
        call(7, after=5, person="ann", purpose=Purpose.SUMMARY),
        call(30, person="ben"),
        call(9_999),
    )
    await store.commit_turn(TurnRecord(here.conversation_id, heads=(here,), usage=usage))
    await store.commit_turn(TurnRecord(elsewhere.conversation_id, heads=(elsewhere,), usage=(call(4, person="ann"),)))
    assert await store.tokens_since(Platform.TERMINAL, NOW) == {"ann": 127, "ben": 40}
    assert await store.tokens_since(Platform.DISCORD, NOW) == {"ann": 14}
    assert await store.tokens_since(Platform.TERMINAL, NOW + timedelta(hours=1)) == {}
    assert (await store.tokens_since(Platform.TERMINAL, NOW - timedelta(days=1)))["ann"] == 1_137


async def test_a_call_that_was_stored_late_is_still_counted(store: Store) -> None:
    conversation = head()
    usage = (call(10, after=60, person="ann"), call(10, after=-600, person="ben"), call(10, after=60, person="ann"))
    await store.commit_turn(TurnRecord(conversation.conversation_id, heads=(conversation,), usage=usage))
    assert await store.tokens_since(Platform.TERMINAL, NOW) == {"ann": 40}
