"""The commands by which people are forgotten, and have handed over what is kept of them."""

from datetime import timedelta
from typing import Final, Protocol

from source.domain.errors import RefusedInputError
from source.domain.privacy import Counts, Receipt, SeenFrom, told_counts
from source.domain.thread import Platform, ThreadRef
from source.ports.privacy import Who
from source.services.commands.vocabulary import Choice, CommandInvocation, CommandReply, ExportedFile
from source.services.forgetting import told
from source.services.my_data import DataFile

# Who asked may see the answer only for a while; most people are forgotten within a second or two.
_WITHIN: Final = timedelta(seconds=8)
_NOBODY: Final = "I know nothing of you."
_LONGEST_NUMBER: Final = 16
_COPY: Final = Choice("Copy of my data", "/my-data")


class Desk(Protocol):
    """What is needed of a `ForgetDesk`."""

    async def known_as(self, platform: Platform, external_id: str) -> Who | None: ...

    async def preview(self, who: Who, place: SeenFrom | None) -> Counts: ...

    async def ask(
        self, who: Who, place: SeenFrom | None, *, tell: ThreadRef | None = None, requested_by: str
    ) -> Receipt: ...

    async def receipt(self, receipt_id: int) -> Receipt: ...

    async def done_within(self, receipt: Receipt, time: timedelta) -> Receipt: ...


class HandsOver(Protocol):
    """What is needed of `MyData`."""

    async def file_of(self, who: Who, *, asked_by: str) -> DataFile: ...


class PrivacyCommands:
    """`/forget-me` and `/my-data`."""

    def __init__(self, desk: Desk, my_data: HandsOver) -> None:
        self._desk = desk
        self._my_data = my_data

    async def forget_me(self, invocation: CommandInvocation) -> CommandReply:
        """Say what would go, forget once that is confirmed, or tell how far it is."""
        receipt = invocation.text("receipt")
        if invocation.flag("status") or _is_number(receipt):
            return await self._status(receipt)
        if receipt:
            raise RefusedInputError(_not_known(receipt, is_here=invocation.flag("here")))
        who = await self._desk.known_as(invocation.thread.platform, invocation.person.external_id)
        if who is None:
            return CommandReply(_NOBODY)
        place = _place_of(invocation) if invocation.flag("here") else None
        if not invocation.flag("confirm"):
            sure = Choice("Yes, forget me", _confirming(is_here=place is not None))
            return CommandReply(_asked(await self._desk.preview(who, place), place), choices=(sure, _COPY))
        # Where others read along nobody is told afterwards: the answer to the command is for the asker alone.
        tell = invocation.thread if invocation.thread.guild_id is None and invocation.is_in_thread else None
        asked = await self._desk.ask(who, place, tell=tell, requested_by="person")
        return CommandReply(told(await self._desk.done_within(asked, _WITHIN)))

    async def my_data_as_file(self, invocation: CommandInvocation) -> CommandReply:
        """Hand over everything that is kept about the person."""
        who = await self._desk.known_as(invocation.thread.platform, invocation.person.external_id)
        if who is None:
            return CommandReply(_NOBODY)
        file = await self._my_data.file_of(who, asked_by="person")
        return CommandReply("Here is everything that I keep about you.", file=ExportedFile(file.name, file.content))

    async def _status(self, number: str) -> CommandReply:
        if not _is_number(number):
            raise RefusedInputError("Which receipt? Write /forget-me status and the number that I gave you.")
        return CommandReply(told(await self._desk.receipt(int(number))))


def _asked(counts: Counts, place: SeenFrom | None) -> str:
    here = "in this place" if place is not None else "everywhere, on all your linked accounts"
    confirm = _confirming(is_here=place is not None)
    other = "" if place is not None else " /forget-me here is for this place alone."
    return (
        f"I would remove what you said {here}, for good: {told_counts(counts)}. /my-data gives you a copy first. "
        f"To go on, write {confirm}.{other}"
    )


def _is_number(receipt: str) -> bool:
    return receipt.isdecimal() and len(receipt) <= _LONGEST_NUMBER


def _not_known(word: str, *, is_here: bool) -> str:
    return f"/forget-me does not know '{word[:40]}': write {_confirming(is_here=is_here)}."


def _confirming(*, is_here: bool) -> str:
    return "/forget-me here confirm" if is_here else "/forget-me confirm"


def _place_of(invocation: CommandInvocation) -> SeenFrom:
    thread = invocation.thread
    return SeenFrom(thread.platform, invocation.person.external_id, thread.guild_id, thread.circle)
