"""What a command answers is shown as text, as a file or with what can be tapped; nothing is sent twice."""

import asyncio
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from source.adapters.whatsapp.answers import CommandAnswers
from source.adapters.whatsapp.graph import UnknownOutcomeError
from source.domain.errors import DeliveryError
from source.domain.thread import Platform, ThreadRef
from source.services.commands.vocabulary import Choice, CommandReply, ExportedFile

THREAD = ThreadRef(Platform.WHATSAPP, "1")
FILE = ExportedFile("export.json", b"{}")
CHOICE = Choice("Yes", "/new")


@dataclass
class Outlet:
    """Keeps what was told, shown and uploaded; `failures` come first, for what is shown or uploaded."""

    told: list[str] = field(default_factory=list)
    shown: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)
    uploads: list[tuple[bytes, str, str]] = field(default_factory=list)
    failures: deque[DeliveryError | None] = field(default_factory=deque)

    async def tell(self, thread: ThreadRef, text: str) -> None:
        await asyncio.sleep(0)
        self.told.append(text)

    async def show(self, thread: ThreadRef, kind: str, body: Mapping[str, Any]) -> None:
        await self._fail_perhaps()
        self.shown.append((kind, body))

    async def uploaded(self, content: bytes, media_type: str, name: str) -> str:
        await self._fail_perhaps()
        self.uploads.append((content, media_type, name))
        return "17"

    async def _fail_perhaps(self) -> None:
        await asyncio.sleep(0)
        if self.failures and (failure := self.failures.popleft()):
            raise failure


@pytest.fixture
def outlet() -> Outlet:
    return Outlet()


@pytest.fixture
def answers(outlet: Outlet) -> CommandAnswers:
    return CommandAnswers(cast(Any, outlet), outlet)


async def test_text_is_told_and_nothing_is_not(outlet: Outlet, answers: CommandAnswers) -> None:
    await answers.show(THREAD, CommandReply("Done."))
    await answers.show(THREAD, CommandReply(""))
    assert (outlet.told, outlet.shown) == (["Done."], [])


async def test_a_file_goes_with_its_sentence(outlet: Outlet, answers: CommandAnswers) -> None:
    await answers.show(THREAD, CommandReply("**Here** it is.", file=FILE))
    body = {"id": "17", "filename": "export.json", "caption": "*Here* it is."}
    assert (outlet.shown, outlet.told) == ([("document", body)], [])
    assert outlet.uploads == [(b"{}", "text/plain", "export.json")]


async def test_a_sentence_that_is_no_caption_comes_first(outlet: Outlet, answers: CommandAnswers) -> None:
    await answers.show(THREAD, CommandReply("x" * 1_025, file=FILE))
    assert outlet.told == ["x" * 1_025]
    assert "caption" not in outlet.shown[0][1]


@pytest.mark.parametrize("failures", [[DeliveryError("down")], [None, DeliveryError("down")]])
async def test_a_file_that_cannot_be_sent_is_told_so(
    outlet: Outlet, answers: CommandAnswers, failures: list[DeliveryError | None]
) -> None:
    outlet.failures.extend(failures)
    await answers.show(THREAD, CommandReply("Here it is.", file=FILE))
    assert "could not be sent" in outlet.told[0]


async def test_what_may_have_arrived_is_not_sent_again(outlet: Outlet, answers: CommandAnswers) -> None:
    outlet.failures.extend([None, UnknownOutcomeError("no answer"), UnknownOutcomeError("no answer")])
    await answers.show(THREAD, CommandReply("Here it is.", file=FILE))
    await answers.show(THREAD, CommandReply("Sure?", choices=(CHOICE,)))
    assert (outlet.told, outlet.shown) == ([], [])


async def test_choices_stand_below_the_text(outlet: Outlet, answers: CommandAnswers) -> None:
    await answers.show(THREAD, CommandReply("Sure?", choices=(CHOICE,)))
    ((kind, body),) = outlet.shown
    assert (kind, body["body"]["text"], outlet.told) == ("interactive", "Sure?", [])


async def test_a_long_text_comes_before_what_can_be_tapped(outlet: Outlet, answers: CommandAnswers) -> None:
    await answers.show(THREAD, CommandReply("x" * 1_025, choices=(CHOICE,)))
    assert (outlet.told, outlet.shown[0][1]["body"]["text"]) == (["x" * 1_025], "What next?")


async def test_where_nothing_can_be_tapped_the_text_is_told(outlet: Outlet, answers: CommandAnswers) -> None:
    outlet.failures.append(DeliveryError("refused"))
    await answers.show(THREAD, CommandReply("Sure?", choices=(CHOICE,)))
    await answers.show(THREAD, CommandReply("Really?", choices=(Choice("Long", "/x" * 200),)))
    assert (outlet.told, outlet.shown) == (["Sure?", "Really?"], [])
