"""What follows for a memory when a message that it was made of reads otherwise than before."""

from typing import Final

from sqlalchemy import Connection, select

from source.adapters.storage.fact_writes import put_facts
from source.adapters.storage.operation_tables import conversation_memories as memories
from source.adapters.storage.profile_writes import forget_values_shown_by
from source.domain.memory import MemorySource, without_message

_PERSON: Final = MemorySource.PERSON.value


def forget_what_it_showed(connection: Connection, conversation_id: int, message_id: int) -> None:
    """Forget the memory, so that it is made anew; of what a person wrote, only what this message showed.

    A memory tells more than the words of the messages it cites: nothing less keeps the promise that deleted is deleted.
    """
    forget_values_shown_by(connection, conversation_id, message_id)
    here = memories.c.conversation_id == conversation_id
    known = connection.execute(select(memories).where(here, memories.c.covers_to >= message_id)).first()
    if known is None:
        return
    if known.source != _PERSON:
        connection.execute(memories.delete().where(here))
        return
    data = without_message(known.memory_data, message_id)
    left = {"memory_data": data, "covers_to": message_id - 1, "version": known.version + 1}
    connection.execute(memories.update().where(here).values(**left))
    put_facts(connection, conversation_id, data, MemorySource.PERSON, known.updated_at)
