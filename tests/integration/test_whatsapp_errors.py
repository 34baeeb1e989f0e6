"""What becomes of a message for each error that Meta's table has, over real HTTP."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from source.adapters.whatsapp import graph as graph_module
from source.adapters.whatsapp.graph import GraphSending, Recipient, UnknownOutcomeError
from source.adapters.whatsapp.pacing import Pacing
from source.adapters.whatsapp.post import Post
from source.adapters.whatsapp.settings import WhatsAppSettings
from source.adapters.whatsapp.standing import Standing
from source.adapters.whatsapp.troubles import WindowClosedError
from source.domain.errors import DeliveryError, UndeliverableError
from source.ports.health import PartStatus
from tests.fakes.graph_errors import Problem
from tests.fakes.graph_people import Person
from tests.fakes.graph_server import FakeGraph
from tests.fakes.hurried_clock import HurriedClock


@dataclass
class Number:
    """A number that sends to Ada."""

    graph: FakeGraph
    clock: HurriedClock
    post: Post
    standing: Standing
    ada: Person
    to: Recipient

    async def send(self, text: str = "Hello", to: Recipient | None = None) -> str:
        return await self.post.text(to or self.to, text, tracker="")

    @property
    def tries(self) -> int:
        return len(self.graph.requests("POST", "/messages"))

    def writes(self, name: str) -> tuple[Person, Recipient]:
        """Return somebody who has just written."""
        person = self.graph.people.add(name)
        person.last_wrote = self.clock.now()
        return person, Recipient(phone=person.phone, user=person.user_id)


@pytest.fixture
async def number() -> AsyncIterator[Number]:
    clock = HurriedClock()
    async with FakeGraph(clock=clock) as graph:
        account = graph.account
        settings = WhatsAppSettings(account.phone_id, account.token, "", "", api_base=graph.base_url)
        sending, standing = GraphSending(settings), Standing(clock)
        post = Post(sending, Pacing(clock, per_second=80), standing, clock)
        ada = graph.people.add("Ada")
        ada.last_wrote = clock.now()
        try:
            yield Number(graph, clock, post, standing, ada, Recipient(phone=ada.phone, user=ada.user_id))
        finally:
            await sending.close()


@pytest.mark.parametrize(
    ("code", "least_seconds"), [(131056, 6), (130429, 2), (80007, 2), (4, 2), (131016, 0.5), (131000, 0.5), (2, 0.5)]
)
async def test_what_is_refused_for_now_arrives_once_after_a_pause(
    number: Number, code: int, least_seconds: float
) -> None:
    number.graph.faults.refuse(code)
    await number.send()
    assert number.ada.texts == ["Hello"]
    assert number.clock.monotonic() >= least_seconds
    number.graph.faults.refuse(code, times=2)
    await number.send("Hello again")
    assert number.ada.texts == ["Hello", "Hello again"]


@pytest.mark.parametrize("code", [131056, 130429, 131016])
async def test_what_is_refused_again_and_again_is_left_to_a_later_delivery(number: Number, code: int) -> None:
    number.graph.faults.refuse(code, times=99)
    with pytest.raises(DeliveryError) as refused:
        await number.send()
    assert not isinstance(refused.value, UndeliverableError)
    assert number.tries == 4


@pytest.mark.parametrize("status", [500, 502, 503])
async def test_an_answer_without_json_is_a_fault_of_metas_and_tried_again(number: Number, status: int) -> None:
    number.graph.faults.fail(status)
    await number.send()
    assert number.ada.texts == ["Hello"]


async def test_what_meta_finds_too_late_waits_for_the_person(number: Number) -> None:
    number.graph.faults.refuse(131047)
    with pytest.raises(WindowClosedError) as refused:
        await number.send()
    assert refused.value.told_by_meta
    assert number.tries == 1


@pytest.mark.parametrize("code", [131048, 131049])
async def test_what_people_do_not_want_is_never_tried_again_and_told_to_whoever_runs_the_number(
    number: Number, code: int
) -> None:
    number.graph.faults.refuse(code)
    with capture_logs() as logs, pytest.raises(UndeliverableError):
        await number.send()
    assert number.tries == 1
    assert [(each["log_level"], each["code"]) for each in logs if each["event"] == "whatsapp_alert"] == [
        ("error", code)
    ]
    health = await number.standing.health()
    assert health.status is PartStatus.DEGRADED
    assert str(code) in health.sentence
    number.clock.advance(hours=25)
    assert (await number.standing.health()).status is PartStatus.OK


@pytest.mark.parametrize("code", [131050, 131051, 130472, 131021, 131009, 100])
async def test_what_can_never_arrive_is_not_tried_again_and_stops_nothing(number: Number, code: int) -> None:
    number.graph.faults.refuse(code)
    with pytest.raises(UndeliverableError):
        await number.send()
    assert number.tries == 1
    assert (await number.standing.health()).status is PartStatus.OK


@pytest.mark.parametrize("code", [131026, 131062])
async def test_what_does_not_reach_one_address_is_tried_at_the_other_once(number: Number, code: int) -> None:
    number.graph.faults.refuse(code)
    await number.send()
    (sent,) = number.ada.received
    assert not sent.to_phone
    number.graph.faults.refuse(code, times=2)
    with pytest.raises(UndeliverableError):
        await number.send()
    assert number.tries == 4


async def test_who_has_one_address_is_tried_there_alone(number: Number) -> None:
    number.graph.faults.refuse(131026)
    with pytest.raises(UndeliverableError):
        await number.send(to=Recipient(user=number.ada.user_id))
    assert number.tries == 1


@pytest.mark.parametrize("code", [190, 0, 10, 200, 299, 368, 131031, 131042])
async def test_without_a_token_or_its_rights_nothing_is_sent_until_one_message_shows_that_they_are_back(
    number: Number, code: int
) -> None:
    number.graph.faults.plan(Problem(code, "not allowed", 403), path="/messages$", times=2)
    with pytest.raises(DeliveryError) as refused:
        await number.send()
    assert not isinstance(refused.value, UndeliverableError)
    health = await number.standing.health()
    assert health.status is PartStatus.DOWN
    assert f"error {code}" in health.sentence
    with pytest.raises(DeliveryError):
        await number.send()
    assert number.tries == 1
    number.clock.advance(seconds=1.05)
    outcomes = await asyncio.gather(*(number.send() for _ in range(5)), return_exceptions=True)
    assert all(isinstance(outcome, DeliveryError) for outcome in outcomes)
    assert number.tries == 2
    number.clock.advance(seconds=1.05)
    with pytest.raises(DeliveryError):
        await number.send()  # it waits twice as long now
    number.clock.advance(seconds=1.05)
    await number.send()
    assert number.ada.texts == ["Hello"]
    assert (await number.standing.health()).status is PartStatus.OK
    await number.send()


async def test_many_that_are_refused_at_once_stop_it_once(number: Number) -> None:
    number.graph.account.token_is_expired = True
    people = [number.writes(f"person {each}")[1] for each in range(10)]
    outcomes = await asyncio.gather(*(number.send(to=each) for each in people), return_exceptions=True)
    assert all(isinstance(outcome, DeliveryError) for outcome in outcomes)
    number.graph.account.token_is_expired = False
    number.clock.advance(seconds=1.05)
    await number.send()


async def test_where_nobody_knows_whether_it_was_taken_it_is_not_sent_again(
    number: Number, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(graph_module, "_SECONDS_TO_ANSWER", 0.3)
    number.graph.faults.hang()
    with pytest.raises(UnknownOutcomeError):
        await number.send("one")
    number.graph.faults.cut(taken=True)
    with pytest.raises(UnknownOutcomeError):
        await number.send("two")
    number.graph.faults.fail(504)
    with pytest.raises(UnknownOutcomeError):
        await number.send("three")
    assert number.ada.texts == ["one", "two"]
    assert number.tries == 3


async def test_where_meta_cannot_be_reached_it_is_tried_again(number: Number, caplog: pytest.LogCaptureFixture) -> None:
    await number.graph.stop()
    with pytest.raises(DeliveryError) as refused:
        await number.send()
    assert not isinstance(refused.value, UndeliverableError | UnknownOutcomeError)
    assert len(number.clock.slept) == 3
    assert not [each for each in caplog.records if each.name.startswith("pywa")]


async def test_a_person_gets_a_hundred_messages_without_one_refusal_and_in_order(number: Number) -> None:
    number.ada.last_wrote = number.clock.now() + timedelta(hours=1)
    for each in range(100):
        await number.send(str(each))
    assert number.ada.texts == [str(each) for each in range(100)]
    assert number.graph.rates.exceeded == 0


async def test_of_messages_to_two_hundred_people_at_once_hardly_any_is_refused(number: Number) -> None:
    people = [number.writes(f"person {each}") for each in range(200)]
    await asyncio.gather(*(number.send(to=recipient) for _, recipient in people))
    assert all(person.texts == ["Hello"] for person, _ in people)
    assert number.graph.rates.exceeded < 20  # time is made to pass here while requests are on their way


async def test_the_typing_sign_is_left_away_while_nothing_can_be_sent(number: Number) -> None:
    number.graph.account.token_is_expired = True
    with pytest.raises(DeliveryError):
        await number.send()
    await number.post.seen("wamid.1")
    assert number.tries == 1
