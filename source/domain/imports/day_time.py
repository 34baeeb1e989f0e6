"""The time of day at the beginning of a line, on clocks of 12 and of 24 hours."""

from typing import Final, NamedTuple

_NOON: Final = 12
# As phones write them, without dots and spaces.
_BEFORE_NOON: Final = frozenset(
    "am a 上午 凌晨 清晨 早上 午前 오전 ص صباحا पूर्वाह्न πμ fm ap öö de dop sa vorm matin pagi".split()  # noqa: SIM905
)
_AFTER_NOON: Final = frozenset(
    "pm p 下午 中午 晚上 午後 午后 오후 م مساء अपराह्न μμ em ip ös du odp ch nachm soir petang".split()  # noqa: SIM905
)


class DayTime(NamedTuple):
    """Hours as they are written, and the word beside them that may say which half of the day is meant."""

    hour: int
    minute: int
    second: int
    word: str = ""


def half_of(word: str) -> int | None:
    """Return 0 for a word that means before noon, 1 for after; None: it says nothing of it."""
    plain = "".join(word.casefold().replace(".", "").split())
    if plain in _BEFORE_NOON:
        return 0
    return 1 if plain in _AFTER_NOON else None


def hour_of_day(time: DayTime) -> int:
    """Return the hour on a clock of 24."""
    half = half_of(time.word)
    if half is None or time.hour > _NOON:
        return time.hour
    # Past midnight the clock shows 12, in Japan 0.
    return time.hour % _NOON + half * _NOON


def is_valid(time: DayTime) -> bool:
    """Whether a clock can show it."""
    return time.hour < 24 and time.minute < 60 and time.second < 60
