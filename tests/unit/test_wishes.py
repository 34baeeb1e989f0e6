"""STOP and START, in people's own words."""

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from source.app.attending import wish_words
from source.domain.attendance import ECHO_ANSWERS
from source.domain.errors import SettingsError
from source.domain.thread import Platform, ThreadKey
from source.domain.wishes import Wish, WishWords
from source.services.attendance import Attending
from source.services.wishes import Wishes
from tests.fakes.attendance import InMemoryAttendance
from tests.fakes.clock import FakeClock

ADA = ThreadKey(Platform.WHATSAPP, "77")
WORDS = wish_words()


@pytest.mark.parametrize(
    "text",
    [
        "STOP",
        " stop. ",
        "Stop!!",
        "„Stopp“",
        "🛑 stop",
        "İPTAL",
        "iptal",
        "IPTAL",
        "abonelikten çık",
        "ABONELIKTEN ÇIK",
        "Arrêt",
        "ARRET",
        "توقف",
        "रोकें",
        "停止",
        "стоп",
        "opt-out",
        "Opt  Out",
    ],
)
def test_a_word_for_stop_is_one_however_it_is_written(text: str) -> None:
    assert WORDS.wish_in(text) is Wish.STOP


@pytest.mark.parametrize("text", ["START", "start :)", "Unstop", "старт", "開始"])
def test_a_word_for_start_takes_it_back(text: str) -> None:
    assert WORDS.wish_in(text) is Wish.START


@pytest.mark.parametrize(
    "text", ["please stop", "stop it", "Where is the bus stop?", "stops", "", "!", "non-stop", "/stop now"]
)
def test_a_message_that_only_holds_such_a_word_says_something_else(text: str) -> None:
    assert WORDS.wish_in(text) is None


@given(st.sampled_from(sorted(WORDS.meanings)), st.sampled_from(["", " ", "!", "…", "¡", "\n", " 🙏 "]))
def test_signs_around_a_word_and_its_case_change_nothing(word: str, sign: str) -> None:
    assert WORDS.wish_in(f"{sign}{word}{sign}") is WORDS.meanings[word]
    assert WORDS.wish_in(word.upper()) is WORDS.meanings[word]


@given(st.text(max_size=200))
def test_no_text_breaks_it(text: str) -> None:
    assert WORDS.wish_in(text) in {None, Wish.STOP, Wish.START}


def test_a_word_that_says_nothing_or_both_is_refused() -> None:
    with pytest.raises(ValueError, match="has no letter"):
        WishWords.of({Wish.STOP: ["!"]})
    with pytest.raises(ValueError, match="says both"):
        WishWords.of({Wish.STOP: ["Halt"], Wish.START: ["HALT!"]})


@pytest.mark.parametrize("written", ["[stop", "[stop]\nen = ['stop']", "[stop]\nen = 1\n[start]\nen = ['start']", None])
def test_a_file_of_words_that_cannot_be_read_is_named(tmp_path: Path, written: str | None) -> None:
    file = tmp_path / "wishes.toml"
    if written is not None:
        file.write_text(written)
    with pytest.raises(SettingsError, match=r"wishes\.toml"):
        wish_words(file)


class Bench:
    def __init__(self) -> None:
        self.clock = FakeClock()
        self.store = InMemoryAttendance(self.clock)
        self.attending = Attending(self.store, self.clock, human_timeout=timedelta(hours=12))
        self.wishes = Wishes(self.store, WORDS, self.attending)

    async def take(self, wish: Wish) -> str:
        return await self.wishes.take(ADA.platform, ADA.thread_id, wish)

    async def may_be_sent(self) -> bool:
        return await self.wishes.may_be_sent(ADA, ADA.thread_id)


async def test_who_said_stop_is_sent_nothing_until_they_say_start() -> None:
    bench = Bench()
    assert await bench.may_be_sent()
    assert "START" in await bench.take(Wish.STOP)
    assert not await bench.may_be_sent()
    assert "STOP" in await bench.take(Wish.START)
    assert await bench.may_be_sent()


async def test_a_person_may_answer_who_has_written_since_they_said_stop() -> None:
    bench = Bench()
    await bench.take(Wish.STOP)
    await bench.attending.ask_for_person(ADA, by="operator")
    assert not await bench.may_be_sent()
    bench.clock.advance(minutes=1)
    bench.store.wrote[ADA.platform, ADA.thread_id] = bench.clock.now()
    assert await bench.may_be_sent()
    await bench.attending.hand_back(ADA, by="operator")
    assert bench.attending.of(ADA) is ECHO_ANSWERS
    assert not await bench.may_be_sent()
