"""Makes the messages of one reply look as they should, one request at a time."""

import structlog

from source.adapters.discord.replies.custom_ids import Control, custom_id
from source.adapters.discord.replies.look import Look, change, creation, without_buttons
from source.adapters.discord.replies.messages import Messages, Standing
from source.adapters.discord.replies.nonces import nonce
from source.adapters.discord.replies.pace import Bucket, Pace
from source.adapters.discord.replies.shown import Part, ShownReplies, ShownReply
from source.adapters.discord.replies.troubles import UNKNOWN_MESSAGE, GoneError, RefusedError

log = structlog.get_logger(__name__)

_MOST_GENERATIONS = 9


class ReplyWriter:
    """Knows what stands in the thread; what it does twice is seen once.

    Every method may raise RefusedError and UnreachableError; it can be called again then.
    """

    def __init__(self, messages: Messages, replies: ShownReplies, channel_id: int, reply: ShownReply) -> None:
        self._messages = messages
        self._replies = replies
        self._channel_id = channel_id
        self.reply = reply

    @property
    def pace(self) -> Pace:
        """What is known of the limits of this reply's channel."""
        return self._messages.paces.of(self._channel_id)

    def bucket(self, number: int) -> Bucket:
        """Which limit the next request for this part counts against."""
        return self.pace.edits if number < len(self.reply.parts) else self.pace.posts

    def shows(self, number: int, look: Look) -> bool:
        """Whether the part looks so."""
        return number < len(self.reply.parts) and self.reply.parts[number].look == look

    async def put(self, number: int, look: Look) -> None:
        """Have the part look so; one that cannot be edited is posted anew, and with it all that follow."""
        if number < len(self.reply.parts):
            try:
                await self._edit(self.reply.parts[number], look)
                return
            except GoneError:
                raise
            except RefusedError as error:
                log.info("discord_edit_refused", status=error.status, code=error.code, channel=self._channel_id)
                self.reply.give_up(number)
        made = await self.post(look, f"p{number}")
        self.reply.parts.append(Part(made.message_id, look if self._is_as_wanted(made, look) else None))
        self._replies.note_part(self.reply, number)
        self.pace.edits.begun(self._messages.paces.now())

    async def post(self, look: Look, purpose: str) -> Standing:
        """Post a message that is posted once for this purpose, unless what was posted is given up."""
        for generation in range(_MOST_GENERATIONS):
            name = nonce(self.reply.key, purpose, generation)
            try:
                made = await self._messages.create(
                    self._channel_id, creation(look, self.reply.key, name), file=look.file
                )
            except RefusedError as error:
                # What was posted under this nonce is deleted, and Discord remembers (discord-api-docs#6647).
                if error.code != UNKNOWN_MESSAGE:
                    raise
                continue
            if made.message_id not in self.reply.leftovers:
                return made
        raise RefusedError(404, UNKNOWN_MESSAGE, self._channel_id)

    async def find_lost(self) -> None:
        """Give up what a crash kept from being noted: other messages with this reply's Stop button."""
        if self.reply.is_recovered and self.reply.parts and self.reply.key is not None:
            stop = custom_id(Control.STOP, self.reply.key)
            known = {part.message_id for part in self.reply.parts} | {*self.reply.leftovers}
            following = await self._messages.after(self._channel_id, self.reply.parts[0].message_id)
            lost = [each.message_id for each in following if stop in each.custom_ids]
            self.reply.leftovers += [message_id for message_id in lost if message_id not in known]
        self.reply.is_recovered = False

    async def strip(self, part: Part) -> None:
        """Leave of a message only what it says, whatever that is."""
        await self._messages.edit(self._channel_id, part.message_id, without_buttons())

    async def remove(self, message_id: int) -> None:
        """Delete a message that was given up."""
        try:
            await self._messages.delete(self._channel_id, message_id)
        except RefusedError as error:
            if error.code != UNKNOWN_MESSAGE:
                log.info("discord_leftover_stays", status=error.status, code=error.code, channel=self._channel_id)
        self.reply.leftovers.remove(message_id)

    async def _edit(self, part: Part, look: Look) -> None:
        before, part.look = part.look, None  # not known, until there is an answer
        await self._messages.edit(
            self._channel_id, part.message_id, change(before, look, self.reply.key), file=look.file
        )
        part.look = look

    def _is_as_wanted(self, made: Standing, look: Look) -> bool:
        """Whether the message is the one that was asked for, not an older one of the same nonce."""
        return made.content.strip() == look.content.strip() and made.custom_ids == look.custom_ids(self.reply.key)
