"""API keys from the command line, beside a running Echo and without one."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from source.adapters.storage.folder_lock import FolderLock
from source.adapters.web.local_token import LocalToken
from source.app.keys import create_key, expiry_of, list_keys, revoke_key
from source.app.settings import Settings
from source.domain.errors import EchoError, FolderInUseError, RefusedInputError
from tests.fakes.databases import database_of
from tests.fakes.running_echo import settings_for
from tests.fakes.web_api import store_api


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    with database_of(request.param, tmp_path) as url:
        yield url


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """What is printed is the command's own."""
    with capture_logs():
        yield


@pytest.fixture
def settings(database: str, tmp_path: Path) -> Settings:
    return settings_for(tmp_path, database_url=database)


async def test_keys_are_made_listed_and_revoked_without_a_running_echo(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await create_key(settings, "dashboard", ["read", "Chat"], expires="90d") == 0
    secret, said = capsys.readouterr()
    assert secret.startswith("echo_")
    assert "chat, read" in said
    assert await list_keys(settings) == 0
    listed = capsys.readouterr().out
    assert listed.startswith(f"dashboard  {secret[:11]}…  chat, read  expires ")
    assert secret.strip() not in listed
    assert await revoke_key(settings, "dashboard") == 0
    await list_keys(settings)
    assert "revoked" in capsys.readouterr().out


async def test_who_makes_the_first_key_is_told_that_every_caller_needs_one_now(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    told = []
    for name in ("first", "second"):
        await create_key(settings, name, ["read"], expires=None)
        told.append("every program that calls the API needs one" in capsys.readouterr().err)
    assert told == [True, False]


async def test_a_running_echo_knows_a_new_key_and_a_revoked_one(
    settings: Settings, database: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with store_api(database, tmp_path, list) as api:
        with FolderLock(tmp_path, command="bot.py"):
            await create_key(settings, "my dash: board", ["admin"], expires=None)
            secret = capsys.readouterr().out.strip()
            api.clock.advance(seconds=2)
            assert (await api.get("/api/keys", key=secret)).status == 200
            await list_keys(settings)
            assert capsys.readouterr().out.startswith("my dash: board")
            assert await revoke_key(settings, "my dash: board") == 0
            api.clock.advance(seconds=2)
            assert (await api.get("/api/keys", key=secret)).status == 401


async def test_the_token_of_an_echo_that_was_killed_is_no_obstacle(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    LocalToken.new("http://127.0.0.1:9").leave_in(tmp_path)
    assert await create_key(settings, "a", ["read"], expires=None) == 0
    assert capsys.readouterr().out.startswith("echo_")


async def test_another_echo_where_a_killed_one_listened_is_no_obstacle(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "other").mkdir()
    async with store_api(f"sqlite:///{tmp_path / 'other' / 'echo.db'}", tmp_path / "other", list) as other:
        LocalToken.new(other.url).leave_in(tmp_path)
        assert await create_key(settings, "a", ["read"], expires=None) == 0
        assert await other.keys.listed() == []
    assert capsys.readouterr().out.startswith("echo_")


async def test_a_folder_that_another_process_owns_without_an_api_is_left_alone(tmp_path: Path) -> None:
    with FolderLock(tmp_path, command="bot.py chat"), pytest.raises(FolderInUseError, match=r"bot\.py chat"):
        await create_key(settings_for(tmp_path), "a", ["read"], expires=None)


async def test_what_cannot_be_made_is_refused_with_what_can(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(RefusedInputError, match="read, write"):
        await create_key(settings, "a", ["raed"], expires=None)
    with pytest.raises(RefusedInputError, match="scope"):
        await create_key(settings, "a", [], expires=None)
    await create_key(settings, "a", ["read"], expires=None)
    with pytest.raises(EchoError, match="choose another name"):
        await create_key(settings, "a", ["read"], expires=None)
    assert await revoke_key(settings, "b") == 1
    assert "keys list" in capsys.readouterr().err


def test_how_long_a_key_lasts_is_said_in_days_weeks_months_or_years() -> None:
    found = [expiry_of(text) for text in ("90", "90d", "2 w", "6M", "1y")]
    assert [each.days for each in found if each] == [90, 90, 14, 180, 365]
    assert expiry_of(None) is None
    for wrong in ("", "0d", "-1d", "soon", "11y", "1h", "99999d"):
        with pytest.raises(RefusedInputError, match="90d"):
            expiry_of(wrong)
