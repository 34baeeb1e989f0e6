"""What people think of single messages, in the database."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import ColumnElement, Connection, delete, exists, or_, select

from source.adapters.storage.reaction_tables import reactions
from source.adapters.storage.sql_access import SqlAccess, insert_of
from source.adapters.storage.tables import events, sent_parts
from source.ports.reactions import ReactedReply, Reaction

_AT: Final = reactions.c
_PART: Final = sent_parts.c


class ReactionTable:
    """Implements `ReactionStore`."""

    def __init__(self, access: SqlAccess) -> None:
        self._access = access

    async def put(self, reaction: Reaction) -> bool:
        return await self._access.change(lambda connection, _now: _put(connection, reaction))

    async def reply_of(self, reaction: Reaction) -> ReactedReply | None:
        return await self._access.read(_reply_of, reaction)


def delete_reactions(connection: Connection, keys: Sequence[int]) -> None:
    """Delete what people think of these events and of the replies to them; their parts have to be known still."""
    for table, name, key in ((events, events.c.event_id, events.c.id), (sent_parts, _PART.external_id, _PART.key)):
        gone = select(name).where(key.in_(keys), table.c.platform == _AT.platform)
        connection.execute(delete(reactions).where(_AT.message_id.in_(gone)))


def _put(connection: Connection, reaction: Reaction) -> bool:
    if connection.execute(select(_is_known(reaction))).scalar() is not True:
        return False
    values = {
        "platform": reaction.platform.value,
        "message_id": reaction.external_id,
        "external_id": reaction.person.external_id,
        "emoji": reaction.emoji,
        "reacted_at": reaction.at,
    }
    put = insert_of(connection, reactions).values(values)
    newer = put.on_conflict_do_update(
        index_elements=["platform", "message_id", "external_id"],
        set_={"emoji": put.excluded.emoji, "reacted_at": put.excluded.reacted_at},
        where=_AT.reacted_at <= put.excluded.reacted_at,
    )
    return connection.execute(newer.returning(_AT.message_id)).first() is not None


def _is_known(reaction: Reaction) -> ColumnElement[bool]:
    """Whether the message is a person's that was accepted, or shows a part of a reply."""
    said = exists().where(events.c.platform == reaction.platform.value, events.c.event_id == reaction.external_id)
    return or_(said, exists().where(*_is_part(reaction)))


def _reply_of(connection: Connection, reaction: Reaction) -> ReactedReply | None:
    key = connection.execute(select(_PART.key).where(*_is_part(reaction))).scalar()
    if key is None:
        return None
    parts = select(_PART.external_id).where(_PART.platform == reaction.platform.value, _PART.key == key)
    query = select(_AT.emoji).where(
        _AT.platform == reaction.platform.value,
        _AT.external_id == reaction.person.external_id,
        _AT.message_id.in_(parts),
        _AT.emoji != "",
    )
    return ReactedReply(key, tuple(connection.execute(query.order_by(_AT.reacted_at.desc())).scalars()))


def _is_part(reaction: Reaction) -> tuple[ColumnElement[bool], ...]:
    return (_PART.platform == reaction.platform.value, _PART.external_id == reaction.external_id)
