"""What people send is looked at once, in its order, and nobody else waits for that."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, cast

import pytest

from source.adapters.whatsapp.file_words import FileWords
from source.adapters.whatsapp.handlers.corrected import CorrectedHandler
from source.adapters.whatsapp.handlers.said import SaidHandler
from source.adapters.whatsapp.items import Kept
from source.domain.errors import RefusedInputError
from source.domain.thread import Platform
from source.domain.turn import ModelUsage, Purpose
from source.services.admission import Admission
from source.services.attendance import AttendanceGate, Attending
from source.services.commands import CommandInvocation, CommandReply, words
from source.services.limits import Limits, LimitSettings
from source.services.media import Media
from source.services.media_telling import MediaRules, MediaTelling
from source.services.media_usage import MediaUsage
from tests.fakes.attendance import InMemoryAttendance
from tests.fakes.channel import FakeChannel
from tests.fakes.media import FakeMediaReader
from tests.fakes.small_echo import SmallEcho, passing, rest

PHOTO = {"kind": "IMAGE", "id": "17", "type": "image/jpeg", "sha256": "", "name": "", "named": "[image]"}
VOICE = {"kind": "VOICE", "id": "18", "type": "audio/ogg", "sha256": "", "name": "", "named": "[voice message]"}
SEEN = "[image: a picture of 9 bytes, image/jpeg] my boat"
HEARD = "[voice message: 9 bytes of audio/ogg]"


@dataclass
class Commands:
    """Keeps which commands were given; answers through `shown`."""

    vocabulary: tuple[Any, ...] = (words.NEW, words.RESUME)
    given: list[CommandInvocation] = field(default_factory=list)

    async def run(self, invocation: CommandInvocation) -> CommandReply:
        await asyncio.sleep(0)
        self.given.append(invocation)
        return CommandReply("Done.")

    async def show(self, thread: object, reply: CommandReply) -> None:
        await asyncio.sleep(0)


@dataclass
class Files:
    """Every id names nine bytes."""

    fetched: list[str] = field(default_factory=list)

    async def content(self, media_id: str, sha256: str, most_bytes: int) -> bytes:
        await asyncio.sleep(0)
        self.fetched.append(media_id)
        return b"x" * 9


@dataclass
class Ledger:
    """Keeps what was noted, by conversation."""

    noted: list[tuple[int, ModelUsage]] = field(default_factory=list)

    async def note_usage(self, conversation_id: int, usage: ModelUsage) -> None:
        await asyncio.sleep(0)
        self.noted.append((conversation_id, usage))


class NothingEarly:
    """Everything arrives before its corrections."""

    async def kept(self, correction: object) -> bool:
        await asyncio.sleep(0)
        return False

    def is_outdated(self, correction: object) -> bool:
        return False

    def followed(self, correction: object) -> None: ...


@dataclass
class Desk:
    """A handler, and what it works with."""

    echo: SmallEcho
    reader: FakeMediaReader = field(default_factory=FakeMediaReader)
    commands: Commands = field(default_factory=Commands)
    files: Files = field(default_factory=Files)
    ledger: Ledger = field(default_factory=Ledger)

    def __post_init__(self) -> None:
        echo = self.echo
        usage = MediaUsage(echo.store, self.ledger, Admission(1_000))
        media = Media(MediaTelling(self.reader, echo.clock, MediaRules()), usage, self.reader)
        self.media = media
        commands, channel = cast(Any, self.commands), cast(Any, echo.channel)
        self.handler = SaidHandler(echo.turns, commands, channel, commands, FileWords(self.files, media), echo.store)

    def kept(self, number: int, *, person: int = 1, **content: object) -> Kept:
        usual = {"text": f"text {number}", "reply_to": None}
        at = self.echo.clock.now() + timedelta(milliseconds=number)
        return Kept(number, "said", f"key-{number}", person, "Ada", at, usual | content)

    async def said(self, person: int = 1) -> list[str]:
        thread = self.kept(0, person=person).thread
        conversation = await self.echo.store.active(thread.key)
        return [each.message_content for each in conversation.messages if each.requester] if conversation else []


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    quiet = {Platform.WHATSAPP: timedelta(seconds=1.5)}
    echo = SmallEcho(quiet=quiet, channel=FakeChannel(Platform.WHATSAPP))
    desk = Desk(echo)
    yield desk
    echo.clock.advance(minutes=1)
    await desk.media.close()
    await echo.end()


async def test_a_picture_is_answered_by_what_is_in_it(desk: Desk) -> None:
    await desk.handler.see_to(desk.kept(1, text="[image] my boat", file=PHOTO))
    await passing(desk.echo, seconds=2)
    assert await desk.said() == [SEEN]


async def test_a_voice_message_belongs_to_the_burst_in_which_it_was_sent(desk: Desk) -> None:
    desk.reader.gate = asyncio.Event()
    await desk.handler.see_to(desk.kept(1))
    listening = asyncio.create_task(desk.handler.see_to(desk.kept(2, text="[voice message]", file=VOICE)))
    await passing(desk.echo, seconds=20)
    assert desk.echo.channel.replies == []
    desk.reader.gate.set()
    await listening
    await passing(desk.echo, seconds=2)
    assert await desk.said() == ["text 1", HEARD]
    assert len(desk.echo.channel.replies) == 1


async def test_others_are_answered_while_somebodys_picture_is_looked_at(desk: Desk) -> None:
    desk.reader.gate = asyncio.Event()
    looking = asyncio.create_task(desk.handler.see_to(desk.kept(1, text="[image] my boat", file=PHOTO)))
    await rest()
    await desk.handler.see_to(desk.kept(2, person=2))
    await passing(desk.echo, seconds=2)
    assert (await desk.said(1), await desk.said(2)) == ([], ["text 2"])
    desk.reader.gate.set()
    await looking


async def test_the_pictures_of_an_album_are_looked_at_together(desk: Desk) -> None:
    album = [desk.kept(each, text="[image] my boat", file=PHOTO) for each in range(1, 8)]
    desk.reader.gate = asyncio.Event()
    for each in album:
        desk.handler.ahead(each)
        desk.handler.ahead(each)
    await rest()
    assert desk.reader.reading == 4
    desk.reader.gate.set()
    for each in album:
        await desk.handler.see_to(each)
    await passing(desk.echo, seconds=2)
    assert (await desk.said(), desk.reader.reading) == ([SEEN] * 7, 7)


async def test_a_caption_that_was_edited_meanwhile_is_told_as_it_reads_now(desk: Desk) -> None:
    desk.handler.ahead(desk.kept(1, text="[image] my boat", file=PHOTO))
    await rest()
    await desk.handler.see_to(desk.kept(1, text="[image] our boat", file=PHOTO))
    await passing(desk.echo, seconds=2)
    assert await desk.said() == [SEEN.replace("my boat", "our boat")]


async def test_who_may_not_send_more_has_nothing_looked_at_ahead(desk: Desk) -> None:
    desk.echo.start(limits=Limits(LimitSettings(messages_per_minute=1), desk.echo.clock))
    desk.__post_init__()
    await desk.handler.see_to(desk.kept(1))
    desk.handler.ahead(desk.kept(2, text="[image] my boat", file=PHOTO))
    await passing(desk.echo, seconds=2)
    assert desk.reader.reading == 0


async def test_what_was_accepted_is_not_looked_at_again(desk: Desk) -> None:
    for _ in range(2):
        await desk.handler.see_to(desk.kept(1, text="[image] my boat", file=PHOTO))
    await passing(desk.echo, seconds=2)
    assert (desk.files.fetched, await desk.said()) == (["17"], [SEEN])


async def test_what_would_be_refused_is_not_looked_at(desk: Desk) -> None:
    desk.echo.start(limits=Limits(LimitSettings(messages_per_minute=1), desk.echo.clock))
    desk.__post_init__()
    await desk.handler.see_to(desk.kept(1))
    with pytest.raises(RefusedInputError, match="a minute"):
        await desk.handler.see_to(desk.kept(2, text="[image] my boat", file=PHOTO))
    assert desk.files.fetched == []
    await passing(desk.echo, seconds=2)


async def test_what_a_person_looks_at_themselves_is_not_looked_at(desk: Desk) -> None:
    clock = desk.echo.clock
    attending = Attending(InMemoryAttendance(clock), clock, human_timeout=timedelta(hours=12))
    desk.echo.gate = AttendanceGate(attending)
    desk.echo.start()
    desk.__post_init__()
    await attending.ask_for_person(desk.kept(1).thread.key, by="person")
    await desk.handler.see_to(desk.kept(1, text="[image] my boat", file=PHOTO))
    await passing(desk.echo, seconds=2)
    assert (desk.files.fetched, await desk.said()) == ([], ["[image] my boat"])
    assert desk.echo.channel.replies == []


async def test_what_looking_took_is_noted_with_the_conversation_once_there_is_one(desk: Desk) -> None:
    await desk.handler.see_to(desk.kept(1, text="[image] my boat", file=PHOTO))
    assert desk.ledger.noted == []
    await passing(desk.echo, seconds=2)
    ((conversation_id, usage),) = desk.ledger.noted
    conversation = await desk.echo.store.active(desk.kept(0).thread.key)
    assert conversation is not None
    assert conversation_id == conversation.head.conversation_id
    assert (usage.purpose, usage.person, usage.input_tokens) == (Purpose.MEDIA, "1", 100)


async def test_an_edited_caption_is_told_with_what_is_in_the_picture(desk: Desk) -> None:
    await desk.handler.see_to(desk.kept(1, text="[image] my boat", file=PHOTO))
    await passing(desk.echo, seconds=2)
    corrected = CorrectedHandler(desk.echo.corrections, cast(Any, NothingEarly()), desk.handler.words)
    await corrected.see_to(desk.kept(2, corrects="key-1", text="[image] our boat", file=PHOTO))
    assert await desk.said() == [SEEN.replace("my boat", "our boat")]
    await rest()
    assert len(desk.ledger.noted) == 2


async def test_what_was_tapped_is_carried_out(desk: Desk) -> None:
    await desk.handler.see_to(desk.kept(1, text="The boat", command="/resume 41"))
    (given,) = desk.commands.given
    assert (given.name, given.options) == ("resume", {"which": "41"})


@pytest.mark.parametrize("foreign", ["/gone 7", "/new x y z /", "//said"])
async def test_what_echo_does_not_know_is_what_it_was_called(desk: Desk, foreign: str) -> None:
    desk.commands.vocabulary = (words.STOP,)
    await desk.handler.see_to(desk.kept(1, text="The boat", command=foreign))
    await passing(desk.echo, seconds=2)
    assert (desk.commands.given, await desk.said()) == ([], ["The boat"])
