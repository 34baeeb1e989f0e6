"""Which numbers are phone numbers, by phonenumbers."""

from functools import lru_cache
from typing import Final

# One takes a tenth of a millisecond, and people come back to the same ones.
_REMEMBERED: Final = 4_096
_NORTH_AMERICA: Final = 1


def is_country(code: str) -> bool:
    """Whether numbers are dialled in a country of this ISO 3166 code."""
    from phonenumbers import SUPPORTED_REGIONS

    return code in SUPPORTED_REGIONS


class PhoneNumbers:
    """Knows the numbering plans; what has no country's code is dialled in `country`, an ISO 3166 code."""

    def __init__(self, country: str) -> None:
        self._country = country
        self._is_known = lru_cache(maxsize=_REMEMBERED)(self._looked_up)

    def is_phone(self, number: str, *, is_spoken_of: bool = False) -> bool:
        """As in `IsPhone`."""
        return self._is_known(number, is_spoken_of)

    def _looked_up(self, number: str, is_spoken_of: bool) -> bool:  # by position, to be remembered
        # Loading it takes 50 ms, which a chat that is about to begin can do without.
        from phonenumbers import (
            NumberParseException,
            PhoneNumber,
            ValidationResult,
            is_possible_number_with_reason,
            is_valid_number,
            parse,
        )

        try:
            parsed: PhoneNumber = parse(number, self._country)
        except NumberParseException:
            return False
        if is_spoken_of:
            # Its length is enough: people make up numbers for examples, and plans grow.
            return is_possible_number_with_reason(parsed) == ValidationResult.IS_POSSIBLE
        return is_valid_number(parsed) and (number.startswith("+") or self._is_as_dialled(number, parsed.country_code))

    def _is_as_dialled(self, number: str, country_code: int | None) -> bool:
        """Whether a number is written as people write it at home; other rows of digits are numbers by chance."""
        from phonenumbers import PhoneMetadata

        if country_code == _NORTH_AMERICA:
            return False
        metadata = PhoneMetadata.metadata_for_region(self._country)
        # Whoever puts the code of a town in brackets leaves out what is dialled before it.
        return metadata is None or metadata.national_prefix != "0" or number.startswith(("0", "("))
