"""What people wrote: answered, or carried out where it is a command."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from source.adapters.whatsapp.items import Kept
from source.adapters.whatsapp.reply import WhatsAppChannel
from source.domain.turn import InboundMessage
from source.services.commands import CommandService
from source.services.commands.typed_words import Commanded, understood
from source.services.commands.vocabulary import CommandInvocation
from source.services.turn_service import TurnService

_NO_FILE: Final = "I cannot send files here yet: ask whoever runs this number for it."


@dataclass(frozen=True, slots=True)
class SaidHandler:
    """Implements `Handler` for what has a `text`."""

    turns: TurnService
    commands: CommandService
    channel: WhatsAppChannel

    async def see_to(self, kept: Kept) -> None:
        text, reply_to = str(kept.content["text"]), kept.content.get("reply_to")
        meant = understood(text, self.commands.vocabulary)
        if isinstance(meant, Commanded):
            await self._carry_out(kept, meant)
            return
        inbound = InboundMessage(kept.key, kept.thread, kept.person, meant.text, kept.sent_at, reply_to=reply_to)
        await self.turns.accept(inbound, self.channel)

    async def _carry_out(self, kept: Kept, meant: Commanded) -> None:
        invocation = CommandInvocation(
            meant.name, kept.thread, kept.person, meant.options, channel=self.channel, invocation_id=kept.key
        )
        reply = await self.commands.run(invocation)
        await self._tell(kept, [reply.text, _NO_FILE if reply.file is not None else ""])

    async def _tell(self, kept: Kept, lines: Sequence[str]) -> None:
        if any(lines):
            await self.channel.tell(kept.thread, "\n\n".join(filter(None, lines)))
