"""What is personal data, and what only looks like it."""

import time
from collections.abc import Sequence

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from phonenumbers import PhoneNumberFormat, PhoneNumberType, example_number_for_type, format_number

from source.adapters.phone_numbers import PhoneNumbers
from source.domain.personal_data import PersonalDataFinder
from tests.fakes.personal_data_samples import NO_PHONES, NONE, OTHERS, PHONES, Sample

FINDERS = {
    country: PersonalDataFinder(PhoneNumbers(country).is_phone, country=country)
    for country in {sample.country for sample in (*PHONES, *NO_PHONES, *OTHERS, *NONE)}
}
FINDER = FINDERS["US"]


def found(sample: Sample) -> list[tuple[str, str]]:
    text = sample.text
    return [(each.kind.value, text[each.start : each.end]) for each in FINDERS[sample.country].find(text)]


def _misses(samples: Sequence[Sample]) -> tuple[int, int, int]:
    """Return how many were found rightly, found wrongly and not found."""
    right = wrong = missed = 0
    for sample in samples:
        expected, seen = sample.expected, found(sample)
        right += sum(each in expected for each in seen)
        wrong += sum(each not in expected for each in seen)
        missed += sum(each not in seen for each in expected)
    return right, wrong, missed


@pytest.mark.parametrize("sample", [*PHONES, *OTHERS], ids=lambda sample: sample.marked[:40])
def test_personal_data_is_found_to_its_ends(sample: Sample) -> None:
    assert found(sample) == sample.expected


@pytest.mark.parametrize("sample", [*NO_PHONES, *NONE], ids=lambda sample: sample.country + sample.marked[:40])
def test_other_numbers_and_words_are_none(sample: Sample) -> None:
    assert found(sample) == []


def test_the_figures_of_the_corpus_are_what_the_documents_say() -> None:
    assert _misses([*PHONES, *NO_PHONES, *OTHERS, *NONE]) == (108, 0, 0)


KEY = "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA75\n+/=abc\n-----END RSA PRIVATE KEY-----"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (f"my key:\n{KEY}\nkeep it", "my key:\n[secret removed]\nkeep it"),
        (f"it was cut:\n{KEY[:55]}", "it was cut:\n[secret removed]"),
        ("-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----",) * 2,
        ("MTk4NjIyNDgzNDcxOTI1MjQ4.Cl2FMQ.ZnCjm1XVW7vRze4b7Cq4se7kKWs", "[secret removed]"),
        ("110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw", "[secret removed]"),
    ],
)
def test_keys_of_many_lines_and_tokens_without_a_mark_are_found(text: str, left: str) -> None:
    assert FINDER.removed(text) == left


def test_the_kinds_of_a_text_are_told_in_one_order_and_stay_when_it_is_scrubbed() -> None:
    text = "+49 170 1234567, then ana@example.org, then +49 170 1234568"
    assert FINDER.kinds(text) == ("email", "phone") == FINDER.kinds(FINDER.removed(text))
    assert FINDER.removed(text) == "[phone removed], then [email removed], then [phone removed]"
    assert FINDER.kinds("write [email 1] or [mail removed]") == ()


def test_what_the_operator_publishes_is_left() -> None:
    text = "write to shop@example.org, not to ana@example.org"
    assert FINDER.removed(text, but={"shop@example.org"}) == "write to shop@example.org, not to [email removed]"


PIECES = [
    *(sample.text for sample in (*PHONES, *OTHERS, *NO_PHONES, *NONE)),
    *" .,:;-()[]+@#/=\n",
    "[email removed]",
    KEY,
]
texts = st.one_of(
    st.text(st.characters(codec=None)),
    st.text("0123456789 +-.()/:@aA[]", max_size=80),
    st.lists(st.sampled_from(PIECES), max_size=6).map("".join),
    st.lists(st.sampled_from(PIECES), max_size=6).map(" ".join),
)


@given(texts)
@example("+1 415 555 0132+1 415 555 0132ana@example.org@example.org")
def test_a_second_scrubbing_changes_nothing(text: str) -> None:
    once = FINDER.removed(text)
    assert FINDER.removed(once) == once
    assert FINDER.find(once) == []


@given(texts)
def test_all_else_is_kept_to_the_sign(text: str) -> None:
    end, parts = 0, []
    for each in FINDER.find(text):
        assert end <= each.start < each.end <= len(text)
        parts += [text[end : each.start], f"[{each.kind.label} removed]"]
        end = each.end
    once = "".join([*parts, text[end:]])
    assert FINDER.removed(text) == FINDER.removed(once)
    assert FINDER.find(once) or FINDER.removed(text) == once


ADVERSARIAL = (
    "1", "+1 ", "+491234567 ", "a@", "a", "@", "1.2.3.", "password: ", "pass ", "eyJaaaaaaaa.", "://", "://a:",
    "-----BEGIN PRIVATE KEY-----", "::", "1:", "a:b:", "DE89", "DE89 ", "4111 ", "4111 1111 1111 1111 ", "(0", "0 ",
    "0170 1234567 ", "[", "[email ", "tel ", "sk-", "ABCDEF12A34B567C ", "12-", "a.b@c.", "9 ", "\u0660", "a_password",
    "_-", "api_key ", "no. 1234567 ", "Bearer a", "a.a.a.", "1 234 567 ", "call 030 ", "(415) 555-0132 ",
)  # fmt: skip


@pytest.mark.parametrize("unit", ADVERSARIAL)
def test_no_text_takes_long_however_it_is_made(unit: str) -> None:
    text = (unit * 10_000)[:10_000] + "x"
    began = time.process_time()
    FINDERS["DE"].find(text)
    # A quadratic way through 10,000 signs takes many seconds; the slowest linear one a tenth of one.
    assert time.process_time() - began < 1


@pytest.mark.parametrize(
    "country", ["US", "DE", "FR", "ES", "GB", "IT", "NL", "BR", "PT", "PL", "CH", "IN", "JP", "MX"]
)
def test_the_example_numbers_of_a_country_are_found(country: str) -> None:
    finder = PersonalDataFinder(PhoneNumbers(country).is_phone, country=country)
    for kind in (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE):
        number = example_number_for_type(country, kind)
        assert number is not None
        for form in (PhoneNumberFormat.INTERNATIONAL, PhoneNumberFormat.E164):
            assert finder.removed(f"{format_number(number, form)}, he wrote") == "[phone removed], he wrote"
        at_home = format_number(number, PhoneNumberFormat.NATIONAL)
        assert finder.removed(f"my phone is {at_home}.") == "my phone is [phone removed]."
