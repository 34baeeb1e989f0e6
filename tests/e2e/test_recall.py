"""`python bot.py recall`: what was said is found on the command line."""

import json
import shutil
from pathlib import Path

import pytest

from tests.e2e.program import Program
from tests.fakes.databases import database_of


@pytest.fixture
def program(tmp_path: Path) -> Program:
    return Program(tmp_path / "conversations", WEB_ENABLED="false")


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which Ana and Ben have said something."""
    program = Program(tmp_path_factory.mktemp("said") / "conversations", WEB_ENABLED="false")
    done = program.run("chat", "--user", "ana", stdin="The gate code is 4711\nWe met at the café\n")
    assert done.returncode == 0, done.stderr
    assert program.run("chat", "--user", "ben", "--thread", "b", stdin="The gate is blue\n").returncode == 0
    return program.folder


@pytest.fixture
def talked(program: Program, said: Path) -> Program:
    """Ana and Ben have said something, in a folder of the test's own."""
    shutil.copytree(said, program.folder)
    return program


def _found(line: str) -> list[str]:
    return [turn["text"] for turn in json.loads(line)["turns"] if turn["who"] != "Echo"]


def test_a_question_is_answered_with_passages(talked: Program) -> None:
    done = talked.run("recall", "What is the gate code?")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].startswith("[")
    assert "ana: The gate code is 4711" in lines


def test_as_json_each_message_has_its_place(talked: Program) -> None:
    done = talked.run("recall", "Where is the CAFE?", "--json", "--turns", "1")
    (line,) = done.stdout.splitlines()
    answer = json.loads(line)
    (turn,) = answer["turns"]
    assert (turn["text"], turn["who"], turn["platform"]) == ("We met at the café", "ana", "terminal")
    assert isinstance(turn["conversation_id"], int)
    assert answer["query"] == "Where is the CAFE?"
    assert answer["tokens"] > 0
    assert "We met at the café" in answer["text"]


def test_many_questions_are_answered_in_one_process(talked: Program, tmp_path: Path) -> None:
    queries = tmp_path / "queries.txt"
    queries.write_text('gate code\n\n{"query": "gate", "person": "ben"}\n  café  \n', encoding="utf-8")
    done = talked.run("recall", "--queries", str(queries), "--json", "--turns", "1")
    assert done.returncode == 0, done.stderr
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(each["query"], each["person"]) for each in answers] == [
        ("gate code", None),
        ("gate", "ben"),
        ("café", None),
    ]
    assert [_found(line) for line in done.stdout.splitlines()] == [
        ["The gate code is 4711"],
        ["The gate is blue"],
        ["We met at the café"],
    ]


def test_questions_may_come_from_standard_input(talked: Program) -> None:
    done = talked.run("recall", "--queries", "-", "--json", stdin="gate code\nblue gate\n")
    assert len(done.stdout.splitlines()) == 2


def test_each_answer_to_many_questions_follows_its_question(talked: Program) -> None:
    done = talked.run("recall", "--queries", "-", "--turns", "1", stdin="gate code\nblue gate\n")
    assert done.returncode == 0, done.stderr
    first, second = done.stdout.split("\n\n")
    assert first.startswith("› gate code\n[")
    assert second.startswith("› blue gate\n[")


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_a_file_without_a_question_is_told(talked: Program, tmp_path: Path, options: list[str]) -> None:
    (tmp_path / "empty").write_text("\n  \n")
    done = talked.run("recall", "--queries", str(tmp_path / "empty"), *options)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"no question in {tmp_path / 'empty'}.\n"
    assert "no question in standard input." in talked.run("recall", "--queries", "-").stderr


def test_a_file_that_is_not_there_is_told(talked: Program, tmp_path: Path) -> None:
    done = talked.run("recall", "--queries", str(tmp_path / "none"))
    assert (done.returncode, done.stderr) == (1, f"{tmp_path / 'none'} cannot be read: No such file or directory.\n")


def test_a_question_and_a_file_of_them_are_not_asked_together(program: Program) -> None:
    assert "or --queries FILE, not both." in program.run("recall", "gate", "--queries", "-").stderr


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"query": ', "line 2 begins as JSON but is none"),
        ("{}", 'line 2 needs a text as "query"'),
        ('{"query": 3}', 'line 2 needs a text as "query"'),
        ('{"query": "x", "person": 3}', 'line 2 needs a text as "query"'),
    ],
)
def test_a_bad_line_is_named(talked: Program, line: str, reason: str) -> None:
    done = talked.run("recall", "--queries", "-", stdin=f"gate\n{line}\n")
    assert done.returncode != 0
    assert reason in done.stderr
    assert "Traceback" not in done.stderr


