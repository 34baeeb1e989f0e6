"""A turn that was kept although its caller was told otherwise: it is not answered again."""

from collections.abc import AsyncIterator

import pytest

from source.domain.errors import StoreUnavailableError
from source.domain.message import Message
from source.domain.turn import EventState, InboundKind, TurnRecord
from tests.fakes.small_echo import SmallEcho, passing
from tests.fakes.store import InMemoryStore


class _Unknown:
    """Commits the next `unknown` turns and says that it could not."""

    def __init__(self, store: InMemoryStore) -> None:
        self.unknown = 0
        self._commit = store.commit_turn

    async def commit_turn(self, record: TurnRecord) -> tuple[Message, ...]:
        kept = await self._commit(record)
        if record.answered and self.unknown:
            self.unknown -= 1
            raise StoreUnavailableError("the server is away")
        return kept


@pytest.fixture
async def echo() -> AsyncIterator[SmallEcho]:
    small = SmallEcho()
    yield small
    await small.end()


@pytest.fixture
def cut(echo: SmallEcho, monkeypatch: pytest.MonkeyPatch) -> _Unknown:
    unknown = _Unknown(echo.store)
    monkeypatch.setattr(echo.store, "commit_turn", unknown.commit_turn)
    return unknown


def _delivered(echo: SmallEcho) -> list[str]:
    return [reply.delivered for reply in echo.channel.replies if reply.delivered is not None]


async def test_its_reply_is_delivered_and_the_model_not_asked_again(echo: SmallEcho, cut: _Unknown) -> None:
    cut.unknown = 1
    reply = await echo.say("Hello")
    assert reply.failure is not None
    await passing(echo, hours=1)

    assert _delivered(echo) == ["All right."]
    assert [message.message_content for message in await echo.stored()] == ["Hello", "All right."]
    assert len(echo.model.prompts) == 1
    assert set(echo.store.states.values()) == {EventState.DELIVERED}
    await echo.say("And?")
    assert [message.message_content for message in echo.remembered()] == ["Hello", "All right.", "And?", "All right."]


async def test_what_was_said_since_is_answered(echo: SmallEcho, cut: _Unknown) -> None:
    echo.model.add("One", "Two")
    cut.unknown = 1
    await echo.say("1")
    await echo.say("2")
    await passing(echo, hours=1)

    assert _delivered(echo) == ["One", "Two"]
    assert [message.message_content for message in await echo.stored()] == ["1", "One", "2", "Two"]
    assert set(echo.store.states.values()) == {EventState.DELIVERED}


async def test_another_answer_to_the_same_is_given_once(echo: SmallEcho, cut: _Unknown) -> None:
    """Nothing in the history tells that a retry was done: the store refuses the second."""
    echo.model.add("One", "Two", "Three")
    await echo.say("1")
    cut.unknown = 1
    await echo.say("", kind=InboundKind.RETRY)
    await passing(echo, hours=1)

    assert _delivered(echo) == ["One", "Two"]
    kept = [message.message_content for message in await echo.stored() if message.is_kept]
    assert kept == ["1", "Two"]
    assert set(echo.store.states.values()) == {EventState.DELIVERED}
