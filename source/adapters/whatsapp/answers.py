"""What a command answers: text, a file, and what can be tapped next."""

from dataclasses import dataclass
from typing import Final, Protocol

import structlog

from source.adapters.whatsapp.choices import MOST_BODY_CHARS, interactive_of
from source.adapters.whatsapp.documents import Document, document_of
from source.adapters.whatsapp.formatting import for_whatsapp
from source.adapters.whatsapp.graph import UnknownOutcomeError
from source.adapters.whatsapp.reply import WhatsAppChannel
from source.domain.errors import DeliveryError
from source.domain.thread import ThreadRef
from source.services.commands.vocabulary import CommandReply, ExportedFile

log = structlog.get_logger(__name__)

# Meta's most for a caption.
_MOST_CAPTION_CHARS: Final = 1_024
_NEXT: Final = "What next?"
_NOT_SENT: Final = "That file could not be sent just now. Please ask for it again in a moment."


class Uploads(Protocol):
    """Gives Meta files."""

    async def uploaded(self, content: bytes, media_type: str, name: str) -> str:
        """Return the file's id. Raises: DeliveryError."""
        ...


@dataclass(frozen=True, slots=True)
class CommandAnswers:
    """Shows answers in a thread, each once; where one cannot arrive, that is logged."""

    channel: WhatsAppChannel
    uploads: Uploads

    async def show(self, thread: ThreadRef, reply: CommandReply) -> None:
        """Show all of an answer.

        Raises: RefusedInputError: its file is larger than can be sent; the text says so.
        """
        if reply.file is not None:
            await self._give(thread, reply.file, reply.text)
        elif reply.choices:
            await self._offer(thread, reply)
        elif reply.text:
            await self.channel.tell(thread, reply.text)

    async def _give(self, thread: ThreadRef, file: ExportedFile, text: str) -> None:
        document = document_of(file)
        caption = for_whatsapp(text)
        if len(caption) > _MOST_CAPTION_CHARS:
            await self.channel.tell(thread, text)
            caption = ""
        try:
            await self._send(thread, document, caption)
        except UnknownOutcomeError as error:
            # It may have arrived: nothing is sent twice.
            log.warning("file_unknown", error=str(error))
        except DeliveryError as error:
            log.warning("file_undelivered", error=str(error), size_bytes=len(document.content))
            await self.channel.tell(thread, _NOT_SENT)

    async def _send(self, thread: ThreadRef, document: Document, caption: str) -> None:
        media_id = await self.uploads.uploaded(document.content, document.media_type, document.name)
        body = {"id": media_id, "filename": document.name}
        await self.channel.show(thread, "document", body | ({"caption": caption} if caption else {}))

    async def _offer(self, thread: ThreadRef, reply: CommandReply) -> None:
        """Show text with what can be tapped below it; what is too long for that comes first."""
        text = for_whatsapp(reply.text)
        if len(text) > MOST_BODY_CHARS:
            await self.channel.tell(thread, reply.text)
            text = _NEXT
        body = interactive_of(text, reply.choices)
        if body is None:
            await self.channel.tell(thread, reply.text)
            return
        try:
            await self.channel.show(thread, "interactive", body)
        except UnknownOutcomeError as error:
            log.warning("choices_unknown", error=str(error))
        except DeliveryError as error:
            log.warning("choices_undelivered", error=str(error))
            await self.channel.tell(thread, text)
