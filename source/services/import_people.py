"""Who the people of an export are to Echo."""

from dataclasses import replace

from source.domain.imports.chat import PHONE, ExportedMessage
from source.domain.thread import PersonRef, Platform, ThreadRef
from source.ports.webhooks import ContactStore


class ImportPeople:
    """Puts Echo's own id in the place of numbers, so that somebody is who they are when they write to Echo.

    Only of whom something new is imported: who was forgotten stays so.
    """

    def __init__(self, contacts: ContactStore) -> None:
        self._contacts = contacts
        self._known: dict[str, str] = {}

    async def thread(self, thread: ThreadRef) -> ThreadRef:
        """Return the thread of a chat as Echo has it."""
        return replace(thread, thread_id=await self._id_of(thread.platform, thread.thread_id))

    async def message(self, message: ExportedMessage, platform: Platform) -> ExportedMessage:
        """Return a message with who said it."""
        speaker = message.speaker
        if speaker is None or not speaker.external_id.startswith(PHONE):
            return message
        known = await self._id_of(platform, speaker.external_id)
        return replace(message, speaker=PersonRef(known, speaker.display_name))

    async def _id_of(self, platform: Platform, address: str) -> str:
        if not address.startswith(PHONE):
            return address
        if address not in self._known:
            # A name in somebody's address book is not what they call themselves: it is not kept of the contact.
            self._known[address] = str((await self._contacts.met(platform, [address], None)).contact_id)
        return self._known[address]
