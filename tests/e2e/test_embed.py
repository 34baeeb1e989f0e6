"""Finding what was said in other words, as an operator sets it up."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread

import pytest

from tests.e2e.program import Program
from tests.fakes.embedding_server import FakeEmbeddingServer

TALK = "My doctor is Lena Hartmann\nThe red car is in the yard\nIt rains all week\n"
QUESTION = "Which physician?"


@pytest.fixture
def server() -> Iterator[FakeEmbeddingServer]:
    """A server on a loop of its own: the program under test is waited for on this one."""
    served, started, stop = FakeEmbeddingServer(), Event(), asyncio.Event()
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        async with served:
            started.set()
            await stop.wait()

    thread = Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    assert started.wait(20)
    yield served
    loop.call_soon_threadsafe(stop.set)
    thread.join()
    loop.close()


@pytest.fixture
def program(tmp_path: Path, server: FakeEmbeddingServer) -> Program:
    program = Program(tmp_path / "conversations", EMBEDDING_MODEL="fake", EMBEDDING_BASE_URL=server.base_url)
    assert program.run("chat", "--user", "Ann", stdin=TALK).returncode == 0
    return program


def _best(program: Program, question: str = QUESTION) -> str:
    done = program.run("recall", question, "--json", "--turns", "1")
    assert done.returncode == 0, done.stderr
    (turn,) = json.loads(done.stdout)["turns"]
    return str(turn["text"])


def test_what_was_said_in_other_words_is_found_once_it_has_vectors(
    program: Program, server: FakeEmbeddingServer
) -> None:
    done = program.run("embed")
    assert (done.returncode, done.stderr) == (0, "")
    assert "have a vector of fake." in done.stdout
    assert _best(program) == "My doctor is Lena Hartmann"
    assert program.run("embed").stdout.startswith("0 messages embedded")
    assert server.all_texts.count("My doctor is Lena Hartmann") == 1


def test_without_its_server_recall_goes_by_words_and_embed_says_what_is_wrong(
    program: Program, server: FakeEmbeddingServer
) -> None:
    server.is_down = True
    assert _best(program, "the doctor") == "My doctor is Lena Hartmann"
    program.environment["MODEL_MAX_ATTEMPTS"] = "1"
    done = program.run("embed")
    assert done.returncode == 1
    assert "cannot be reached" in done.stderr or "broken answer" in done.stderr
    assert "Traceback" not in done.stderr


def test_without_a_model_embed_says_what_to_set(tmp_path: Path) -> None:
    done = Program(tmp_path / "conversations").run("embed")
    assert done.returncode == 2
    assert done.stderr.startswith("EMBEDDING_MODEL is not set")


def test_personal_data_that_the_model_may_not_see_is_not_sent(program: Program, server: FakeEmbeddingServer) -> None:
    program.environment["PII_SCRUB_MODEL"] = "true"
    program.run("chat", "--user", "Ann", stdin="Write to lena@example.org about the doctor\n")
    assert program.run("embed").returncode == 0
    assert _best(program, "lena@example.org and her physician")
    assert "lena@example.org" not in str(server.texts)
    assert any("[email removed]" in text for text in server.all_texts)


def test_check_tries_the_server_of_the_embeddings(program: Program, server: FakeEmbeddingServer) -> None:
    assert "fake, vectors of 256 numbers" in program.run("check").stdout
    server.is_down = True
    program.environment["MODEL_MAX_ATTEMPTS"] = "1"
    assert "problem  embeddings" in program.run("check").stdout
