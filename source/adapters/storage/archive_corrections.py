"""What follows for an archive when a message of its conversation reads otherwise than before."""

from sqlalchemy import Connection, update

from source.adapters.storage.operation_tables import archives


def note_that_it_is_behind(connection: Connection, *conversation_ids: int) -> None:
    """Note that the transcripts have to be put away again: what was deleted must not stay in the archive."""
    connection.execute(update(archives).where(archives.c.conversation_id.in_(conversation_ids)).values(sha256=""))
