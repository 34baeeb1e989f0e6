"""What `python bot.py check` says of an installation, beside what the model and the server say."""

from pathlib import Path

import pytest

from source.app.checks import check_database
from source.app.composition import open_echo
from source.app.settings import Settings
from source.domain.errors import EchoError
from tests.fakes.databases import server
from tests.fakes.running_echo import forget_database, settings_for


@pytest.fixture
async def installed(tmp_path: Path) -> Settings:
    """A folder where somebody has spoken."""
    settings = settings_for(tmp_path)
    async with open_echo(settings) as echo:
        await echo.manager.create_conversation("main", None, None, "ada").save_conversation()
    return settings


async def test_a_new_folder_is_fine(tmp_path: Path) -> None:
    found = await check_database(settings_for(tmp_path))
    assert found.is_fine
    assert "the first chat makes it" in found.text


async def test_where_a_chat_would_refuse_a_lost_database_so_does_check(installed: Settings) -> None:
    forget_database(installed.conversations_dir)
    found = await check_database(installed)
    assert (found.is_fine, found.text) == (False, await _told_by_chat(installed))


@pytest.mark.parametrize("has_file", [True, False])
async def test_where_a_chat_would_refuse_an_empty_server_so_does_check(installed: Settings, has_file: bool) -> None:
    with server().database(is_empty=True) as url:
        there = settings_for(installed.conversations_dir, database_url=url)
        if not has_file:
            forget_database(installed.conversations_dir)
        unmade = await check_database(there)
        told = await _told_by_chat(there)  # which makes the tables
        made = await check_database(there)
    assert [(each.is_fine, each.text) for each in (unmade, made)] == [(False, told), (False, told)]


async def _told_by_chat(settings: Settings) -> str:
    with pytest.raises(EchoError) as refused:
        async with open_echo(settings):
            pass
    return str(refused.value)
