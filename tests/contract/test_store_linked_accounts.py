"""Accounts of one person are one private place, and stay apart wherever others listen."""

from collections.abc import Callable
from datetime import datetime

import pytest
from sqlalchemy import Connection, select, update

from source.adapters.storage.sql_store import SqlStore
from source.adapters.storage.tables import aliases
from source.domain.thread import PersonRef, Platform, ThreadRef
from source.domain.turn import TurnRecord
from source.ports.store import Scope
from tests.fakes.store_samples import CLOSED, GUILD, head, inbound, said

_DM = ThreadRef(Platform.DISCORD, "dm")
_CHAT = ThreadRef(Platform.WHATSAPP, "chat")
_ANN, _ANNA, _BEN = PersonRef("ann", "Ann"), PersonRef("4917", "Anna"), PersonRef("ben", "Ben")
_WEB = ThreadRef(Platform.WEB, "visit")
_PLACES = (
    (_DM, _ANN, "a direct word"),
    (_CHAT, _ANNA, "a phone word"),
    (GUILD, _ANN, "a guild word"),
    (CLOSED, _ANN, "a staff word"),
    (ThreadRef(Platform.DISCORD, "dm-ben"), _BEN, "a word of Ben"),
)


@pytest.fixture
async def linked(sql_store: SqlStore) -> SqlStore:
    """Ann writes on Discord and as Anna on WhatsApp, and Echo knows it; Ben has nothing to do with it."""
    for thread, person, text in _PLACES:
        await sql_store.accept(inbound(text, thread=thread, person=person))
        conversation = head(thread=thread, requester=person.external_id)
        record = TurnRecord(conversation.conversation_id, (said(text, by=person),), (conversation,), people=(person,))
        await sql_store.commit_turn(record)
    await sql_store.change(_same_person(_ANN, _ANNA))
    return sql_store


def _same_person(kept: PersonRef, other: PersonRef) -> Callable[[Connection, datetime], None]:
    def apply(connection: Connection, _now: datetime) -> None:
        person = select(aliases.c.person_id).where(aliases.c.external_id == kept.external_id).scalar_subquery()
        connection.execute(update(aliases).where(aliases.c.external_id == other.external_id).values(person_id=person))

    return apply


async def _seen(store: SqlStore, scope: Scope) -> set[str]:
    hits = {hit.message.message_content for hit in await store.search("word", scope=scope)}
    listed = await store.listing(scope=scope)
    assert len(listed) == len(hits)
    return hits


async def test_direct_places_of_all_accounts_are_seen_from_each(linked: SqlStore) -> None:
    both = {"a direct word", "a phone word"}
    assert await _seen(linked, Scope(Platform.DISCORD, "ann", None)) == both
    assert await _seen(linked, Scope(Platform.WHATSAPP, "4917", None)) == both


async def test_a_guild_sees_what_was_said_there_alone(linked: SqlStore) -> None:
    assert await _seen(linked, Scope(Platform.DISCORD, "ann", "7")) == {"a guild word"}
    assert await _seen(linked, Scope(Platform.DISCORD, "ann", "7", "staff")) == {"a guild word", "a staff word"}


async def test_an_account_on_one_platform_is_nobody_on_another(linked: SqlStore) -> None:
    assert await _seen(linked, Scope(Platform.TERMINAL, "ann", None)) == set()
    assert await _seen(linked, Scope(Platform.DISCORD, "4917", None)) == set()
    assert await _seen(linked, Scope(Platform.WHATSAPP, "4917", "7")) == set()


async def test_whoever_has_the_same_name_elsewhere_is_somebody_else(linked: SqlStore) -> None:
    await linked.accept(inbound(thread=_WEB, person=_ANNA))
    conversation = head(thread=_WEB, requester=_ANNA.external_id)
    record = TurnRecord(conversation.conversation_id, (said("a web word", by=_ANNA),), (conversation,), people=(_ANNA,))
    await linked.commit_turn(record)
    assert "a web word" not in await _seen(linked, Scope(Platform.DISCORD, "ann", None))
    assert await _seen(linked, Scope(Platform.WEB, "4917", None)) == {"a web word"}


async def test_others_see_nothing_of_it(linked: SqlStore) -> None:
    assert await _seen(linked, Scope(Platform.DISCORD, "ben", None)) == {"a word of Ben"}


async def test_within_a_thread_only_its_own_is_listed(linked: SqlStore) -> None:
    listed = await linked.listing(scope=Scope(Platform.DISCORD, "ann", None), thread=_CHAT.key)
    assert [each.thread for each in listed] == [_CHAT]
    assert await linked.listing(scope=Scope(Platform.DISCORD, "ann", "7"), thread=_CHAT.key) == []
