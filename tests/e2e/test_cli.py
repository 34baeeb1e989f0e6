"""The command line as a person or a script uses it."""

import json
import sqlite3
from pathlib import Path

import pytest

from tests.e2e.program import Program


@pytest.fixture
def program(tmp_path: Path) -> Program:
    return Program(tmp_path / "conversations", WEB_ENABLED="false")


def test_with_everything_switched_off_it_says_what_there_is(tmp_path: Path) -> None:
    done = Program(tmp_path / "conversations", WEB_ENABLED="false").run()
    assert done.returncode == 0
    assert all(command in done.stdout for command in ("chat", "check", "conversations", "show", "rebuild", "migrate"))


@pytest.mark.parametrize("arguments", [["chta"], ["show"], ["show", "x"], ["rebuild"], ["chat", "--user", "a\x1bb"]])
def test_what_is_asked_wrongly_ends_with_2_and_a_sentence(program: Program, arguments: list[str]) -> None:
    done = program.run(*arguments)
    assert done.returncode == 2
    assert "Error: " in done.stderr
    assert "Traceback" not in done.stderr


def test_what_is_no_number_is_said_to_be_none_and_where_numbers_are(program: Program) -> None:
    shown, removed = program.run("show", "abc"), program.run("retention", "remove", "x")
    assert "'abc' is not a valid number. `python bot.py conversations` lists them." in shown.stderr
    assert "'x' is not a valid number. `python bot.py retention list` shows which there are." in removed.stderr
    assert "'y' is not a valid number." in program.run("recall", "gate", "--turns", "y").stderr


def test_a_folder_that_cannot_be_made_is_told_with_what_to_do(program: Program) -> None:
    program.environment["CONVERSATIONS_DIR"] = "/proc/echo"
    done = program.run("chat", stdin="hello\n")
    assert done.returncode == 1
    assert done.stderr.startswith("/proc/echo cannot be made: No such file or directory; let CONVERSATIONS_DIR, ")


def test_a_wrong_setting_ends_with_2_and_a_sentence(program: Program) -> None:
    program.environment["IDLE_TIME_SECONDS"] = "soon"
    done = program.run("chat")
    assert done.returncode == 2
    assert done.stderr == (
        "IDLE_TIME_SECONDS cannot be 'soon' (from environment): it must be a number from 0.01 to 604,800.\n"
    )


