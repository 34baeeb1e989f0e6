"""API keys and answers to repeated writes, on each database."""

from datetime import datetime, timedelta

import pytest

from source.adapters.storage.api_key_table import ApiKeyTable
from source.adapters.storage.idempotency_table import IdempotencyTable
from source.adapters.storage.sql_store import SqlStore
from source.domain.api_key import Scope
from source.domain.errors import StoreConflictError
from source.ports.api_keys import Claim, NewApiKey, StoredAnswer
from tests.fakes.clock import FakeClock

ANSWER = StoredAnswer(201, {"content-type": "application/json"}, b'{"id": 1}\x00\xff')


def new_key(name: str = "dashboard", digest: str = "d" * 64) -> NewApiKey:
    return NewApiKey(name, "echo_abc", digest, frozenset({Scope.READ, Scope.CHAT}))


async def test_a_key_is_kept_as_it_was_made(sql_store: SqlStore, clock: FakeClock) -> None:
    table = ApiKeyTable(sql_store)
    expiring = NewApiKey("b", "echo_b", "b" * 64, frozenset({Scope.ADMIN}), clock.now() + timedelta(days=1))
    made = [await table.add_key(new_key()), await table.add_key(expiring)]
    assert await table.keys() == made
    assert (made[0].name, made[0].scopes, made[0].created_at) == ("dashboard", new_key().scopes, clock.now())
    assert made[1].expires_at == clock.now() + timedelta(days=1)


async def test_a_name_is_given_once_even_after_its_key_was_revoked(sql_store: SqlStore) -> None:
    table = ApiKeyTable(sql_store)
    await table.add_key(new_key())
    await table.revoke_key("dashboard")
    with pytest.raises(StoreConflictError, match="dashboard"):
        await table.add_key(new_key(digest="e" * 64))


async def test_a_key_whose_commit_was_not_heard_of_is_found_again(sql_store: SqlStore) -> None:
    table = ApiKeyTable(sql_store)
    assert await table.add_key(new_key()) == await table.add_key(new_key())


async def test_a_key_is_revoked_once(sql_store: SqlStore, clock: FakeClock) -> None:
    table = ApiKeyTable(sql_store)
    await table.add_key(new_key())
    first = await table.revoke_key("dashboard")
    clock.advance(hours=1)
    assert first is not None
    assert first.revoked_at is not None
    assert await table.revoke_key("dashboard") == first
    assert await table.revoke_key("another") is None


async def test_the_latest_use_of_a_key_only_moves_forward(sql_store: SqlStore, clock: FakeClock) -> None:
    table = ApiKeyTable(sql_store)
    key = await table.add_key(new_key())
    await table.note_used({key.key_id: clock.now()})
    await table.note_used({key.key_id: clock.now() - timedelta(hours=1)})
    assert (await table.keys())[0].last_used_at == clock.now()


class Asking:
    """Somebody who claims keys at the clock's time."""

    def __init__(self, store: SqlStore, clock: FakeClock) -> None:
        self.table = IdempotencyTable(store)
        self._clock = clock

    async def claim(self, request: str = "hash", *, owner: str = "bot") -> Claim:
        now: datetime = self._clock.now()
        return await self.table.claim(
            owner,
            "key",
            request,
            abandoned_before=now - timedelta(minutes=2),
            forgotten_before=now - timedelta(hours=24),
        )


async def test_a_request_is_claimed_once_and_its_answer_given_to_whoever_repeats_it(
    sql_store: SqlStore, clock: FakeClock
) -> None:
    asking = Asking(sql_store, clock)
    assert await asking.claim() == Claim(is_ours=True)
    assert await asking.claim() == Claim(is_ours=False)
    await asking.table.put_answer("bot", "key", ANSWER)
    assert await asking.claim() == Claim(is_ours=False, answer=ANSWER)


async def test_another_request_under_the_same_key_is_told_apart(sql_store: SqlStore, clock: FakeClock) -> None:
    asking = Asking(sql_store, clock)
    await asking.claim()
    assert await asking.claim("other hash") == Claim(is_ours=False, is_same=False)


async def test_keys_of_different_callers_have_nothing_to_do_with_each_other(
    sql_store: SqlStore, clock: FakeClock
) -> None:
    asking = Asking(sql_store, clock)
    await asking.claim()
    assert (await asking.claim(owner="another")).is_ours


async def test_a_released_request_may_be_carried_out_again_but_an_answered_one_not(
    sql_store: SqlStore, clock: FakeClock
) -> None:
    asking = Asking(sql_store, clock)
    await asking.claim()
    await asking.table.release("bot", "key")
    assert (await asking.claim()).is_ours
    await asking.table.put_answer("bot", "key", ANSWER)
    await asking.table.release("bot", "key")
    assert (await asking.claim()).answer == ANSWER


async def test_a_request_that_nobody_answered_is_taken_over_after_a_while(
    sql_store: SqlStore, clock: FakeClock
) -> None:
    asking = Asking(sql_store, clock)
    await asking.claim()
    clock.advance(minutes=1)
    assert not (await asking.claim()).is_ours
    clock.advance(minutes=1, seconds=1)
    assert (await asking.claim()).is_ours
    assert not (await asking.claim()).is_ours


async def test_an_answer_is_forgotten_after_its_time(sql_store: SqlStore, clock: FakeClock) -> None:
    asking = Asking(sql_store, clock)
    await asking.claim()
    await asking.table.put_answer("bot", "key", ANSWER)
    clock.advance(hours=23)
    assert (await asking.claim()).answer == ANSWER
    assert await asking.table.forget_answers(clock.now() - timedelta(hours=24)) == 0
    clock.advance(hours=2)
    assert await asking.claim("other hash") == Claim(is_ours=True)
    clock.advance(hours=25)
    assert await asking.table.forget_answers(clock.now() - timedelta(hours=24)) == 1
