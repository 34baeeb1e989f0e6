"""Finding conversations, whatever the store."""

from dataclasses import replace
from datetime import timedelta

from source.domain.conversation_head import ConversationState, CreatedReason
from source.domain.thread import Platform, ThreadKey, ThreadRef
from source.domain.turn import TurnRecord
from source.ports.store import Scope
from tests.contract.conftest import Store
from tests.fakes.store_samples import BEN, GUILD, MAIN, NOW, head, said, whole

NOBODY = ThreadKey(Platform.WEB, "nobody")


async def test_what_is_not_there_is_none(store: Store) -> None:
    assert await store.active(NOBODY) is None
    assert await store.load(1) is None
    assert await store.latest(NOBODY) is None
    assert await store.listing() == []
    assert await store.count() == 0
    assert [conversation async for conversation in store.every_conversation()] == []


async def test_every_field_of_a_head_comes_back(store: Store) -> None:
    given = replace(
        head(thread=GUILD, requester=None, is_active=False),
        created_reason=CreatedReason.WINDOW_PASSED,
        last_message_at=NOW,
        parent_conversation_id=77,
        title="Ships 🚢",
        summary="S",
        carried_summary="C",
        running_summary="R",
        context_start=12,
        resumed_at=NOW + timedelta(seconds=1),
        ended_at=NOW + timedelta(seconds=2),
    )
    await store.commit_turn(TurnRecord(given.conversation_id, heads=(given,)))
    assert await store.load(given.conversation_id) == whole(given)
    for changed in (replace(given, state=ConversationState.ARCHIVED), replace(given, summary="Other", ended_at=None)):
        await store.commit_turn(TurnRecord(given.conversation_id, heads=(changed,)))
        assert await store.latest(GUILD.key) == changed


async def test_a_new_name_of_a_transcript_changes_nothing_else(store: Store) -> None:
    ended = head(is_active=False)
    await store.commit_turn(TurnRecord(ended.conversation_id, (said("kept"),), (replace(ended, summary="S"),)))
    before = await store.load(ended.conversation_id)
    await store.rename_transcript(ended.conversation_id, "other.json")
    after = await store.load(ended.conversation_id)
    assert before is not None
    assert after == replace(before, head=replace(before.head, filename="other.json"))


async def test_the_active_conversation_is_that_of_its_thread(store: Store) -> None:
    ended, active, elsewhere = head(is_active=False), head(), head(thread=GUILD)
    for each in (ended, active, elsewhere):
        await store.commit_turn(TurnRecord(each.conversation_id, (said(f"in {each.conversation_id}"),), (each,)))
    found = await store.active(MAIN.key)
    assert found is not None
    assert found.head.conversation_id == active.conversation_id
    assert [message.message_content for message in found.messages] == [f"in {active.conversation_id}"]


async def test_the_latest_conversation_is_the_one_with_the_latest_activity(store: Store) -> None:
    first, second = head(is_active=False), head(is_active=False, at=NOW + timedelta(hours=1))
    for each in (first, second):
        await store.commit_turn(TurnRecord(each.conversation_id, heads=(each,)))
    assert await store.latest(MAIN.key) == second
    await store.commit_turn(TurnRecord(first.conversation_id, (said(after=7_200),)))
    latest = await store.latest(MAIN.key)
    assert latest is not None
    assert latest.conversation_id == first.conversation_id
    resumed = second.resumed(NOW + timedelta(hours=3))
    await store.commit_turn(TurnRecord(second.conversation_id, heads=(resumed,)))
    assert await store.latest(MAIN.key) == resumed


async def test_a_thread_takes_the_name_its_guild_has_now(store: Store) -> None:
    conversation = head(thread=GUILD)
    for name in ("Lighthouse", "Harbour", "Lighthouse", "Pier"):
        thread = replace(GUILD, guild_name=name)
        await store.commit_turn(TurnRecord(conversation.conversation_id, heads=(replace(conversation, thread=thread),)))
        latest = await store.latest(GUILD.key)
        assert latest is not None
        assert latest.thread == thread


async def test_a_listing_shows_latest_activity_first_in_pages(store: Store) -> None:
    heads = [head(thread=ThreadRef(Platform.WEB, f"{number}")) for number in range(5)]
    for number, each in enumerate(heads):
        messages = tuple(said(after=(number * 7) % 5) for _ in range(number))
        await store.commit_turn(TurnRecord(each.conversation_id, messages, (replace(each, title=f"{number}"),)))
    listed = await store.listing()
    assert [each.title for each in listed] == ["2", "4", "1", "3", "0"]
    assert [each.message_count for each in listed] == [2, 4, 1, 3, 0]
    assert [each.last_message_at for each in listed][:2] == [NOW + timedelta(seconds=4), NOW + timedelta(seconds=3)]
    assert await store.listing(limit=2, offset=1) == listed[1:3]
    assert await store.listing(thread=heads[3].thread.key) == listed[3:4]
    assert await store.listing(offset=5) == []


async def test_a_scope_sees_what_its_person_took_part_in_there(store: Store) -> None:
    own = head(requester="ben")
    spoke = head(thread=ThreadRef(Platform.TERMINAL, "other"))
    not_there = head(thread=ThreadRef(Platform.TERMINAL, "third"))
    in_guild = head(thread=GUILD, requester="ben")
    for each in (own, not_there, in_guild):
        await store.commit_turn(TurnRecord(each.conversation_id, heads=(each,)))
    await store.commit_turn(TurnRecord(spoke.conversation_id, (said(), said(by=BEN)), (spoke,)))

    async def seen(platform: Platform, guild_id: str | None, who: str = "ben") -> set[int]:
        return {each.conversation_id for each in await store.listing(scope=Scope(platform, who, guild_id))}

    assert await seen(Platform.TERMINAL, None) == {own.conversation_id, spoke.conversation_id}
    assert await seen(Platform.DISCORD, "7") == {in_guild.conversation_id}
    assert await seen(Platform.DISCORD, None) == set()
    assert await seen(Platform.DISCORD, "8") == set()
    assert await seen(Platform.TERMINAL, None, who="nobody") == set()


async def test_every_conversation_comes_once_in_order_of_id(store: Store) -> None:
    heads = [head(thread=ThreadRef(Platform.WEB, f"{number}")) for number in range(45)]
    for each in reversed(heads):
        await store.commit_turn(TurnRecord(each.conversation_id, (said(f"{each.conversation_id}"),), (each,)))
    found = [conversation async for conversation in store.every_conversation()]
    assert [conversation.head.conversation_id for conversation in found] == [each.conversation_id for each in heads]
    assert all(c.messages[0].message_content == f"{c.head.conversation_id}" for c in found)
    assert await store.count() == 45
