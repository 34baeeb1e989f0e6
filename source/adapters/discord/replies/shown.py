"""Which messages show a reply: kept until it is delivered, and brought back after a restart."""

import asyncio
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

import structlog

from source.adapters.discord.replies.look import Look
from source.adapters.discord.replies.nonces import line_number
from source.domain.errors import StoreError
from source.domain.thread import Platform
from source.domain.turn import SentPart
from source.ports.store import ChannelStore

log = structlog.get_logger(__name__)

# Parts of the text count from 0; below are the messages that are none.
_FAILURE: Final = -1
_FIRST_NOTICE: Final = -2
_MOST_REPLIES: Final = 10_000


@dataclass(slots=True)
class Part:
    """A message of a reply; `look` is None while it is not known what it shows."""

    message_id: int
    look: Look | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """The message that says that there is no reply now; `answering` counts the events that it speaks of."""

    message_id: int
    sentence: str
    answering: int


@dataclass(slots=True)
class ShownReply:
    """What stands in a thread of the reply to the event `key`.

    `leftovers` are messages that show nothing of it any more and have to go once it stands. Of one that is
    `is_recovered` an earlier process may have posted more than it could note. It `may_attach` a file until one is
    refused. What could not be delivered is `put_off_in` its channel; who changes that, or delivers, has the `lock`.
    """

    key: int | None
    parts: list[Part] = field(default_factory=list)
    leftovers: list[int] = field(default_factory=list)
    failure: Failure | None = None
    noticed: set[int] = field(default_factory=set)
    is_recovered: bool = False
    may_attach: bool = True
    put_off_in: int | None = None
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    def give_up(self, first: int = 0) -> None:
        """Let go of the parts from `first` on: others take their place."""
        self.leftovers += [part.message_id for part in self.parts[first:]]
        del self.parts[first:]

    def give_up_failure(self) -> None:
        """Let go of the message that said that there was no reply."""
        if self.failure is not None:
            self.leftovers.append(self.failure.message_id)
            self.failure = None


class ShownReplies:
    """Every reply that is on its way; the store keeps where its messages are."""

    def __init__(self, store: ChannelStore) -> None:
        self._store = store
        self._replies: OrderedDict[int, ShownReply] = OrderedDict()

    async def load(self) -> None:
        """Bring back what an earlier process had begun to show; raises StoreError."""
        for part in await self._store.unfinished_parts(Platform.DISCORD):
            _place(self.of(part.key), part)
        for reply in self._replies.values():
            _sort_out(reply)

    def of(self, key: int | None) -> ShownReply:
        """Return what is shown of the reply to this event; a reply to none is known to its caller alone."""
        if key is None:
            return ShownReply(None)
        found = self._replies.get(key)
        if found is None:
            found = self._replies[key] = ShownReply(key)
            if len(self._replies) > _MOST_REPLIES:
                self._replies.popitem(last=False)
        return found

    def put_off(self, channel_id: int) -> list[ShownReply]:
        """Return the replies that could not be delivered there."""
        return [reply for reply in self._replies.values() if reply.put_off_in == channel_id]

    def forget(self, key: int | None) -> None:
        """The reply is delivered: nothing of it will change any more."""
        if key is not None:
            self._replies.pop(key, None)

    def note_part(self, reply: ShownReply, number: int) -> None:
        self._note(reply, number, reply.parts[number].message_id)

    def note_failure(self, reply: ShownReply, failure: Failure) -> None:
        reply.failure = failure
        self._note(reply, _FAILURE, failure.message_id)

    def note_notice(self, reply: ShownReply, line: str, message_id: int) -> None:
        reply.noticed.add(line_number(line))
        self._note(reply, _FIRST_NOTICE - line_number(line), message_id)

    def _note(self, reply: ShownReply, part: int, message_id: int) -> None:
        if reply.key is None:
            return
        try:
            self._store.note_sent(Platform.DISCORD, SentPart(reply.key, part, str(message_id)))
        except StoreError as error:
            log.warning("discord_part_not_noted", error=type(error).__name__, reason=str(error))


def _place(reply: ShownReply, part: SentPart) -> None:
    """Put a part where it belongs; they come in order, of one part the newest last."""
    message_id = int(part.external_id)
    if part.part <= _FIRST_NOTICE:
        reply.noticed.add(_FIRST_NOTICE - part.part)
    elif part.part == _FAILURE:
        reply.give_up_failure()
        reply.failure = Failure(message_id, "", 0)
    elif part.part < len(reply.parts):
        reply.leftovers.append(reply.parts[part.part].message_id)
        reply.parts[part.part] = Part(message_id)
    elif part.part == len(reply.parts):
        reply.parts.append(Part(message_id))
    else:
        reply.leftovers.append(message_id)


def _sort_out(reply: ShownReply) -> None:
    """What was shown before a failure was told is not gone on with."""
    failure = reply.failure
    kept: Iterable[Part] = [part for part in reply.parts if failure is None or part.message_id > failure.message_id]
    reply.leftovers += [part.message_id for part in reply.parts if part not in kept]
    reply.parts = list(kept)
    reply.is_recovered = True
