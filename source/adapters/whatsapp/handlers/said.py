"""What people wrote or sent: answered, or carried out where it is a command."""

from dataclasses import dataclass, replace
from typing import Protocol

from source.adapters.whatsapp.answers import CommandAnswers
from source.adapters.whatsapp.file_words import FileWords
from source.adapters.whatsapp.items import Kept
from source.adapters.whatsapp.quoting import QuotedStore, quoted
from source.adapters.whatsapp.reading.messages import SAID
from source.adapters.whatsapp.reply import WhatsAppChannel
from source.domain.errors import RefusedInputError
from source.domain.thread import Platform
from source.domain.turn import InboundMessage
from source.services.commands import CommandService
from source.services.commands.typed_words import Commanded, Said, understood
from source.services.commands.vocabulary import CommandInvocation
from source.services.turn_service import TurnService


class AcceptedEvents(QuotedStore, Protocol):
    """What is needed of a `ChannelStore`."""

    async def is_accepted(self, platform: Platform, event_id: str) -> bool:
        """As in `ChannelStore`."""
        ...


@dataclass(frozen=True, slots=True)
class SaidHandler:
    """Implements `Handler` for what has a `text`."""

    turns: TurnService
    commands: CommandService
    channel: WhatsAppChannel
    answers: CommandAnswers
    words: FileWords
    events: AcceptedEvents

    def ahead(self, kept: Kept) -> None:
        """Begin to look at a file whose turn comes soon, unless its sender may not send more or a person looks."""
        if kept.kind != SAID or "file" not in kept.content or self.turns.is_attended(kept.thread.key):
            return
        inbound = InboundMessage(kept.key, kept.thread, kept.person, str(kept.content["text"]), kept.sent_at)
        if self.turns.refusal_of(inbound) is None:
            self.words.begin(kept)

    async def see_to(self, kept: Kept) -> None:
        meant = self._meant(kept)
        if isinstance(meant, Commanded):
            await self._carry_out(kept, meant)
            return
        reply_to, quote = kept.content.get("reply_to"), await quoted(self.events, kept)
        text = _below(quote, meant.text)
        inbound = InboundMessage(kept.key, kept.thread, kept.person, text, kept.sent_at, reply_to=reply_to)
        # What a person looks at themselves is not shown to a model.
        if "file" in kept.content and not self.turns.is_attended(kept.thread.key):
            await self._take_with_file(kept, inbound, quote)
        else:
            await self.turns.accept(inbound, self.channel)
        self.words.drop(kept)

    def _meant(self, kept: Kept) -> Said | Commanded:
        """Return what was typed or tapped; what Echo no longer offers is what it was called.

        Raises: RefusedInputError: a command that was typed wrongly.
        """
        tapped, text = kept.content.get("command"), str(kept.content["text"])
        if tapped is not None:
            try:
                meant = understood(str(tapped), self.commands.vocabulary)
            except RefusedInputError:
                return Said(text)
            if isinstance(meant, Commanded):
                return meant
        return Said(text) if "file" in kept.content else understood(text, self.commands.vocabulary)

    async def _take_with_file(self, kept: Kept, inbound: InboundMessage, quote: str) -> None:
        """Have a file looked at, which others do not wait for, and accept what it says."""
        if await self.events.is_accepted(Platform.WHATSAPP, kept.key):
            return
        refusal = self.turns.refusal_of(inbound)
        if refusal is not None:
            raise RefusedInputError(refusal)
        with self.turns.expecting(kept.thread.key):
            told = await self.words.told(kept)
            waiting = await self.turns.accept(replace(inbound, text=_below(quote, told.text)), self.channel)
        if waiting is not None:
            self.words.media.usage.note(kept.thread.key, told.usage, after=waiting.settled)

    async def _carry_out(self, kept: Kept, meant: Commanded) -> None:
        invocation = CommandInvocation(
            meant.name, kept.thread, kept.person, meant.options, channel=self.channel, invocation_id=kept.key
        )
        await self.answers.show(kept.thread, await self.commands.run(invocation))


def _below(quote: str, text: str) -> str:
    return f"{quote}\n\n{text}" if quote else text
