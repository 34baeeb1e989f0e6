"""What following people's edits and deletions writes."""

from sqlalchemy import Connection, select

from source.adapters.storage import event_reading
from source.adapters.storage.search_index import SearchIndex
from source.adapters.storage.statements import Statements
from source.adapters.storage.tables import messages
from source.adapters.storage.write_operations import Amend, Correct
from source.domain.errors import StoreError
from source.domain.message import MessageType
from source.domain.turn import AcceptedEvent, EventState


class CorrectionWrites:
    """Changes what was said inside the caller's transaction."""

    def __init__(self, statements: Statements, index: SearchIndex) -> None:
        self._statements = statements
        self._index = index

    def amend(self, connection: Connection, given: Amend) -> AcceptedEvent | None:
        """Change or take back an event that has no answer yet; return it as it stands, None when there is none."""
        # Taken back, it is finished: nobody waits for an answer to it.
        state = EventState.DELIVERED if given.text is None else EventState.ACCEPTED
        row = (given.platform.value, given.event_id, given.text, state.value)
        if not self._statements.amend_event.run(connection, [row]):
            return None
        return event_reading.accepted(connection, given.platform, given.event_id)

    def correct(self, connection: Connection, given: Correct) -> None:
        """Replace a message's text, time of the edit and standing.

        Raises: StoreError: there is no such message.
        """
        message = given.message
        query = select(messages.c.seq, messages.c.message_type, messages.c.content).where(
            messages.c.conversation_id == given.conversation_id, messages.c.id == message.message_id
        )
        stored = connection.execute(query).first()
        if stored is None:
            raise StoreError("a correction of a message that the store does not have")
        if stored.message_type == MessageType.CHAT.value and stored.content != message.message_content:
            self._index.replace(connection, stored.seq, stored.content, message.message_content)
        row = (stored.seq, message.message_content, message.edited_at, message.standing.value)
        self._statements.correct_message.run(connection, [row])
