"""Reading the settings from config/echo.toml, .env and the environment, and saying clearly what is wrong."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError
from pydantic_settings import DotEnvSettingsSource, EnvSettingsSource

from source.app.settings import ROOT, Settings
from source.app.settings_words import allowed_values, is_secret, without_password
from source.domain.errors import SettingsError

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

TOML_FILE = ROOT / "config" / "echo.toml"
ENV_FILE = ROOT / ".env"
ENVIRONMENT = "environment"
# A name of .env may belong to another program: only what is nearly one of ours is taken for a slip of the pen.
_NEAR_MISS = 0.85


def load_settings(*, toml_file: Path | None = None, env_file: Path | None = None) -> Settings:
    """Read every source; the environment wins over `env_file`, that over `toml_file`, missing files are no error.

    Raises: SettingsError: one sentence for each problem.
    """
    toml_file, env_file = toml_file or TOML_FILE, env_file or ENV_FILE
    problems: list[str] = []
    from_toml = _read_toml(toml_file, problems)
    from_env_file = _read_env_file(env_file, problems)
    values: dict[str, object] = {}
    origins: dict[str, str] = {}
    for origin, found in (
        (_shown_path(toml_file), from_toml),
        (_shown_path(env_file), from_env_file),
        (ENVIRONMENT, EnvSettingsSource(Settings)()),
    ):
        values.update(found)
        origins.update(dict.fromkeys((name.upper() for name in found), origin))
    settings = _validated(values, origins, problems)
    if settings is None or problems:
        raise SettingsError("\n".join(problems))
    return settings.with_origins({name: origins[name] for name in _changed(settings, origins, _shown_path(toml_file))})


def _read_toml(path: Path, problems: list[str]) -> dict[str, object]:
    import tomllib

    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        problems.append(f"{_shown_path(path)} cannot be read: {error}.")
        return {}
    for name in entries:
        if name not in _names():
            problems.append(f"{_shown_path(path)} has {name}, which is no setting{_suggestion(name)}")
        elif is_secret(name):
            problems.append(f"{name} is a secret and does not belong in {_shown_path(path)}: put it into .env.")
    return {name.lower(): value for name, value in entries.items() if name in _names() and not is_secret(name)}


def _read_env_file(path: Path, problems: list[str]) -> dict[str, object]:
    if not path.exists():
        return {}
    try:
        if broken := _lines_that_assign_nothing(path):
            problems.extend(f"{_shown_path(path)}, line {number}: write it as NAME=value." for number in broken)
            return {}
        entries: Mapping[str, str | None] = DotEnvSettingsSource(Settings, env_file=path).env_vars
    except (OSError, UnicodeDecodeError) as error:
        problems.append(f"{_shown_path(path)} cannot be read: {error}.")
        return {}
    known = {name: value for name, value in entries.items() if name.upper() in _names() and value is not None}
    problems.extend(
        f"{_shown_path(path)} has {name.upper()}, which is no setting; did you mean {near}?"
        for name in entries
        if name not in known and (near := _nearest(name.upper(), _NEAR_MISS))
    )
    return dict(known)


def _lines_that_assign_nothing(path: Path) -> list[int]:
    """Return their numbers and nothing of what they say, which may be a key."""
    from dotenv.parser import parse_stream

    with path.open(encoding="utf-8") as file:
        return [
            found.original.line + _blank_lines_before(found.original.string)
            for found in parse_stream(file)
            if found.error or (found.value is None and (found.key or "").upper() in _names())
        ]


def _blank_lines_before(text: str) -> int:
    return text[: len(text) - len(text.lstrip())].count("\n")


def _validated(values: dict[str, object], origins: Mapping[str, str], problems: list[str]) -> Settings | None:
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        problems += dict.fromkeys(_problem_in(detail, values, origins) for detail in error.errors())
        return None
    if not settings.persona_file.is_file():
        personas = sorted(file.stem for file in settings.persona_file.parent.glob("*.md"))
        problems.append(f"PERSONA is {settings.persona!r}; config/personas has {', '.join(personas) or 'no file'}.")
    return settings


def _problem_in(detail: "ErrorDetails", values: Mapping[str, object], origins: Mapping[str, str]) -> str:
    """Say what is wrong with one setting, or, where it is of no single one, what does not go together."""
    reason = _own_reason(detail)
    if not detail["loc"]:
        return f"{reason or detail['msg']}."
    name = str(detail["loc"][0]).upper()
    return _wrong_value(name, values[name.lower()], origins[name], reason)


def _own_reason(detail: "ErrorDetails") -> str | None:
    """Return the sentence with which a setting itself refuses; None: it is not within its bounds."""
    return str(detail["ctx"]["error"]) if detail["type"] == "value_error" else None


def _wrong_value(name: str, value: object, origin: str, reason: str | None) -> str:
    shown = "what it is" if is_secret(name) else repr(without_password(str(value)))[:200]
    return f"{name} cannot be {shown} (from {origin}): {reason or f'it must be {allowed_values(name)}.'}"


def _changed(settings: Settings, origins: Mapping[str, str], defaults_file: str) -> Iterable[str]:
    """Leave out what the file of the defaults merely repeats."""
    standard = Settings()
    for name, origin in origins.items():
        same = getattr(settings, name.lower()) == getattr(standard, name.lower())
        if not (same and origin == defaults_file):
            yield name


def _names() -> frozenset[str]:
    return frozenset(name.upper() for name in Settings.model_fields)


def _nearest(name: str, cutoff: float) -> str | None:
    import difflib

    return next(iter(difflib.get_close_matches(name, _names(), 1, cutoff)), None)


def _suggestion(name: str) -> str:
    near = _nearest(name.upper(), 0.6)
    return f"; did you mean {near}?" if near else "."


def _shown_path(path: Path) -> str:
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)
