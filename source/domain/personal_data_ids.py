"""Numbers that states give to people, by country."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from source.domain.personal_data_span import Span, Zone, digits_of


@dataclass(frozen=True, slots=True)
class NationalId:
    """How one country numbers people; `is_telling` is a form that is hardly ever anything else, wherever it is seen.

    At least `least_run` of its digits are close together.
    """

    country: str
    name: str
    pattern: re.Pattern[str]
    is_valid: Callable[[str], bool]
    least_run: int
    is_telling: bool

    def find(self, text: str, zone: Zone) -> Iterator[Span]:
        for match in self.pattern.finditer(text, zone.start, zone.end):
            if self.is_valid(match[0]):
                yield Span(*match.span())


def national_ids(ids: Sequence[NationalId], text: str, zone: Zone) -> Iterator[Span]:
    """Yield the numbers of any of these forms; where two overlap, the first one."""
    end = 0
    for span in sorted(span for each in ids if zone.run >= each.least_run for span in each.find(text, zone)):
        if span.start >= end:
            yield span
            end = span.end


def _is_social_security(written: str) -> bool:
    """SSA: no area 000, 666 or from 900 on, no group 00, no serial 0000."""
    area, group, serial = written[:3], written[4:6], written[7:]
    return area not in {"000", "666"} and area < "900" and group != "00" and serial != "0000"


_ODD = (1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23)


def _is_codice_fiscale(written: str) -> bool:
    """DM 23/12/1976: letters for digits where two people would share one; the last letter is a check."""
    code = written.upper()
    total = 0
    for place, sign in enumerate(code[:15]):
        number = int(sign) if sign.isdigit() else ord(sign) - ord("A")
        total += number if place % 2 else _ODD[number]
    return code[15] == chr(ord("A") + total % 26)


def _is_tax_id(written: str) -> bool:
    """§ 139b AO: ISO 7064 MOD 11,10; of the first ten digits one stands two or three times."""
    digits = digits_of(written)
    if len(digits) != 11 or digits[0] == "0":
        return False
    counts = sorted(digits[:10].count(digit) for digit in set(digits[:10]))
    if counts[-1] not in {2, 3} or counts[-2] > 2:
        return False
    product = 10
    for digit in digits[:10]:
        total = (int(digit) + product) % 10 or 10
        product = 2 * total % 11
    return int(digits[10]) == (11 - product) % 10


_DNI_LETTERS = "TRWAGMYFPDXBNJZSQVHLCKE"


def _is_dni(written: str) -> bool:
    """Real Decreto 1553/2005: the number modulo 23 gives the letter; X, Y and Z of foreigners count as 0, 1 and 2."""
    signs = "".join(sign for sign in written.upper() if sign.isalnum())
    number = signs[:-1].translate(str.maketrans("XYZ", "012"))
    return signs[-1] == _DNI_LETTERS[int(number) % 23]


def _is_nir(written: str) -> bool:
    """INSEE: the two last digits are 97 less the rest modulo 97; Corsica's 2A and 2B count as 19 and 18."""
    signs = "".join(sign for sign in written.upper() if sign.isalnum())
    number = signs[:13].replace("2A", "19").replace("2B", "18")
    return number.isdigit() and int(signs[13:]) == 97 - int(number) % 97


def _is_national_insurance(written: str) -> bool:
    """HMRC: pairs of letters that are not given out."""
    return written[:2].upper() not in {"BG", "GB", "NK", "KN", "TN", "NT", "ZZ"}


def _is_nhs(written: str) -> bool:
    """NHS: weights from 10 down to 2, modulo 11."""
    digits = digits_of(written)
    check = 11 - sum(int(digit) * (10 - place) for place, digit in enumerate(digits[:9])) % 11
    return len(set(digits)) > 1 and int(digits[9]) == check % 11 and check != 10


def _is_cpf(written: str) -> bool:
    """Receita Federal: two check digits modulo 11."""
    digits = [int(digit) for digit in digits_of(written)]
    if len(set(digits)) == 1:
        return False
    return all(
        digits[length]
        == 10 * sum(digit * (length + 1 - place) for place, digit in enumerate(digits[:length])) % 11 % 10
        for length in (9, 10)
    )


def _alone(first: str, rest: str) -> re.Pattern[str]:
    """Return a pattern of what stands alone; what must not be before it follows the first sign, to be searched fast."""
    return re.compile(rf"{first}(?<![\w+.,#@&/-]{first}){rest}(?![\w@-]|[.,]\d)")


_D, _L = "[0-9LMNPQRSTUVlmnpqrstuv]", "[A-Za-z]"
_N = "[0-9]"

NATIONAL_IDS: tuple[NationalId, ...] = (
    NationalId(
        "US",
        "Social Security number",
        _alone(_N, rf"{_N}{{2}}-{_N}{{2}}-{_N}{{4}}"),
        _is_social_security,
        least_run=9,
        is_telling=True,
    ),
    NationalId(
        "IT",
        "codice fiscale",
        _alone(_L, rf"{_L}{{5}}{_D}{{2}}[ABCDEHLMPRSTabcdehlmprst]{_D}{{2}}{_L}{_D}{{3}}{_L}"),
        _is_codice_fiscale,
        least_run=1,
        is_telling=True,
    ),
    NationalId(
        "FR",
        "numéro de sécurité sociale",
        _alone("[1-478]", rf" ?{_N}{{2}} ?{_N}{{2}} ?(?:{_N}{{2}}|2[ABab]) ?{_N}{{3}} ?{_N}{{3}} ?{_N}{{2}}"),
        _is_nir,
        least_run=13,
        is_telling=True,
    ),
    NationalId(
        "ES",
        "DNI",
        _alone(_N, rf"(?:{_N}{{7}}|{_N}\.{_N}{{3}}\.{_N}{{3}})[ -]?{_L}"),
        _is_dni,
        least_run=8,
        is_telling=False,
    ),
    NationalId("ES", "NIE", _alone("[XYZxyz]", rf"[ -]?{_N}{{7}}[ -]?{_L}"), _is_dni, least_run=7, is_telling=False),
    NationalId(
        "GB",
        "National Insurance number",
        _alone("[A-CEGHJ-PR-TW-Z]", rf"[A-CEGHJ-NPR-TW-Z] ?{_N}{{2}} ?{_N}{{2}} ?{_N}{{2}} ?[A-D]"),
        _is_national_insurance,
        least_run=6,
        is_telling=True,
    ),
    NationalId(
        "GB", "NHS number", _alone(_N, rf"{_N}{{2}} {_N}{{3}} {_N}{{4}}"), _is_nhs, least_run=10, is_telling=False
    ),
    NationalId(
        "DE",
        "Steuer-Identifikationsnummer",
        _alone(_N, rf"(?:{_N}{{10}}|{_N} {_N}{{3}} {_N}{{3}} {_N}{{3}})"),
        _is_tax_id,
        least_run=11,
        is_telling=False,
    ),
    NationalId(
        "BR", "CPF", _alone(_N, rf"{_N}{{2}}\.{_N}{{3}}\.{_N}{{3}}-{_N}{{2}}"), _is_cpf, least_run=11, is_telling=True
    ),
)