def test_a_file_that_is_no_text_is_told_without_a_traceback(talked: Program, tmp_path: Path) -> None:
    (tmp_path / "queries").write_bytes(b"\xff\xfe\x00")
    done = talked.run("recall", "--queries", str(tmp_path / "queries"))
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("person", ["ben", "terminal:ben"])
def test_a_person_is_found_by_name_and_by_id(talked: Program, person: str) -> None:
    done = talked.run("recall", "gate", "--person", person, "--json")
    (line,) = done.stdout.splitlines()
    assert _found(line) == ["The gate is blue"]


def test_nobody_of_that_name_is_a_sentence(talked: Program) -> None:
    done = talked.run("recall", "gate", "--person", "zoe")
    assert done.returncode != 0
    assert done.stdout == ""
    assert "Nobody is known as zoe" in done.stderr
    assert "Traceback" not in done.stderr


def test_several_who_may_be_meant_are_named(talked: Program) -> None:
    talked.run("chat", "--user", "benno", "--thread", "c", stdin="The gate is red\n")
    talked.run("chat", "--user", "benita", "--thread", "d", stdin="The gate is green\n")
    done = talked.run("recall", "gate", "--person", "ben", "--json")
    assert _found(done.stdout) == ["The gate is blue"]  # whose name is just that
    asked = talked.run("recall", "gate", "--person", "be")
    assert asked.returncode != 0
    assert "Several are known as be: " in asked.stderr
    assert "terminal:benno" in asked.stderr


def test_two_of_one_name_are_told_apart_by_their_ids(talked: Program) -> None:
    talked.run("chat", "--user", "Ana", "--thread", "c", stdin="The gate is red\n")
    done = talked.run("recall", "gate", "--person", "ana")
    assert done.returncode != 0
    assert "Several are known as ana: " in done.stderr
    assert "terminal:ana (ana)" in done.stderr
    assert "terminal:Ana (Ana)" in done.stderr
    assert "The gate is red" in talked.run("recall", "gate", "--person", "terminal:Ana").stdout


def test_what_nobody_said_ends_with_1(talked: Program) -> None:
    done = talked.run("recall", '"zebra crossing"')
    assert done.returncode == 1
    assert done.stdout == "Nothing that was said bears on that.\n"
    assert talked.run("recall", "Do zebras like crossings?").stdout == done.stdout
    answer = json.loads(talked.run("recall", '"zebra crossing"', "--json").stdout)
    assert (answer["turns"], answer["text"]) == ([], "")


def test_what_does_not_fit_is_told_apart_from_what_is_not_there(talked: Program) -> None:
    done = talked.run("recall", "What is the gate code?", "--budget", "3")
    assert done.returncode == 1
    assert done.stdout == "Something that was said bears on that, but --budget 3 is too small to show it.\n"


def test_the_questions_of_a_file_are_answered_with_all_that_fits(talked: Program) -> None:
    done = talked.run("recall", "--queries", "-", "--json", stdin="zebras\n")
    assert len(_found(done.stdout)) == 3


@pytest.mark.parametrize(
    "arguments", [[], ["gate", "--queries", "-"], ["gate", "--turns", "0"], ["gate", "--budget", "x"]]
)
def test_what_is_asked_wrongly_ends_with_2(program: Program, arguments: list[str]) -> None:
    done = program.run("recall", *arguments)
    assert done.returncode == 2
    assert "Error: " in done.stderr


def test_without_a_database_it_says_where_there_is_none(program: Program) -> None:
    done = program.run("recall", "gate")
    assert done.returncode == 1
    assert "there is no database at" in done.stderr
    assert "Traceback" not in done.stderr
    assert not program.folder.exists() or not list(program.folder.iterdir())


def test_nothing_on_the_screen_comes_from_what_somebody_wrote(program: Program) -> None:
    program.run("chat", "--user", "ana", stdin="The gate code\x1b[31m is 4711\n")
    done = program.run("recall", "gate code")
    assert "\x1b" not in done.stdout
    assert "4711" in done.stdout


def test_it_runs_beside_the_process_that_owns_the_folder(talked: Program) -> None:
    with talked.with_pipes("chat", "--user", "ana") as first:
        first.say("The lighthouse is on the hill")
        assert first.answer()
        done = talked.run("recall", "lighthouse", "--json", "--turns", "1")
        assert _found(done.stdout) == ["The lighthouse is on the hill"]


def test_it_reads_a_database_on_a_server(tmp_path: Path) -> None:
    with database_of("postgresql", tmp_path) as url:
        program = Program(tmp_path / "conversations", WEB_ENABLED="false", DATABASE_URL=url)
        assert program.run("chat", "--user", "ana", stdin="We met at the café\n").returncode == 0
        done = program.run("recall", "cafe", "--json")
        assert done.returncode == 0, done.stderr
        assert _found(done.stdout) == ["We met at the café"]
