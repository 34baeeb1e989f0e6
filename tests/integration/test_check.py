"""What `python bot.py check` says of an installation, beside what the model and the server say."""

import socket
from pathlib import Path

import pytest

from source.adapters.storage.folder_lock import FolderLock
from source.app.checks import Finding, check_database, check_lock, check_whatsapp, findings_of
from source.app.composition import open_echo
from source.app.keys import create_key
from source.app.settings import Settings
from source.domain.errors import EchoError
from tests.fakes.databases import server
from tests.fakes.running_echo import forget_database, settings_for
from tests.fakes.web_api import store_api


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


async def test_a_folder_in_use_is_fine_and_nobody_is_told_to_stop(installed: Settings) -> None:
    with FolderLock(installed.conversations_dir, command="bot.py"):
        found = await check_lock(installed)
    assert found.is_fine
    assert found.text.startswith("In use, as it is while Echo runs, by `bot.py` (process ")
    assert "stop" not in found.text


async def test_an_api_that_is_switched_off_is_said_to_be(tmp_path: Path) -> None:
    found = await _api(settings_for(tmp_path, web_enabled=False))
    assert (found.is_fine, found.text) == (True, "WEB_ENABLED is false: there is none.")


async def test_whatsapp_without_the_api_is_a_problem(tmp_path: Path) -> None:
    number: dict[str, object] = {
        f"whatsapp_{name}": "1" for name in ("token", "phone_id", "app_secret", "verify_token")
    }
    settings = settings_for(tmp_path, None, web_enabled=False, whatsapp_api_base="http://127.0.0.1:9", **number)
    found = await check_whatsapp(settings)
    assert [each.is_fine for each in found if "WEB_ENABLED=true" in each.text] == [False]


async def test_where_the_api_will_listen_is_told(tmp_path: Path, free_port: int) -> None:
    found = await _api(settings_for(tmp_path, web_port=free_port))
    assert (found.is_fine, found.text) == (True, f"It can listen on 127.0.0.1, port {free_port}.")


async def test_a_port_of_another_program_is_a_problem(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        found = await _api(settings_for(tmp_path, web_port=taken.getsockname()[1]))
    assert not found.is_fine
    assert "is in use by another program" in found.text


async def test_the_port_of_the_running_echo_is_fine(installed: Settings) -> None:
    async with store_api(str(installed.database), installed.conversations_dir, list) as api:
        port = int(api.url.rpartition(":")[2])
        found = await _api(installed.model_copy(update={"web_port": port}))
    assert (found.is_fine, found.text) == (True, f"The running Echo answers at {api.url}.")


async def test_an_address_of_all_needs_a_key_first(installed: Settings, free_port: int) -> None:
    settings = installed.model_copy(update={"web_host": "0.0.0.0", "web_port": free_port})
    without = await _api(settings)
    await create_key(settings, "dashboard", ["read"], expires=None)
    made = await _api(settings)
    assert not without.is_fine
    assert "keys create" in without.text
    assert made.is_fine


async def _api(settings: Settings) -> Finding:
    [found] = [each for each in await findings_of(settings) if each.subject == "api"]
    return found


@pytest.fixture
def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])
