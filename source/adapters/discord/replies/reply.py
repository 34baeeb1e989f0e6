"""One reply on its way to a thread of Discord."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Final

import structlog

from source.adapters.discord.replies.complaints import Complaints
from source.adapters.discord.replies.finishing import Finisher
from source.adapters.discord.replies.layout import final_looks, plain, small
from source.adapters.discord.replies.look import Buttons, Look
from source.adapters.discord.replies.messages import Messages
from source.adapters.discord.replies.nonces import line_number
from source.adapters.discord.replies.shown import Failure, ShownReplies
from source.adapters.discord.replies.streaming import Stream
from source.adapters.discord.replies.troubles import GoneError, RefusedError
from source.adapters.discord.replies.typing_sign import TypingSign
from source.adapters.discord.replies.writer import ReplyWriter
from source.domain.errors import DeliveryError
from source.ports.clock import Clock
from source.services.owned_tasks import OwnedTasks

log = structlog.get_logger(__name__)

# An edit in flight that came after the final one would undo it.
_LAST_EDIT: Final = timedelta(seconds=3)


@dataclass(frozen=True, slots=True)
class ReplyParts:
    """What all replies of a channel share."""

    messages: Messages
    replies: ShownReplies
    clock: Clock
    running: OwnedTasks
    complaints: Complaints


class DiscordReply:
    """Implements LiveReply; the first of the events that it answers names it."""

    def __init__(self, parts: ReplyParts, channel_id: int, answering: tuple[int, ...]) -> None:
        self._parts = parts
        self._channel_id = channel_id
        self._answering = len(answering)
        self._shown = parts.replies.of(answering[0] if answering else None)
        self._writer = ReplyWriter(parts.messages, parts.replies, channel_id, self._shown)
        self._finisher = Finisher(self._writer, parts.messages.paces, parts.clock)
        self._typing = TypingSign(parts.messages, channel_id, parts.clock, parts.running)
        self._stream: Stream | None = None
        self._following: asyncio.Task[None] | None = None
        self._is_closed = False
        self._below: list[str] = []
        self._typing.begin()

    async def notice(self, line: str) -> None:
        """Show one line as small print, once for each line; below the reply, once there is something of it."""
        if self._stream is not None and not self._is_closed:
            self._below.append(line)
        else:
            await self._notice(line)

    async def _notice(self, line: str) -> None:
        text = small(line)
        if text and line_number(line) not in self._shown.noticed:
            purpose = f"n{line_number(line):x}"
            try:
                made = await self._finisher.persist(partial(self._writer.post, Look(text), purpose))
            except RefusedError as error:
                self._complain(error)
                raise
            self._parts.replies.note_notice(self._shown, line, made.message_id)

    def show(self, delta: str) -> None:
        """Take the next piece; it is seen as soon as Discord's limits let it."""
        if self._is_closed:
            return
        if delta.strip():
            self._typing.end()
        if self._stream is None:
            self._stream = Stream(self._writer, self._parts.messages.paces, self._parts.clock)
            self._following = self._parts.running.spawn(self._stream.run(), name="discord-live-reply")
        self._stream.feed(delta)

    def thinking(self) -> None:
        """Show that Echo is at work; where there is something to read already, only if it takes a while."""
        if self._is_closed:
            return
        if self._stream is None:
            self._typing.hurry()
        else:
            self._typing.begin()

    async def deliver(self, text: str, *, interrupted: bool = False) -> None:
        """Have the thread show the whole reply, once, however often this is called for it."""
        await self._end_live()
        self._shown.put_off_in = None
        try:
            async with self._shown.lock:
                await self._show_whole(text, is_cut=interrupted)
        except GoneError:
            self._parts.replies.forget(self._shown.key)
            raise
        except DeliveryError as error:
            self._shown.put_off_in = self._channel_id
            self._complain(error)
            raise
        for line in self._below:
            with suppress(DeliveryError):  # the reply is there
                await self._notice(line)
        self._parts.complaints.settle(self._channel_id)
        self._parts.replies.forget(self._shown.key)
        await self._cut_overtaken()

    async def fail(self, sentence: str) -> None:
        """Say what happens now, and that what was shown does not go on."""
        await self._end_live()
        try:
            await self._finisher.cut()
            self._shown.give_up()
            await self._tell(plain(sentence))
        except DeliveryError as error:
            self._complain(error)
            log.warning("failure_untold", channel=self._channel_id, error=str(error))

    async def _show_whole(self, text: str, *, is_cut: bool) -> None:
        """Show the final reply; where its file is refused, all of it as messages."""
        looks = await final_looks(text, is_cut=is_cut, may_attach=self._shown.may_attach)
        try:
            await self._finisher.show(looks)
        except RefusedError as error:
            if not looks or looks[-1].file is None or len(self._shown.parts) < len(looks) - 1:
                raise
            log.info("discord_file_refused", status=error.status, code=error.code, channel=self._channel_id)
            self._shown.may_attach = False
            await self._finisher.show(await final_looks(text, is_cut=is_cut, may_attach=False))

    async def _cut_overtaken(self) -> None:
        """Take the Stop button from older replies: what was delivered just now may have taken their place."""
        for shown in self._parts.replies.put_off(self._channel_id):
            async with shown.lock:
                if shown.put_off_in is None:
                    continue
                shown.put_off_in = None
                with suppress(DeliveryError):
                    writer = ReplyWriter(self._parts.messages, self._parts.replies, self._channel_id, shown)
                    await Finisher(writer, self._parts.messages.paces, self._parts.clock).cut()

    async def _tell(self, sentence: str) -> None:
        """Post the sentence, unless the thread says so already and nothing was said since."""
        failure = self._shown.failure
        if not sentence or (failure is not None and (failure.sentence, failure.answering) == self._told(sentence)):
            return
        self._shown.give_up_failure()
        await self._finisher.free(self._writer.pace.posts)
        made = await self._finisher.persist(partial(self._writer.post, Look(sentence, Buttons.RETRY), "f"))
        self._parts.replies.note_failure(self._shown, Failure(made.message_id, *self._told(sentence)))
        if failure is not None:
            await self._finisher.remove(failure.message_id)

    def _told(self, sentence: str) -> tuple[str, int]:
        return sentence, self._answering

    def _complain(self, error: DeliveryError) -> None:
        if isinstance(error, RefusedError):
            self._parts.complaints.refused(self._channel_id, error)

    async def _end_live(self) -> None:
        """Stop typing and following the text; what is being sent may arrive."""
        self._is_closed = True
        self._typing.end()
        if self._stream is None or self._following is None:
            return
        self._stream.close()
        if self._stream.is_sending:
            await asyncio.wait({self._following}, timeout=_LAST_EDIT.total_seconds())
        self._following.cancel()
        await asyncio.wait({self._following})
