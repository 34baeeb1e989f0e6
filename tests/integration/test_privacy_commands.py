"""The operator's words about what is kept, beside and without a running Echo; and what a start takes up again."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi import APIRouter

from source.adapters.storage.task_table import TaskTable
from source.adapters.web.routes import privacy
from source.app.api_routes import privacy_parts
from source.app.auditing import list_rules, remove_rule, rule_of, run_retention, set_rule, show_audit
from source.app.echo import Echo
from source.domain.errors import RefusedInputError
from source.domain.privacy import ReceiptKind, Subject
from source.domain.task import Lane, NewTask, TaskType
from source.domain.thread import PersonRef, Platform, ThreadRef
from tests.fakes.clock import FakeClock
from tests.fakes.openai_server import FakeOpenAIServer
from tests.fakes.raw_files import found_in
from tests.fakes.running_echo import running_echo, settings_for
from tests.fakes.web_api import web_api


def _routes(echo: Echo) -> list[APIRouter]:
    return [privacy.router(privacy_parts(echo, echo.privacy.queue()))]


@pytest.fixture
async def server() -> AsyncIterator[FakeOpenAIServer]:
    async with FakeOpenAIServer() as running:
        yield running


async def test_a_dry_run_says_what_a_run_removes_and_the_audit_log_tells_of_it(
    tmp_path: Path, server: FakeOpenAIServer, capsys: pytest.CaptureFixture[str]
) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:  # its clock is months behind
        await talk.say("Long ago zzold1")
    settings = settings_for(tmp_path, server)
    assert await run_retention(settings, dry_run=True) == 0
    assert "terminal direct: 2 messages and 1 whole conversation would go" in capsys.readouterr().out
    assert set(found_in(tmp_path, ["zzold1"])) == {"zzold1"}
    assert await run_retention(settings, dry_run=False) == 0
    assert "terminal direct: 2 messages and 1 whole conversation gone" in capsys.readouterr().out
    assert found_in(tmp_path, ["zzold1"]) == {}
    assert await show_audit(settings, limit=10, as_json=True) == 0
    [entry] = json.loads(capsys.readouterr().out)
    assert (entry["action"], entry["asked_by"], entry["counts"]["messages"]) == ("retention", "retention", 2)


async def test_rules_are_set_listed_and_removed(
    tmp_path: Path, server: FakeOpenAIServer, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = settings_for(tmp_path, server)
    rule = rule_of("discord", "5", None, messages=30, summaries=None)
    assert await set_rule(settings, rule, person=None) == 0
    number = int(capsys.readouterr().out.split()[0])
    assert await list_rules(settings) == 0
    listed = capsys.readouterr().out
    assert "not applied by itself: RETENTION_ENABLED is false" in listed
    assert f"{number}  discord guild 5: messages 30 days" in listed
    assert await remove_rule(settings, number) == 0
    assert capsys.readouterr().out == f"removed: {number}  discord guild 5: messages 30 days\n"
    assert await remove_rule(settings, number) == 1
    with pytest.raises(RefusedInputError):
        rule_of("irc", None, None, messages=1, summaries=None)


async def test_a_rule_for_a_person_is_set_by_name_and_the_audit_log_tells_which_rule(
    tmp_path: Path, server: FakeOpenAIServer, capsys: pytest.CaptureFixture[str]
) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        await talk.say("I am Ada")
        await talk.say("I am Adam", person=PersonRef("adam", "Adam"))
    settings, days = settings_for(tmp_path, server), rule_of(None, None, None, messages=30, summaries=None)
    capsys.readouterr()
    assert await set_rule(settings, days, person="ADA") == 0
    number, told = capsys.readouterr().out.split(maxsplit=1)
    assert told == "terminal:ada (Ada): messages 30 days\n"
    assert await list_rules(settings) == 0
    assert f"{number}  {told}" in capsys.readouterr().out
    assert await remove_rule(settings, int(number)) == 0
    capsys.readouterr()
    assert await show_audit(settings, limit=10, as_json=False) == 0
    removed, put = capsys.readouterr().out.splitlines()
    assert "retention_rule_removed  by cli " in removed
    assert "retention_rule_set      by cli " in put
    assert put.endswith(f"rule {number}, for a person: messages 30 days")
    assert "ada" not in put.lower()


@pytest.mark.parametrize("nobody", ["12345", "ad", "zoe", "discord:ada"])
async def test_a_rule_for_nobody_is_refused(tmp_path: Path, server: FakeOpenAIServer, nobody: str) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        await talk.say("I am Ada")
    settings, days = settings_for(tmp_path, server), rule_of(None, None, None, messages=30, summaries=None)
    with pytest.raises(RefusedInputError, match=f"Nobody is known as {nobody}: give a name, or an id"):
        await set_rule(settings, days, person=nobody)


async def test_beside_a_running_echo_it_is_still_the_command_line_that_asks(
    tmp_path: Path, server: FakeOpenAIServer, capsys: pytest.CaptureFixture[str]
) -> None:
    async with web_api(tmp_path, server, FakeClock(), _routes) as api:
        await api.talk.say("I am Ada")
        settings = api.talk.settings
        assert await set_rule(settings, rule_of("web", None, None, messages=30, summaries=None), person=None) == 0
        number = int(capsys.readouterr().out.splitlines()[-1].split()[0])
        assert await remove_rule(settings, number) == 0
        assert capsys.readouterr().out.splitlines()[-1] == f"removed: {number}  web: messages 30 days"
        await api.call("PUT", "/api/privacy/retention/rules", {"platform": "web", "message_days": 1})
        entries = (await api.get("/api/audit")).json["entries"]
    assert [each["asked_by"] for each in entries] == ["api", "cli", "cli"]
    assert entries[1]["counts"] == {"rule": number, "for_person": 0, "message_days": 30}


async def test_what_was_cut_off_without_an_engine_is_taken_up_by_the_next_start(
    tmp_path: Path, server: FakeOpenAIServer
) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        await talk.say("Secret zzcut1")
        parts = talk.echo.privacy
        who = await parts.reading.known_as(Platform.TERMINAL, "ada")
        assert who is not None
        subject = Subject(who.person_id)
        receipt = await parts.receipts.add_receipt(ReceiptKind.FORGET, subject=subject, requested_by="person")
        # As a process leaves it that is killed right after it took the wish.
        new = NewTask(TaskType.FORGET_PERSON, {"receipt": receipt.receipt_id}, "person")
        task = await TaskTable(talk.echo.store).add(new, Lane.OWNER)
        await parts.receipts.note_task(receipt.receipt_id, task.task_id)
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        await talk.echo.privacy.take_up()
        ended = await talk.echo.privacy.desk.done_within(receipt, timedelta(seconds=20))
        assert ended.is_done
        assert await talk.conversations() == []
    assert found_in(tmp_path, ["zzcut1"]) == {}


async def test_what_is_not_done_is_handed_in_again_whatever_became_of_its_task(
    tmp_path: Path, server: FakeOpenAIServer
) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        await talk.say("Secret zzcut2")
        parts = talk.echo.privacy
        who = await parts.reading.known_as(Platform.TERMINAL, "ada")
        assert who is not None
        receipt = await parts.receipts.add_receipt(
            ReceiptKind.FORGET, subject=Subject(who.person_id), requested_by="person"
        )
        await parts.desk.hand_in_all()
        assert (await parts.desk.done_within(receipt, timedelta(seconds=20))).is_done
    assert found_in(tmp_path, ["zzcut2"]) == {}


async def test_a_wish_that_waits_is_not_lost_to_a_link(tmp_path: Path, server: FakeOpenAIServer) -> None:
    elsewhere = ThreadRef(Platform.DISCORD, "private-ada")
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        await talk.say("Secret zzlink1")
        await talk.say("Secret zzlink2", thread=elsewhere)
        code = (await talk.command("link", thread=elsewhere)).split("/link ")[1].split()[0].strip(".,")
        parts = talk.echo.privacy
        who = await parts.reading.known_as(Platform.TERMINAL, "ada")
        assert who is not None
        receipt = await parts.receipts.add_receipt(
            ReceiptKind.FORGET, subject=Subject(who.person_id), requested_by="person"
        )
        with pytest.raises(RefusedInputError, match="being forgotten"):
            await talk.command(f"link {code}")
        await parts.desk.hand_in_all()
        assert (await parts.desk.done_within(receipt, timedelta(seconds=20))).is_done
        assert "Linked" in await talk.command(f"link {code}")
    assert set(found_in(tmp_path, ["zzlink1", "zzlink2"])) == {"zzlink2"}
