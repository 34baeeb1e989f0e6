"""What every platform can do with every word of the vocabulary."""

import re

import pytest

from source.domain.errors import RefusedInputError
from source.services.commands import CommandSpec, OptionKind, words
from source.services.commands.vocabulary import checked

EVERY_WORD = tuple(value for value in vars(words).values() if isinstance(value, CommandSpec))


@pytest.mark.parametrize("spec", EVERY_WORD, ids=lambda spec: spec.name)
def test_a_word_fits_the_strictest_platform(spec: CommandSpec) -> None:
    # Discord: names of 1–32 lower-case characters, descriptions of 1–100, 25 options, the required ones first.
    for name, summary in [(spec.name, spec.summary), *((option.name, option.summary) for option in spec.options)]:
        assert re.fullmatch(r"[a-z-]{1,32}", name)
        assert 1 <= len(summary) <= 100
    assert len(spec.options) == len({option.name for option in spec.options}) <= 25
    required = [option.required for option in spec.options]
    assert required == sorted(required, reverse=True)


@pytest.mark.parametrize("spec", EVERY_WORD, ids=lambda spec: spec.name)
def test_only_the_last_option_that_is_typed_takes_the_rest(spec: CommandSpec) -> None:
    assert not any(option.takes_rest for option in spec.shown_options[:-1])


@pytest.mark.parametrize("spec", EVERY_WORD, ids=lambda spec: spec.name)
def test_choices_belong_to_choices(spec: CommandSpec) -> None:
    for option in spec.options:
        assert bool(option.choices) == (option.kind is OptionKind.CHOICE)


@pytest.mark.parametrize(
    ("spec", "usage"),
    [
        (words.NEW, "/new [fresh] [topic]"),
        (words.SUMMARY, "/summary"),
        (words.SEARCH, "/search words"),
        (words.EXPORT, "/export [json] [which]"),
    ],
)
def test_the_usage_shows_what_people_type(spec: CommandSpec, usage: str) -> None:
    assert spec.usage == usage


@pytest.mark.parametrize(
    ("spec", "options", "told"),
    [
        (words.STOP, {"which": "2"}, "/stop does not take that"),
        (words.EXPORT, {"format": "pdf"}, "Format is one of: json"),
        (words.SEARCH, {}, "What words"),
        (words.SEARCH, {"words": "  "}, "What words"),
    ],
)
def test_options_that_a_command_does_not_take_are_refused(
    spec: CommandSpec, options: dict[str, str | bool], told: str
) -> None:
    with pytest.raises(RefusedInputError, match=told):
        checked(spec, options)


def test_options_as_they_should_be_are_taken() -> None:
    checked(words.SEARCH, {"words": "boat", "message": "123"})
    checked(words.EXPORT, {"format": "json"})
