"""The command that gives a conversation as a file."""

from source.domain.conversation_head import ConversationState
from source.ports.store import ConversationCatalog
from source.services.commands.numbered import Eligible, about, chosen
from source.services.commands.vocabulary import CommandInvocation, CommandReply, ExportedFile
from source.services.export import Exporter, ExportFormat, encoded

EXPORTABLE = Eligible(
    frozenset(ConversationState), none_left="There is no conversation of yours here that could be exported."
)


class ExportCommand:
    """`/export`."""

    def __init__(self, exporter: Exporter, catalog: ConversationCatalog) -> None:
        self._exporter = exporter
        self._catalog = catalog

    async def export(self, invocation: CommandInvocation) -> CommandReply:
        """Give a conversation of the person's as a file: the latest one here, or another by its number."""
        form = ExportFormat(invocation.text("format") or ExportFormat.JSON)
        listing = await chosen(self._catalog, invocation, EXPORTABLE)
        conversation = await self._exporter.whole(listing.conversation_id, listing.thread)
        said = f"{listing.message_count} message{'s' if listing.message_count != 1 else ''}"
        file = ExportedFile(conversation.head.filename, await encoded(conversation, form))
        return CommandReply(f"Here is {about(listing)}: {said}, as {form.name}.", file=file)
