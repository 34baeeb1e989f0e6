"""What people tell of themselves is found in their words; what they say of others, ask or deny is not."""

import time

import pytest

from source.domain.profile_evidence import is_told
from source.domain.profile_patterns import told_values

_TOLD = {
    "Hi, my name is Ana Pérez and I work at Acme Corp.": {"name": "Ana Pérez", "company": "Acme Corp"},
    "Call me Ben": {"name": "Ben"},
    "My work email is ann.lee@example.co.uk.": {"email": "ann.lee@example.co.uk"},
    "you can call me on +49 30 901820, thanks": {"phone": "+49 30 901820"},
    "My address is 12 Main Street, 90210 Springfield.": {"address": "12 Main Street, 90210 Springfield"},
    "My time zone is Europe/Berlin.": {"time_zone": "Europe/Berlin"},
    "My company is Foo & Bar GmbH": {"company": "Foo & Bar GmbH"},
    "Ich heiße Jörg und arbeite bei Siemens": {"name": "Jörg", "company": "Siemens"},
    "Meine E-Mail ist j.k@firma.de": {"email": "j.k@firma.de"},
    "Me llamo José García y trabajo en Telefónica": {"name": "José García", "company": "Telefónica"},
    "Mi correo es jose@example.es": {"email": "jose@example.es"},
    "Je m'appelle Zoé, je travaille chez Renault": {"name": "Zoé", "company": "Renault"},
    "Mi chiamo Luca e lavoro per Fiat": {"name": "Luca", "company": "Fiat"},
    "Eu me chamo Maria da Silva": {"name": "Maria da Silva"},
    "Ik heet Jan de Vries": {"name": "Jan de Vries"},
    "Меня зовут Анна": {"name": "Анна"},
    "我叫小明，我住在北京。": {"name": "小明"},
    "私の名前は田中です": {"name": "田中"},
}
_NOT_TOLD = (
    "call me later",
    "My name is not important",
    "What is my name?",
    "He said my name is Tom",
    "She wrote: my name is Eve",
    "If my name is Tom then so what",
    "I don't think my name is Bob",
    "My wife's name is Eva",
    "My wife's email is eva@x.org",
    "His phone number is +49 30 901820",
    "Try info@example.org for the support of that product",
    "I work at home",
    "I work at the hospital",
    "I used to work at Acme Corp",
    "my number is 12",
    "my email isn't a@b.com",
    "Is your name Ann?",
    "Your name is Echo",
)


@pytest.mark.parametrize("text", _TOLD)
def test_what_people_tell_of_themselves_is_found(text: str) -> None:
    assert {field.value: value for field, value in told_values(text)} == _TOLD[text]


@pytest.mark.parametrize("text", _NOT_TOLD)
def test_what_is_not_said_of_oneself_is_left_out(text: str) -> None:
    assert list(told_values(text)) == []


def test_each_line_is_read_by_itself() -> None:
    told = told_values("My name is Ana\nMy email is ana@x.org\nMy phone is +34 600 123 456")
    assert [value for _, value in told] == ["Ana", "ana@x.org", "+34 600 123 456"]


@pytest.mark.parametrize(
    ("field", "value", "text", "is_shown"),
    [
        ("email", "ann@x.org", "ann@x.org", True),
        ("email", "ann@x.org", "Thanks. My mail: Ann@X.org", True),
        ("email", "ann@x.org", "joann@x.org is mine", False),
        ("email", "info@x.org", "Please try info@x.org for the support of that product line", False),
        ("email", "eva@x.org", "My wife is at eva@x.org", False),
        ("phone", "+49 30 901820", "my number is +49-30/901820", True),
        ("phone", "+49 30 901820", "my number is +49 30 9018201", False),
        ("language", "de", "Bitte auf Deutsch", True),
        ("language", "de", "I like de facto standards", False),
        ("time_zone", "America/New_York", "I live in New York", True),
        ("time_zone", "America/New_York", "I live in York", False),
        ("company", "Acme", "My wife works at Acme", False),
        ("company", "Acme", "I run Acme with two friends", True),
        ("name", "Ana", "I saw a banana", False),
        ("name", "小明", "我叫小明", True),
    ],
)
def test_a_message_shows_a_value_only_as_one_s_own(field: str, value: str, text: str, *, is_shown: bool) -> None:
    assert is_told(field, value, text) is is_shown


@pytest.mark.parametrize(
    "text",
    [
        "my name is " * 3_000,
        "my email is " + "a." * 20_000,
        "my address is " + "1 a, " * 5_000,
        "my phone is " + "1 " * 20_000,
        "I work at " + "Aa " * 10_000,
        "我叫" * 10_000,
        "and " * 20_000,
    ],
)
def test_no_text_takes_long_to_read(text: str) -> None:
    before = time.process_time()
    list(told_values(text))
    assert time.process_time() - before < 1
