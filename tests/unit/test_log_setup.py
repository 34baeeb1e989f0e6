"""What log lines say, where they go, and what they never say."""

import io
import json
import logging
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import pytest
import structlog

from source.app.log_setup import set_up_logging


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    before = root.handlers, root.level
    yield
    root.handlers, root.level = before
    for name in ("source", "bot", "__main__"):
        logging.getLogger(name).setLevel(logging.NOTSET)
    logging.captureWarnings(False)
    structlog.reset_defaults()


@dataclass(frozen=True, slots=True)
class Lines:
    """What was written to standard error; each look takes it away."""

    capsys: pytest.CaptureFixture[str]

    def text(self) -> str:
        return self.capsys.readouterr().err

    def events(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.text().splitlines()]


@pytest.fixture
def stderr(capsys: pytest.CaptureFixture[str]) -> Lines:
    return Lines(capsys)


def set_up(level: Literal["debug", "info", "warning"] = "info", *, secrets: tuple[str, ...] = ()) -> None:
    set_up_logging(level=level, form="json", secrets=secrets)


def own_log() -> structlog.stdlib.BoundLogger:
    log: structlog.stdlib.BoundLogger = structlog.get_logger("source.services.turn_service")
    return log


def test_an_event_is_one_json_line_with_its_fields(stderr: Lines) -> None:
    set_up()
    own_log().info("turn_done", conversation_id=7)
    (line,) = stderr.events()
    assert (line["event"], line["conversation_id"], line["level"]) == ("turn_done", 7, "info")
    assert line["logger"] == "source.services.turn_service"
    assert str(line["timestamp"]).endswith("Z")


def test_the_console_form_is_one_plain_line(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logging(level="info", form="console")
    own_log().info("turn_done", conversation_id=7)
    written = capsys.readouterr()
    assert "conversation_id=7" in written.err
    assert "\x1b" not in written.err
    assert written.out == ""


def test_events_below_the_level_are_left_out(stderr: Lines) -> None:
    set_up("warning")
    own_log().info("turn_done")
    own_log().warning("transcript_late")
    assert [line["event"] for line in stderr.events()] == ["transcript_late"]


def test_other_libraries_are_heard_from_warnings_on_whatever_the_level(stderr: Lines) -> None:
    set_up("debug")
    logging.getLogger("openai._base_client").debug("Request options: %s", "what a person wrote")
    logging.getLogger("openai._base_client").warning("slow")
    assert [line["event"] for line in stderr.events()] == ["slow"]


def test_lines_follow_standard_error_when_it_is_replaced(stderr: Lines, monkeypatch: pytest.MonkeyPatch) -> None:
    set_up()
    above_the_prompt = io.StringIO()
    monkeypatch.setattr(sys, "stderr", above_the_prompt)
    own_log().info("turn_done")
    assert stderr.text() == ""
    assert "turn_done" in above_the_prompt.getvalue()


def test_a_secret_is_masked_in_fields_and_in_exceptions(stderr: Lines) -> None:
    set_up(secrets=("sk-hidden", 'pass"word'))
    own_log().info("call", header="Bearer sk-hidden", url='p://pass"word@host')
    try:
        raise ValueError("sk-hidden")
    except ValueError:
        own_log().exception("call_failed")
    written = stderr.text()
    assert "sk-hidden" not in written
    assert "***@host" in written
    assert "pass" not in written.replace("***", "")
    assert "ValueError" in written


@pytest.mark.parametrize("form", ["console", "json"])
def test_a_traceback_shows_no_local_variables(stderr: Lines, form: Literal["console", "json"]) -> None:
    set_up_logging(level="info", form=form)
    what_was_said = "only" + " between us"
    try:
        raise ValueError(len(what_was_said))
    except ValueError:
        own_log().exception("turn_failed")
    written = stderr.text()
    assert "ValueError: 15" in written
    assert "only between us" not in written


def test_escape_sequences_do_not_reach_the_terminal(stderr: Lines) -> None:
    set_up_logging(level="info", form="console")
    logging.getLogger("vendor").warning("\x1b[2Jcleared %s", "\x9b31m")
    written = stderr.text()
    assert "cleared" in written
    assert not {"\x1b", "\x9b"} & set(written)


def test_a_warning_of_python_becomes_a_log_line(stderr: Lines) -> None:
    set_up()
    logging.getLogger("py.warnings").warning("%s", "deprecated")
    assert [line["event"] for line in stderr.events()] == ["deprecated"]
