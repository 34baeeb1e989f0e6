"""What a setting may be, and the file that lists them all."""

import re
import tomllib
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from source.app.settings import ROOT, Settings
from source.app.settings_loader import TOML_FILE
from source.app.settings_words import allowed_values, is_secret, shown_value, without_password

IN_FILE = tomllib.loads(TOML_FILE.read_text(encoding="utf-8"))
NAMES = [name.upper() for name in Settings.model_fields]


def test_the_file_lists_every_setting_that_is_no_secret() -> None:
    assert set(IN_FILE) == {name for name in NAMES if not is_secret(name)}


def test_the_file_gives_the_default_of_each() -> None:
    from_file = Settings.model_validate({name.lower(): value for name, value in IN_FILE.items()})
    assert from_file == Settings()


def test_the_file_explains_each_with_the_sentence_of_the_class() -> None:
    comments = re.findall(r"((?:^# .*\n)+)([A-Z_]+) =", TOML_FILE.read_text(encoding="utf-8"), re.MULTILINE)
    explained = {name: " ".join(line.removeprefix("# ") for line in text.splitlines()) for text, name in comments}
    assert explained == {name: Settings.model_fields[name.lower()].description for name in IN_FILE}


@pytest.mark.parametrize("name", NAMES)
def test_a_setting_has_a_sentence_and_says_what_it_may_be(name: str) -> None:
    description = Settings.model_fields[name.lower()].description
    assert description
    assert description.endswith(".")
    assert allowed_values(name)


@pytest.mark.parametrize("name", NAMES)
def test_a_number_has_both_bounds(name: str) -> None:
    field = Settings.model_fields[name.lower()]
    if field.annotation in (int, float):
        bounds = {bound for part in field.metadata for bound in ("ge", "gt", "le") if hasattr(part, bound)}
        assert "le" in bounds
        assert bounds & {"ge", "gt"}


def test_a_setting_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        Settings().persona = "sales"


@pytest.mark.parametrize(
    ("helper", "expected"),
    [
        ("conversation_timeout", timedelta(days=2)),
        ("summary_timeout", timedelta(seconds=5)),
        ("model_connect_timeout", timedelta(seconds=5)),
        ("model_first_token_timeout", timedelta(minutes=1)),
        ("model_stall_timeout", timedelta(seconds=30)),
        ("answer_max_age", timedelta(hours=1)),
        ("transcript_delay", timedelta(seconds=2)),
    ],
)
def test_times_come_with_their_unit(helper: str, expected: timedelta) -> None:
    assert getattr(Settings(), helper) == expected


@pytest.mark.parametrize("name", ["openai_api_key", "openai_base_url", "database_url"])
def test_an_empty_optional_setting_is_not_set(name: str) -> None:
    assert getattr(Settings.model_validate({name: " "}), name) is None


def test_local_servers_are_separated_by_commas_and_may_be_none() -> None:
    two = Settings.model_validate({"local_model_urls": "http://127.0.0.1:1/v1, http://127.0.0.1:2/v1,"})
    assert two.local_model_urls == ("http://127.0.0.1:1/v1", "http://127.0.0.1:2/v1")
    assert Settings.model_validate({"local_model_urls": ""}).local_model_urls == ()


def test_the_folder_begins_at_the_programs_own_unless_absolute() -> None:
    assert Settings().conversations_dir == ROOT / "conversations"
    assert str(Settings.model_validate({"conversations_dir": "/srv/echo"}).conversations_dir) == "/srv/echo"


def test_the_database_lies_with_the_transcripts_unless_a_url_says_otherwise() -> None:
    assert Settings().database == ROOT / "conversations" / "echo.db"
    assert Settings(database_url="sqlite:////srv/echo.db").database == "sqlite:////srv/echo.db"


def test_the_databases_file_is_known_when_there_is_one() -> None:
    assert Settings().sqlite_file == ROOT / "conversations" / "echo.db"
    assert Settings(database_url="sqlite:////srv/echo.db").sqlite_file == Path("/srv/echo.db")
    assert Settings(database_url="postgresql://host/db").sqlite_file is None


@pytest.mark.parametrize("number", ["nan", "inf", "-1", "0"])
def test_a_time_is_a_positive_number(number: str) -> None:
    with pytest.raises(ValidationError):
        Settings.model_validate({"model_stall_seconds": number})


def test_neither_key_nor_password_is_shown() -> None:
    settings = Settings(openai_api_key=SecretStr("sk-hidden"), database_url="postgresql://echo:hidden@host/db")
    shown = [shown_value(settings, name) for name in NAMES]
    assert "hidden" not in " ".join(shown) + repr(settings.openai_api_key)
    assert "postgresql://echo:***@host/db" in shown
    assert settings.secrets == ("sk-hidden", "hidden")


@pytest.mark.parametrize("text", ["sqlite:////a.db", "http://host/v1", "a@b", "postgresql://echo@host/db"])
def test_text_without_a_password_is_shown_as_it_is(text: str) -> None:
    assert without_password(text) == text
