"""Metadata and status in bulk, as tasks."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Final

from source.domain.errors import RefusedInputError
from source.domain.task import Json, Lane
from source.ports.metadata import MetadataStore, StatusChange
from source.services.chat_ids import ConversationBook, known_threads
from source.services.metadata import MetadataService, Tally
from source.services.task_input import flag_in, ids_in, names_in, refuse_unknown_keys
from source.services.task_results import merged, remarked, summed

_WHICH: Final = ("conversation_ids", "chat_ids", "message_ids")
_CONVERSATIONS_A_PIECE: Final = 10
# The first run after a long time without one; what is left is found by the next.
_MOST_AT_ONCE: Final = 20_000
_MESSAGES_A_PIECE: Final = 50
_MARKED_A_PIECE: Final = 2_000
_MARKED_CONVERSATIONS_A_PIECE: Final = 20
_NONE_ANALYZED: Final = "No message was analyzed: none needs it."
_NONE_MARKED: Final = "No message was marked: people have said none of these."


class UpdateMetadata:
    """Has messages analyzed: those named, or all that no analysis covers."""

    lane = Lane.ANYWHERE

    def __init__(self, service: MetadataService, store: MetadataStore, book: ConversationBook) -> None:
        self._service = service
        self._store = store
        self._book = book

    def checked(self, given: Json) -> Json:
        refuse_unknown_keys(given, _WHICH)
        read: Mapping[str, list[int] | list[str] | None] = {
            "conversation_ids": ids_in(given, "conversation_ids"),
            "chat_ids": names_in(given, "chat_ids"),
            "message_ids": ids_in(given, "message_ids"),
        }
        named = {key: value for key, value in read.items() if value is not None}
        if len(named) > 1:
            raise RefusedInputError(f"Name one of {', '.join(_WHICH)}, or none of them for all that is not analyzed.")
        return named

    async def plan(self, given: Json) -> Sequence[Json]:
        messages = ids_in(given, "message_ids")
        if messages is not None:
            return _pieces("message_ids", messages, _MESSAGES_A_PIECE)
        named = await self._conversations(given)
        wanted = await self._store.unanalyzed(limit=_MOST_AT_ONCE) if named is None else named
        pieces = _pieces("conversation_ids", wanted, _CONVERSATIONS_A_PIECE)
        return pieces if named is None else [{**piece, "again": True} for piece in pieces]

    async def perform(self, piece: Json) -> Json:
        messages = ids_in(piece, "message_ids")
        if messages is not None:
            return _told(await self._service.analyze_messages(messages))
        wanted = ids_in(piece, "conversation_ids") or []
        return _told(await self._service.analyze_conversations(wanted, again=bool(flag_in(piece, "again"))))

    def report(self, results: Sequence[Json]) -> Json:
        counted = summed(results, "conversations", "messages", "by_model", "offline")
        failed = merged(results, "failed")
        return remarked({**counted, "failed": failed}, results, _NONE_ANALYZED, unless=(counted["messages"], failed))

    async def _conversations(self, given: Json) -> list[int] | None:
        chats = names_in(given, "chat_ids")
        if chats is None:
            return ids_in(given, "conversation_ids")
        found = await self._book.conversations_of([thread.key for thread in await known_threads(self._book, chats)])
        return [conversation_id for ids in found.values() for conversation_id in ids]


class UpdateStatus:
    """Marks messages as read or processed, or not: those named, or all that people said in conversations."""

    lane = Lane.ANYWHERE

    def __init__(self, store: MetadataStore) -> None:
        self._store = store

    def checked(self, given: Json) -> Json:
        refuse_unknown_keys(given, ("message_ids", "conversation_ids", "is_read", "is_processed"))
        messages, conversations = ids_in(given, "message_ids"), ids_in(given, "conversation_ids")
        if (messages is None) == (conversations is None):
            raise RefusedInputError("Name either message_ids or conversation_ids.")
        status = _status(given)
        if status == StatusChange():
            raise RefusedInputError("Say what to set: is_read, is_processed or both.")
        which: Json = {"conversation_ids": conversations} if messages is None else {"message_ids": messages}
        return {**which, **{key: value for key, value in asdict(status).items() if value is not None}}

    async def plan(self, given: Json) -> Sequence[Json]:
        messages, conversations = ids_in(given, "message_ids") or [], ids_in(given, "conversation_ids") or []
        pieces = [
            *_pieces("message_ids", messages, _MARKED_A_PIECE),
            *_pieces("conversation_ids", conversations, _MARKED_CONVERSATIONS_A_PIECE),
        ]
        return [{**piece, **asdict(_status(given))} for piece in pieces]

    async def perform(self, piece: Json) -> Json:
        status = _status(piece)
        named = await self._store.mark(ids_in(piece, "message_ids") or [], status)
        # Side by side, they share their commits.
        marking = (self._marked(conversation_id, status) for conversation_id in ids_in(piece, "conversation_ids") or [])
        return {"updated": named + sum(await asyncio.gather(*marking))}

    def report(self, results: Sequence[Json]) -> Json:
        counted = summed(results, "updated")
        return remarked(counted, results, _NONE_MARKED, unless=counted.values())

    async def _marked(self, conversation_id: int, status: StatusChange) -> int:
        """Mark a conversation in steps; return how many messages that were."""
        updated, last = 0, 0
        while True:
            step, more = await self._store.mark_conversation(conversation_id, status, after=last)
            updated += step
            if more is None:
                return updated
            last = more


def _status(given: Json) -> StatusChange:
    return StatusChange(is_read=flag_in(given, "is_read"), is_processed=flag_in(given, "is_processed"))


def _told(tally: Tally) -> Json:
    return {
        "conversations": tally.conversations,
        "messages": tally.by_model + tally.offline,
        "by_model": tally.by_model,
        "offline": tally.offline,
        "failed": {str(conversation_id): sentence for conversation_id, sentence in tally.failed.items()},
    }


def _pieces(key: str, ids: Sequence[int], size: int) -> list[dict[str, object]]:
    return [{key: list(ids[start : start + size])} for start in range(0, len(ids), size)]
