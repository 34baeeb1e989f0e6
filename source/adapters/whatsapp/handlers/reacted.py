"""What people think of a message by an emoji; nobody is answered for that."""

from dataclasses import dataclass

import structlog

from source.adapters.whatsapp.items import Kept
from source.domain.opinions import opinion_of
from source.domain.thread import Platform
from source.domain.turn import Feedback
from source.ports.reactions import Reaction, ReactionStore
from source.ports.store import ChannelStore

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ReactedHandler:
    """Implements `Handler`: keeps a reaction; one to a reply of Echo's is an opinion of that reply as well."""

    reactions: ReactionStore
    store: ChannelStore

    async def see_to(self, kept: Kept) -> None:
        emoji = str(kept.content["emoji"])
        reaction = Reaction(Platform.WHATSAPP, str(kept.content["to"]), kept.person, emoji, kept.sent_at)
        if not await self.reactions.put(reaction):
            log.info("reaction_ignored")
            return
        reply = await self.reactions.reply_of(reaction)
        if reply is not None:
            await self.store.put_feedback(Feedback(reply.key, kept.person, opinion_of(reply.emojis), kept.sent_at))
