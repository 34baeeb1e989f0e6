"""Where what was said may have been shown again, on every database."""

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import Connection, select

from source.adapters.storage.link_table import LinkTable
from source.adapters.storage.shown_reading import ShownTable
from source.adapters.storage.sql_store import SqlStore
from source.adapters.storage.tables import aliases
from source.domain.conversation_head import ConversationHead
from source.domain.message import Message, MessageType
from source.domain.thread import PersonRef, Platform, ThreadRef
from source.domain.turn import TurnRecord
from source.ports.telling import ShownText, Viewer
from tests.fakes.store_samples import ANN, BEN, NOW, head, said

DIRECT = ThreadRef(Platform.TERMINAL, "one")
GUILD = ThreadRef(Platform.DISCORD, "44", guild_id="7")
CHANNEL = ThreadRef(Platform.DISCORD, "45", guild_id="7")
STRANGE = ThreadRef(Platform.DISCORD, "46", guild_id="8")


async def put(
    store: SqlStore, thread: ThreadRef, *messages: Message, people: tuple[PersonRef, ...] = (ANN,), **told: str
) -> ConversationHead:
    conversation = replace(head(thread=thread, is_active=False), **told)  # type: ignore[arg-type]  # the texts of a head
    await store.commit_turn(TurnRecord(conversation.conversation_id, messages, (conversation,), people=people))
    return conversation


def _people(connection: Connection) -> dict[str, int]:
    rows = connection.execute(select(aliases.c.external_id, aliases.c.person_id))
    return {row.external_id: row.person_id for row in rows}


async def test_of_a_guild_its_accounts_look_there_and_find_what_began_or_was_given_there(sql_store: SqlStore) -> None:
    table = ShownTable(sql_store)
    first = await put(sql_store, GUILD, said("one"), said("two", by=BEN), people=(ANN, BEN))
    answer = replace(said("found one", by=None), message_type=MessageType.TOOL_CALL_RESPONSE)
    begun = await put(sql_store, CHANNEL, said("three", by=BEN), answer, people=(BEN,), carried_summary="carried")
    await put(sql_store, STRANGE, said("four", by=BEN), people=(BEN,), summary="elsewhere")
    await put(sql_store, DIRECT, said("five"), summary="alone")
    viewers = await table.viewers_of([first.conversation_id])
    assert viewers == {Viewer(Platform.DISCORD, "7", each.external_id) for each in (ANN, BEN)}
    shown = await table.shown_to(viewers, NOW - timedelta(days=1))
    number = begun.conversation_id
    assert [each for each in shown if each.conversation_id == number] == [
        ShownText(number, "carried"),
        ShownText(number, "found one"),
    ]
    assert not {each.text for each in shown} & {"elsewhere", "alone"}
    assert await table.shown_to(viewers, NOW + timedelta(days=1)) == []


async def test_directly_all_accounts_of_a_person_look_and_nobody_else(sql_store: SqlStore) -> None:
    table = ShownTable(sql_store)
    other = ThreadRef(Platform.WHATSAPP, "dm")
    first = await put(sql_store, DIRECT, said("one"))
    linked = await put(sql_store, other, said("two", by=BEN), people=(BEN,), title="Linked")
    alone = await table.viewers_of([first.conversation_id])
    people = await sql_store.read(_people)
    assert await LinkTable(sql_store).merge(people[ANN.external_id], people[BEN.external_id])
    both = await table.viewers_of([first.conversation_id])
    assert alone == {Viewer(Platform.TERMINAL, None, ANN.external_id)}
    assert both == alone | {Viewer(Platform.WHATSAPP, None, BEN.external_id)}
    shown = await table.shown_to(both, NOW - timedelta(days=1))
    assert ShownText(linked.conversation_id, "Linked") in shown
