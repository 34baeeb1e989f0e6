"""How much one person may ask of Echo, and when it goes on."""

from datetime import UTC, datetime

import pytest

from source.domain.errors import RefusedInputError
from source.domain.thread import PersonRef, Platform, ThreadRef
from source.domain.turn import InboundMessage, ModelUsage, Purpose
from source.services.limits import Limits, LimitSettings, PersonKey
from source.services.prices import Prices
from tests.fakes.clock import FakeClock

ANA, BEN = PersonRef("1", "Ana"), PersonRef("2", "Ben")


def said(person: PersonRef = ANA, platform: Platform = Platform.DISCORD) -> InboundMessage:
    return InboundMessage("event", ThreadRef(platform, "5"), person, "Hello", datetime(2026, 3, 2, tzinfo=UTC))


def usage(person: str | None, *, tokens: int) -> ModelUsage:
    return ModelUsage("model", Purpose.REPLY, datetime(2026, 3, 2, tzinfo=UTC), tokens - 10, 5, 10, person=person)


def taken(limits: Limits, inbound: InboundMessage, times: int) -> int:
    """How many of so many messages are taken."""
    count = 0
    for _ in range(times):
        try:
            limits.take(inbound)
        except RefusedInputError:
            continue
        count += 1
    return count


def test_a_minute_holds_its_messages_and_the_next_one_is_told_when_it_goes_on() -> None:
    clock = FakeClock()
    limits = Limits(LimitSettings(messages_per_minute=7), clock)

    assert taken(limits, said(), 7) == 7
    with pytest.raises(RefusedInputError) as refused:
        limits.take(said())
    assert str(refused.value) == "I take 7 messages a minute from one person: please send this again in 9 seconds."

    clock.advance(seconds=9)
    assert taken(limits, said(), 5) == 1


@pytest.mark.parametrize("most", [1, 3, 7, 20, 59, 1000])
def test_a_minute_later_all_of_it_is_there_again(most: int) -> None:
    clock = FakeClock()
    limits = Limits(LimitSettings(messages_per_minute=most), clock)
    for _ in range(3):
        assert taken(limits, said(), most + 5) == most
        clock.advance(seconds=60)


def test_one_person_s_hurry_is_not_another_s() -> None:
    limits = Limits(LimitSettings(messages_per_minute=1), FakeClock())

    assert taken(limits, said(ANA), 2) == 1
    assert taken(limits, said(BEN), 2) == 1
    assert taken(limits, said(ANA, Platform.WHATSAPP), 2) == 1


def test_what_is_given_back_counts_no_more() -> None:
    limits = Limits(LimitSettings(messages_per_minute=2), FakeClock())
    limits.take(said())
    limits.take(said())
    limits.give_back(said())

    assert taken(limits, said(), 5) == 1


def test_nothing_binds_those_who_are_exempt() -> None:
    settings = LimitSettings(
        messages_per_minute=1,
        daily_tokens=1,
        unlimited=frozenset({PersonKey(Platform.DISCORD, "1")}),
        unlimited_platforms=frozenset({Platform.TERMINAL}),
    )
    limits = Limits(settings, FakeClock())
    limits.spend(Platform.DISCORD, [usage("1", tokens=50), usage("2", tokens=50)])

    assert taken(limits, said(ANA), 9) == 9
    assert taken(limits, said(BEN, Platform.TERMINAL), 9) == 9
    assert taken(limits, said(BEN), 9) == 0


def test_without_limits_any_number_is_taken() -> None:
    limits = Limits(LimitSettings(), FakeClock())
    limits.spend(Platform.DISCORD, [usage("1", tokens=10**9)])

    assert taken(limits, said(), 500) == 500


def test_who_has_been_quiet_for_a_minute_is_forgotten() -> None:
    clock = FakeClock()
    limits = Limits(LimitSettings(messages_per_minute=20), clock)
    for number in range(100):
        limits.take(said(PersonRef(str(number), "Somebody")))
    clock.advance(seconds=59)
    limits.take(said(ANA))
    clock.advance(seconds=2)
    limits.take(said(ANA))

    assert len(limits) == 1


def test_the_tokens_of_a_day_end_with_a_sentence_and_begin_anew_at_midnight() -> None:
    clock = FakeClock(datetime(2026, 3, 2, 18, 30, tzinfo=UTC))
    limits = Limits(LimitSettings(daily_tokens=1_000), clock)
    limits.spend(Platform.DISCORD, [usage("1", tokens=600), usage(None, tokens=600)])
    limits.take(said())
    limits.spend(Platform.DISCORD, [usage("1", tokens=400)])

    with pytest.raises(RefusedInputError) as refused:
        limits.take(said())
    assert str(refused.value) == (
        "Today's 1,000 tokens for your answers are used up: I can go on at midnight UTC, in 5 hours and 30 minutes."
    )
    limits.take(said(BEN))

    clock.advance(hours=5.5)
    limits.take(said())


class _Statistics:
    async def thread_statistics(self, thread: object) -> "object":
        raise NotImplementedError

    async def tokens_since(self, platform: Platform, since: datetime) -> dict[str, int]:
        assert since == datetime(2026, 3, 2, tzinfo=UTC)
        return {"1": 1_000} if platform is Platform.DISCORD else {}


async def test_what_was_spent_before_a_restart_still_counts() -> None:
    limits = Limits(LimitSettings(daily_tokens=1_000), FakeClock())
    await limits.load(_Statistics())  # type: ignore[arg-type]  # only what is asked for

    with pytest.raises(RefusedInputError):
        limits.take(said(ANA))
    limits.take(said(BEN))


def test_a_call_costs_its_tokens_in_millionths_of_a_dollar() -> None:
    prices = Prices(input=0.25, cached=0.025, output=2)

    assert prices.cost(input_tokens=1_000, cached_tokens=400, output_tokens=100) == 360


def test_a_cached_token_without_a_price_costs_what_any_other_does() -> None:
    assert Prices(input=1).cost(input_tokens=10, cached_tokens=4, output_tokens=1) == 10


def test_nothing_is_known_of_the_cost_without_prices() -> None:
    assert Prices().cost(input_tokens=10, cached_tokens=4, output_tokens=1) is None
