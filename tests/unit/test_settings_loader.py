"""Where settings come from, which one wins, and what is said of wrong ones."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from phonenumbers import SUPPORTED_REGIONS

from source.app.settings import ROOT, Settings
from source.app.settings_loader import load_settings
from source.app.settings_scrubbing import ScrubbingFields
from source.domain.errors import SettingsError


@dataclass(frozen=True, slots=True)
class Sources:
    """A folder with the two files, and the environment."""

    folder: Path
    patch: pytest.MonkeyPatch

    def load(self, *, toml: str = "", env_file: str = "", **environment: str) -> Settings:
        (self.folder / "echo.toml").write_text(toml, encoding="utf-8")
        (self.folder / ".env").write_text(env_file, encoding="utf-8")
        for name, value in environment.items():
            self.patch.setenv(name, value)
        return load_settings(toml_file=self.folder / "echo.toml", env_file=self.folder / ".env")

    def problems(self, *, toml: str = "", env_file: str = "", **environment: str) -> list[str]:
        with pytest.raises(SettingsError) as caught:
            self.load(toml=toml, env_file=env_file, **environment)
        return str(caught.value).splitlines()


@pytest.fixture
def sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sources:
    monkeypatch.delenv("LOCAL_MODEL_URLS")
    return Sources(tmp_path, monkeypatch)


def test_without_any_source_the_defaults_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LOCAL_MODEL_URLS")
    settings = load_settings(toml_file=tmp_path / "none.toml", env_file=tmp_path / "none.env")
    assert settings == Settings()
    assert settings.source_of("OPENAI_MODEL") == "default"


def test_the_shipped_file_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LOCAL_MODEL_URLS")
    settings = load_settings(env_file=tmp_path / "none.env")
    assert settings == Settings()
    assert not settings.is_set("LOG_LEVEL")


def test_the_environment_wins_over_env_file_and_that_over_toml(sources: Sources) -> None:
    settings = sources.load(
        toml='PERSONA = "sales"\nOPENAI_MODEL = "from-toml"\nMAX_TOOL_ROUNDS = 7',
        env_file="PERSONA=support\nOPENAI_MODEL=from-file",
        OPENAI_MODEL="from-environment",
    )
    assert (settings.openai_model, settings.persona, settings.max_tool_rounds) == ("from-environment", "support", 7)
    assert settings.source_of("OPENAI_MODEL") == "environment"
    assert settings.source_of("PERSONA").endswith(".env")
    assert settings.source_of("MAX_TOOL_ROUNDS").endswith("echo.toml")


def test_an_empty_variable_takes_back_what_a_file_set(sources: Sources) -> None:
    settings = sources.load(env_file="OPENAI_API_KEY=sk-of-the-file", OPENAI_API_KEY="")
    assert settings.openai_api_key is None


def test_a_setting_given_to_be_the_default_counts_as_set(sources: Sources) -> None:
    assert sources.load(LOG_LEVEL="info").is_set("LOG_LEVEL")


def test_every_wrong_value_gets_one_sentence_with_name_origin_and_bounds(sources: Sources) -> None:
    problems = sources.problems(toml='IDLE_TIME_SECONDS = "soon"', env_file="MAX_TOOL_ROUNDS=99", LOG_FORMAT="xml")
    assert len(problems) == 3
    tools, idle, log = problems
    assert tools.startswith("MAX_TOOL_ROUNDS cannot be '99' (from ")
    assert tools.endswith(".env): it must be a whole number from 0 to 20.")
    assert idle.startswith("IDLE_TIME_SECONDS cannot be 'soon' (from ")
    assert log == "LOG_FORMAT cannot be 'xml' (from environment): it must be one of console, json."


@pytest.mark.parametrize(
    ("environment", "told"),
    [
        ({"OUT_OF_HOURS": "quiet"}, "it must be one of answer, notice, silent_notice."),
        ({"AI_DISCLOSURE": "whatsap"}, "it must be one or several of discord, whatsapp, web, terminal."),
    ],
)
def test_where_there_is_a_choice_it_is_told(sources: Sources, environment: dict[str, str], told: str) -> None:
    (problem,) = sources.problems(**environment)
    assert problem.endswith(told)


def test_settings_that_do_not_go_together_are_one_sentence(sources: Sources) -> None:
    (problem,) = sources.problems(WHATSAPP_TOKEN="t", WHATSAPP_PHONE_ID="1", WHATSAPP_VERIFY_TOKEN="w")
    assert problem == "WhatsApp needs WHATSAPP_APP_SECRET as well: docs/whatsapp.md says where to find it."


def test_a_template_that_holds_a_text_has_a_name(sources: Sources) -> None:
    (problem,) = sources.problems(WHATSAPP_TEMPLATE_HOLDS_TEXT="true")
    assert "needs WHATSAPP_TEMPLATE, " in problem
    assert sources.load(WHATSAPP_TEMPLATE="please_write").whatsapp_template_holds_text


@pytest.mark.parametrize(
    ("given", "hint"), [("UK", "; did you mean GB?"), ("el", "; did you mean GR?"), ("XX", "."), ("DEU", ".")]
)
def test_a_country_that_is_none_is_refused_with_the_one_that_is_meant(sources: Sources, given: str, hint: str) -> None:
    (problem,) = sources.problems(PII_COUNTRY=given)
    assert problem == (
        f"PII_COUNTRY cannot be '{given}' (from environment): "
        f"it must be the two letters of a country (ISO 3166), such as DE{hint}"
    )


def test_every_country_with_telephones_can_be_set() -> None:
    for country in SUPPORTED_REGIONS:
        assert ScrubbingFields(pii_country=country.lower()).pii_country == country


def test_the_usual_country_needs_no_numbering_plans() -> None:
    looked = "import sys; from source.app.settings import Settings; Settings(); print('phonenumbers' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", looked], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_an_unknown_name_in_toml_is_refused_with_the_nearest(sources: Sources) -> None:
    (problem,) = sources.problems(toml="IDLE_TIME = 300")
    assert problem.endswith("has IDLE_TIME, which is no setting; did you mean IDLE_TIME_SECONDS?")


def test_an_unknown_name_in_toml_like_no_other_is_refused_too(sources: Sources) -> None:
    (problem,) = sources.problems(toml="ZZZ = 1")
    assert problem.endswith("has ZZZ, which is no setting.")


def test_a_lower_case_name_in_toml_is_refused_with_its_capitals(sources: Sources) -> None:
    (problem,) = sources.problems(toml='persona = "sales"')
    assert problem.endswith("did you mean PERSONA?")


def test_a_slip_of_the_pen_in_env_file_is_refused(sources: Sources) -> None:
    (problem,) = sources.problems(env_file="OPENAI_APIKEY=sk-x")
    assert problem.endswith("has OPENAI_APIKEY, which is no setting; did you mean OPENAI_API_KEY?")


@pytest.mark.parametrize("line", ["OPENAI_API_KEY sk-hidden", "OPENAI_API_KEY", "OPENAI_API_KEY='sk-hidden"])
def test_a_line_of_env_file_that_assigns_nothing_is_named_by_its_number_alone(sources: Sources, line: str) -> None:
    (problem,) = sources.problems(env_file=f"# mine\nPERSONA=sales\n\n{line}\n")
    assert problem.endswith(".env, line 4: write it as NAME=value.")
    assert "sk-hidden" not in problem


def test_names_of_other_programs_in_env_file_are_left_alone(sources: Sources) -> None:
    assert sources.load(env_file="COMPOSE_PROJECT_NAME=x\nOPENAI_ORG_ID=y").openai_model == "gpt-5-mini"


def test_a_secret_in_toml_is_refused_without_being_repeated(sources: Sources) -> None:
    (problem,) = sources.problems(toml='OPENAI_API_KEY = "sk-hidden"')
    assert problem.startswith("OPENAI_API_KEY is a secret")
    assert "sk-hidden" not in problem


def test_a_wrong_database_url_is_named_without_its_password(sources: Sources) -> None:
    (problem,) = sources.problems(DATABASE_URL="mysql://echo:hidden@host/db")
    assert "hidden" not in problem
    assert problem.endswith(
        "it must be text such as sqlite:////var/lib/echo/echo.db or postgresql://user:password@host/echo."
    )


def test_a_persona_without_a_file_is_refused_with_those_there_are(sources: Sources) -> None:
    (problem,) = sources.problems(PERSONA="ecoh")
    assert problem == "PERSONA is 'ecoh'; config/personas has echo, sales, support."


@pytest.mark.parametrize("toml", ["PERSONA = \n#", "PERSONA\n#"])
def test_toml_that_is_not_whole_is_named_with_the_place(sources: Sources, toml: str) -> None:
    (problem,) = sources.problems(toml=toml)
    assert "echo.toml cannot be read: " in problem
    assert "line 1" in problem


def test_an_env_file_that_is_not_text_is_named(sources: Sources, tmp_path: Path) -> None:
    (tmp_path / "bad.env").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingsError, match=r"bad\.env cannot be read"):
        load_settings(toml_file=tmp_path / "none", env_file=tmp_path / "bad.env")
