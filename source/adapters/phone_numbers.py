"""Which numbers are phone numbers, by phonenumbers."""

from functools import lru_cache
from typing import Final

# Sixty of them take a millisecond or two the first time: people come back to the same ones.
_REMEMBERED: Final = 4_096


class PhoneNumbers:
    """Knows the numbering plans; what has no country's code is dialled in `country`, an ISO 3166 code."""

    def __init__(self, country: str) -> None:
        self._country = country
        self.is_phone = lru_cache(maxsize=_REMEMBERED)(self._is_phone)

    def prepare(self) -> None:
        """Load what the first question would have to load."""
        self.is_phone("+12025550123")

    def _is_phone(self, number: str) -> bool:
        """Whether a number may be somebody's; abroad its length is enough, for people make up some as examples."""
        # Loading it takes 50 ms, which a chat that is about to begin can do without.
        from phonenumbers import NumberParseException, is_possible_number, is_valid_number, parse

        try:
            parsed = parse(number, self._country)
        except NumberParseException:
            return False
        return is_possible_number(parsed) if number.startswith("+") else is_valid_number(parsed)
