"""No log line holds personal data, whatever writes it."""

import io
import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

import pytest
import structlog

from source.app.log_scrubbing import scrub_of
from source.app.log_setup import set_up_logging
from source.app.settings import Settings

ADDRESS, PHONE, CARD, KEY = "ana@example.org", "+49 170 1234567", "4111 1111 1111 1111", "sk-abcdefghijklmnop1234"
ALL = (ADDRESS, PHONE, CARD, KEY)


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


def set_up(form: Literal["console", "json"] = "json", **settings: object) -> None:
    scrub = scrub_of(Settings.model_validate(settings))
    set_up_logging(level="info", form=form, scrub=scrub)


def own_log() -> structlog.stdlib.BoundLogger:
    log: structlog.stdlib.BoundLogger = structlog.get_logger("source.services.turn_service")
    return log


@dataclass
class Letter:
    to: str


def raise_with(text: str) -> None:
    try:
        raise ValueError(f"cannot write to {text}")
    except ValueError as error:
        raise RuntimeError("undelivered") from error


@pytest.mark.parametrize("form", ["console", "json"])
def test_a_traceback_tells_nothing_of_anybody(
    form: Literal["console", "json"], capsys: pytest.CaptureFixture[str]
) -> None:
    set_up(form)
    try:
        raise_with(", ".join(ALL))
    except RuntimeError:
        own_log().exception("turn_broke", reason=f"for {ADDRESS}")
        logging.getLogger("openai").exception("Failed for %s", PHONE)
    written = capsys.readouterr().err
    assert not [text for text in ALL if text in written]
    assert written.count("ValueError: cannot write to [email removed], [phone removed], [card removed], [sec") == 2
    assert "Failed for [phone removed]" in written


def test_every_field_is_looked_at_whatever_it_holds(capsys: pytest.CaptureFixture[str]) -> None:
    set_up()
    own_log().info("sent", to={ADDRESS: [PHONE, {"card": CARD}]}, letter=Letter(ADDRESS), pair=(KEY, 7))
    line = json.loads(written := capsys.readouterr().err)
    assert not [text for text in ALL if text in written]
    assert line["to"] == {"[email removed]": ["[phone removed]", {"card": "[card removed]"}]}
    assert line["letter"] == "Letter(to='[email removed]')"
    assert line["pair"] == ["[secret removed]", 7]


def test_a_field_that_is_named_as_a_secret_is_hidden_whole(capsys: pytest.CaptureFixture[str]) -> None:
    set_up()
    own_log().info("called", api_key="plainword", headers={"Authorization": "x"}, input_tokens=7, token="")
    line = json.loads(capsys.readouterr().err)
    assert (line["api_key"], line["headers"], line["input_tokens"], line["token"]) == (
        "***",
        {"Authorization": "***"},
        7,
        "",
    )


def test_what_is_nobodys_stays_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    set_up()
    facts = {"conversation_id": 4111111111111111, "host": "127.0.0.1", "since": "2026-03-14T12:30:00", "cost": 1.5}
    own_log().info("conversation_began", **facts, wait=timedelta(seconds=5))
    line = json.loads(capsys.readouterr().err)
    assert {name: line[name] for name in facts} == facts
    assert line["logger"] == "source.services.turn_service"


def test_the_operator_may_want_to_see_it(capsys: pytest.CaptureFixture[str]) -> None:
    set_up(pii_scrub_logs=False)
    own_log().info("sent", to=ADDRESS)
    assert ADDRESS in capsys.readouterr().err


def test_lines_go_where_they_went(monkeypatch: pytest.MonkeyPatch) -> None:
    set_up("console")
    screen = io.StringIO()
    monkeypatch.setattr("sys.stderr", screen)
    own_log().warning("turn_failed", reason=PHONE)
    assert "[phone removed]" in screen.getvalue()
