"""Messages of a platform that commands are about."""

from typing import Protocol

from source.domain.errors import RefusedInputError
from source.domain.thread import Platform
from source.domain.turn import SaidMessage
from source.ports.store import ConversationCatalog
from source.services.commands.numbered import is_seen
from source.services.commands.vocabulary import CommandInvocation

# Whether it is nobody's or somebody else's is nothing to tell.
_NOT_SEEN = "That message is of no conversation that you had with me here."


class SaidMessages(Protocol):
    """What is needed of a `ChannelStore`."""

    async def find(self, platform: Platform, external_id: str) -> SaidMessage | None:
        """As in `ChannelStore`."""
        ...


class MessageFinder:
    """Finds what a message of a platform is in the history."""

    def __init__(self, said: SaidMessages, catalog: ConversationCatalog) -> None:
        self._said = said
        self._catalog = catalog

    async def found(self, external_id: str, invocation: CommandInvocation) -> SaidMessage | None:
        """Return where the message stands, for whatever eyes."""
        return await self._said.find(invocation.thread.platform, external_id)

    async def visible(self, external_id: str, invocation: CommandInvocation) -> SaidMessage:
        """Return where the message stands.

        Raises: RefusedInputError: it stands nowhere, or where the person does not see it.
        """
        said = await self.found(external_id, invocation)
        if said is None or not await is_seen(self._catalog, invocation, said.thread.key, said.conversation_id):
            raise RefusedInputError(_NOT_SEEN)
        return said
