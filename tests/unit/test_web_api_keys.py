"""API keys: made, recognized, revoked."""

import re
from datetime import timedelta

import pytest

from source.domain.api_key import Scope, allows
from source.domain.errors import RefusedInputError, StoreUnavailableError
from source.services.api_keys import ApiKeys, digest_of, new_secret
from tests.fakes.api_key_store import InMemoryApiKeys
from tests.fakes.clock import FakeClock

READ = [Scope.READ]


class Desk:
    def __init__(self) -> None:
        self.clock = FakeClock()
        self.store = InMemoryApiKeys(self.clock)
        self.keys = ApiKeys(self.store, self.clock)


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_a_secret_has_all_of_its_random_bits_and_none_is_given_twice() -> None:
    secrets = {new_secret() for _ in range(1_000)}
    assert len(secrets) == 1_000
    assert all(re.fullmatch("echo_[0-9A-Za-z]{43}", secret) for secret in secrets)


async def test_a_secret_is_kept_nowhere(desk: Desk) -> None:
    made = await desk.keys.create("dashboard", READ)
    assert made.secret not in repr(await desk.store.keys())
    assert made.key.digest == digest_of(made.secret)
    assert made.secret.startswith(made.key.prefix)
    assert len(made.key.prefix) < 12


async def test_a_key_is_recognized_by_its_secret_alone(desk: Desk) -> None:
    made = await desk.keys.create("dashboard", READ)
    found = await desk.keys.recognize(made.secret)
    assert found is not None
    assert found.name == "dashboard"
    for wrong in ("", made.key.prefix, made.secret.lower(), made.secret[:-1], made.secret + "x", made.key.digest):
        assert await desk.keys.recognize(wrong) is None


@pytest.mark.parametrize("name", ["", "  ", "x" * 101, "two\nlines", "a/b", "..", "é", "local", "Anonymous"])
async def test_names_that_cannot_be_shown_or_mean_somebody_else_are_refused(desk: Desk, name: str) -> None:
    with pytest.raises(RefusedInputError):
        await desk.keys.create(name, READ)


async def test_a_key_without_scopes_or_future_is_refused(desk: Desk) -> None:
    with pytest.raises(RefusedInputError, match="scope"):
        await desk.keys.create("a", [])
    with pytest.raises(RefusedInputError, match="future"):
        await desk.keys.create("a", READ, expires_in=timedelta(0))


async def test_keys_are_not_read_for_every_request(desk: Desk) -> None:
    made = await desk.keys.create("dashboard", READ)
    for _ in range(50):
        await desk.keys.recognize(made.secret)
        await desk.keys.recognize("wrong")
    assert desk.store.reads == 1


async def test_a_key_that_another_process_revoked_opens_nothing_after_two_seconds(desk: Desk) -> None:
    made = await desk.keys.create("dashboard", READ)
    await desk.keys.recognize(made.secret)
    await desk.store.revoke_key("dashboard")
    desk.clock.advance(seconds=2)
    assert await desk.keys.recognize(made.secret) is None


async def test_a_key_that_this_process_revoked_opens_nothing_at_once(desk: Desk) -> None:
    made = await desk.keys.create("dashboard", READ)
    await desk.keys.recognize(made.secret)
    await desk.keys.revoke("dashboard")
    assert await desk.keys.recognize(made.secret) is None


async def test_known_keys_go_on_opening_while_the_store_is_away(desk: Desk) -> None:
    made = await desk.keys.create("dashboard", READ)
    await desk.keys.recognize(made.secret)
    desk.store.is_away = True
    desk.clock.advance(minutes=5)
    assert await desk.keys.recognize(made.secret) is not None
    with pytest.raises(StoreUnavailableError):
        await ApiKeys(desk.store, desk.clock).any_exist()


async def test_a_revoked_or_expired_key_still_means_that_there_are_keys(desk: Desk) -> None:
    assert not await desk.keys.any_exist()
    await desk.keys.create("dashboard", READ, expires_in=timedelta(hours=1))
    desk.clock.advance(hours=2)
    assert await desk.keys.any_exist()


async def test_uses_are_written_down_now_and_then_and_in_the_end(desk: Desk) -> None:
    made = await desk.keys.create("dashboard", READ)
    await desk.keys.recognize(made.secret)
    first = desk.clock.now()
    assert (await desk.store.keys())[0].last_used_at is None
    assert (await desk.keys.listed())[0].last_used_at == first
    desk.clock.advance(minutes=2)
    await desk.keys.recognize(made.secret)
    assert (await desk.store.keys())[0].last_used_at == first
    await desk.keys.note_uses()
    assert (await desk.store.keys())[0].last_used_at == desk.clock.now()


async def test_a_use_that_could_not_be_written_down_is_written_later(desk: Desk) -> None:
    made = await desk.keys.create("dashboard", READ)
    await desk.keys.recognize(made.secret)
    desk.store.is_away = True
    await desk.keys.note_uses()
    desk.store.is_away = False
    await desk.keys.note_uses()
    assert (await desk.store.keys())[0].last_used_at == desk.clock.now()


def test_an_administrator_may_do_everything_and_nobody_else_more_than_asked() -> None:
    assert all(allows(frozenset({Scope.ADMIN}), scope) for scope in Scope)
    assert not any(allows(frozenset({Scope.READ}), scope) for scope in Scope if scope is not Scope.READ)