def test_settings_may_come_from_other_files(program: Program, tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text('PERSONA = "support"\n')
    (tmp_path / "mine.env").write_text("OPENAI_MODEL=mine\n")
    done = program.run("--config", str(tmp_path / "mine.toml"), "--env-file", str(tmp_path / "mine.env"), "check")
    assert f"PERSONA = support  ({tmp_path / 'mine.toml'})" in done.stdout
    assert f"OPENAI_MODEL = mine  ({tmp_path / 'mine.env'})" in done.stdout


@pytest.mark.parametrize("option", ["--config", "--env-file"])
def test_a_settings_file_that_was_named_must_exist(program: Program, tmp_path: Path, option: str) -> None:
    done = program.run(option, str(tmp_path / "none"), "check")
    assert done.returncode == 2
    assert f"{tmp_path / 'none'}' does not exist" in done.stderr


@pytest.mark.parametrize("variable", ["ECHO_CONFIG", "ECHO_ENV_FILE"])
def test_a_settings_file_of_the_environment_must_exist(program: Program, tmp_path: Path, variable: str) -> None:
    program.environment[variable] = str(tmp_path / "none")
    done = program.run("check")
    assert done.returncode == 2
    assert f"{tmp_path / 'none'}' does not exist" in done.stderr


def test_check_on_a_new_folder_finds_everything_well(program: Program) -> None:
    done = program.run("check")
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"CONVERSATIONS_DIR = {program.folder}  (environment)" in done.stdout
    looked_at = [line.split()[:2] for line in done.stdout.splitlines() if line[:2] in {"ok", "pr"}]
    assert {verdict for verdict, _ in looked_at} == {"ok"}
    assert {"data", "database", "model", "api", "discord", "whatsapp"} <= {part for _, part in looked_at}
    assert "Offline mode" in done.stdout


def test_check_never_shows_a_key(program: Program) -> None:
    program.environment |= {"OPENAI_API_KEY": "sk-hidden", "OPENAI_BASE_URL": "http://127.0.0.1:9/v1"}
    done = program.run("check")
    assert done.returncode == 1
    assert "OPENAI_API_KEY = set, not shown  (environment)" in done.stdout
    assert "problem  model" in done.stdout
    assert "sk-hidden" not in done.stdout + done.stderr


def test_check_names_a_folder_that_cannot_be_written(program: Program) -> None:
    program.folder.write_text("a file is in the way")
    done = program.run("check")
    assert done.returncode == 1
    assert "problem  data folder" in done.stdout
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", ["check", "conversations", "chat"])
def test_a_folder_that_cannot_be_looked_into_is_told_without_a_traceback(program: Program, command: str) -> None:
    program.environment["CONVERSATIONS_DIR"] = str(program.folder.parent / ("x" * 300))  # root may look into any other
    done = program.run(command)
    assert done.returncode == 1
    assert "cannot be read: File name too long" in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_check_names_a_damaged_database_and_the_way_back(program: Program) -> None:
    program.folder.mkdir()
    (program.folder / "echo.db").write_bytes(b"no database at all, and long enough to be read as one" * 40)
    done = program.run("check")
    assert done.returncode == 1
    assert "problem  database" in done.stdout
    assert "rebuild --from transcripts" in done.stdout


def test_a_conversation_can_be_listed_and_shown(program: Program) -> None:
    assert program.run("chat", "--user", "ana", stdin="The gate code\x1b[31m is 4711\n").returncode == 0
    listed = program.run("conversations")
    assert listed.returncode == 0
    (line,) = listed.stdout.splitlines()
    conversation_id = line.split()[0]
    assert "terminal/main" in line
    (entry,) = json.loads(program.run("conversations", "--json").stdout)
    assert str(entry["conversation_id"]) == conversation_id
    shown = program.run("show", conversation_id)
    assert "ana › The gate code␛[31m is 4711" in shown.stdout
    assert "\x1b" not in shown.stdout
    transcript = json.loads(program.run("show", conversation_id, "--json").stdout)
    assert transcript["history"][0]["message_content"] == "The gate code\x1b[31m is 4711"


def test_a_conversation_that_does_not_exist_is_said_to_be_missing(program: Program) -> None:
    program.run("chat", stdin="hello\n")
    done = program.run("show", "12")
    assert done.returncode == 1
    assert "There is no conversation 12" in done.stderr


def test_reading_a_folder_without_conversations_is_one_sentence(program: Program) -> None:
    done = program.run("conversations")
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_the_database_comes_back_from_the_transcripts(program: Program) -> None:
    program.run("chat", "--user", "ana", stdin="The gate code is 4711\n")
    before = program.run("conversations", "--json").stdout
    for file in program.folder.glob("echo.db*"):
        file.unlink()
    done = program.run("rebuild", "--from", "transcripts")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("1 conversation restored to the database")
    assert program.run("conversations", "--json").stdout == before


def test_the_transcripts_come_back_from_the_database(program: Program) -> None:
    program.run("chat", "--user", "ana", stdin="The gate code is 4711\n")
    (transcript,) = program.folder.glob("*.json")
    before = transcript.read_bytes()
    transcript.unlink()
    done = program.run("rebuild", "--from", "store")
    assert done.returncode == 0, done.stderr
    assert transcript.read_bytes() == before


def test_a_foreign_file_is_named_by_a_rebuild_and_left_alone(program: Program) -> None:
    program.run("chat", stdin="hello\n")
    (program.folder / "2020-01-01_notes.json").write_text('{"mine": true}')
    done = program.run("rebuild", "--from", "transcripts")
    assert "1 left alone" in done.stdout
    assert done.stdout.count("2020-01-01_notes.json: ") == 1
    assert (program.folder / "2020-01-01_notes.json").read_text() == '{"mine": true}'


def test_a_second_process_is_told_who_has_the_folder_and_may_read(program: Program) -> None:
    with program.with_pipes("chat", "--user", "ana") as first:
        first.say("hello")
        assert first.answer()
        second = program.run("chat", stdin="hello\n")
        assert second.returncode == 1
        assert str(first.process.pid) in second.stderr
        assert len(second.stderr.splitlines()) == 1
        assert len(program.run("conversations").stdout.splitlines()) == 1
        checked = program.run("check")
        assert checked.returncode == 0
        assert str(first.process.pid) in checked.stdout


def test_a_database_of_a_later_version_is_refused_with_a_sentence(program: Program) -> None:
    program.run("chat", stdin="hello\n")
    with sqlite3.connect(program.folder / "echo.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    done = program.run("chat", stdin="hello\n")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
