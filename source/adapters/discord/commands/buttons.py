"""Clicks on the buttons under a reply; everything they need is in their custom id and the store."""

from collections.abc import Awaitable, Callable
from typing import Final, Protocol

import structlog

from source.adapters.discord.commands.answer import acknowledge_click, tell
from source.adapters.discord.commands.surroundings import AnyInteraction, Surroundings, data_of
from source.adapters.discord.replies.custom_ids import Control, parse
from source.domain.errors import EchoError, RefusedInputError, StoreError
from source.domain.message import Message
from source.domain.thread import PersonRef, ThreadKey, ThreadRef
from source.domain.turn import Feedback, InboundKind, InboundMessage, SaidMessage
from source.ports.channel import Channel
from source.ports.clock import Clock
from source.ports.store import ChannelStore

log = structlog.get_logger(__name__)

_NOT_RUNNING: Final = "There is no answer to stop."
_NOT_THE_LATEST: Final = "Only my latest answer can be given again."
_GONE: Final = "I no longer have that answer."
_THANKS: Final = "Thank you, noted."
_UNSAVED: Final = "I can't reach my memory right now; please try again in a moment."
_BROKEN: Final = "Something went wrong on my side. Please try again."
_VALUES: Final = {Control.GOOD: 1, Control.BAD: -1}


class Turns(Protocol):
    """What buttons need of the turn service."""

    async def handle(self, inbound: InboundMessage, channel: Channel, *, is_unlimited: bool = False) -> None: ...

    def stop(self, thread: ThreadKey, *, answering: int | None = None) -> bool: ...


LastReply = Callable[[ThreadRef], Awaitable[Message | None]]


class Buttons:
    """Stop, Retry, 👍 and 👎."""

    def __init__(
        self, turns: Turns, store: ChannelStore, surroundings: Surroundings, clock: Clock, *, last_reply: LastReply
    ) -> None:
        self._turns = turns
        self._store = store
        self._surroundings = surroundings
        self._clock = clock
        self._last_reply = last_reply
        self._being_retried: set[int] = set()

    async def click(self, interaction: AnyInteraction) -> None:
        """Acknowledge the click and do what the button says; buttons of others are left alone."""
        found = parse(str(data_of(interaction).get("custom_id", "")))
        if found is None or not await acknowledge_click(interaction):
            return
        control, key = found
        try:
            sentence = await self._act(interaction, control, key)
        except RefusedInputError as error:
            sentence = str(error)
        except StoreError as error:
            log.warning("click_failed", control=control.value, error=type(error).__name__, reason=str(error))
            sentence = _UNSAVED
        except EchoError as error:
            log.warning("click_failed", control=control.value, error=type(error).__name__, reason=str(error))
            sentence = _BROKEN
        except Exception:
            log.exception("click_broke", control=control.value)
            sentence = _BROKEN
        if sentence:
            await tell(interaction, sentence, is_click=True)

    async def _act(self, interaction: AnyInteraction, control: Control, key: int) -> str:
        self._surroundings.check(interaction)
        thread = self._surroundings.place_of(interaction).thread
        person = self._surroundings.person_of(interaction)
        match control:
            case Control.STOP:
                return "" if self._turns.stop(thread.key, answering=key) else _NOT_RUNNING
            case Control.RETRY:
                return await self._retry(interaction, thread, person, key)
            case Control.GOOD | Control.BAD:
                return await self._judge(thread, person, key, _VALUES[control])

    async def _retry(self, interaction: AnyInteraction, thread: ThreadRef, person: PersonRef, key: int) -> str:
        said = await self._store.reply_to_event(key)
        if said is not None and not await self._is_latest(said, thread):
            return _NOT_THE_LATEST
        wish = InboundMessage(f"retry-{interaction.id}", thread, person, "", self._clock.now(), kind=InboundKind.RETRY)
        is_unlimited = self._surroundings.is_unlimited(interaction)
        if said is None:
            await self._turns.handle(wish, self._surroundings.channel, is_unlimited=is_unlimited)
            return ""
        # The same reply is given again once, however often the button is clicked meanwhile.
        reply_id = said.message.message_id
        if reply_id not in self._being_retried:
            self._being_retried.add(reply_id)
            try:
                await self._turns.handle(wish, self._surroundings.channel, is_unlimited=is_unlimited)
            finally:
                self._being_retried.discard(reply_id)
        return ""

    async def _is_latest(self, said: SaidMessage, thread: ThreadRef) -> bool:
        if said.thread.key != thread.key:
            return False
        last = await self._last_reply(thread)
        return last is not None and last.message_id == said.message.message_id

    async def _judge(self, thread: ThreadRef, person: PersonRef, key: int, value: int) -> str:
        said = await self._store.reply_to_event(key)
        if said is None or said.thread.key != thread.key:
            return _GONE
        await self._store.put_feedback(Feedback(key, person, value, self._clock.now()))
        return _THANKS
