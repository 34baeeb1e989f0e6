"""Archiving and restoring as tasks."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from source.domain.errors import RefusedInputError
from source.domain.task import Json, Lane
from source.ports.archives import ArchiveRule
from source.services.archive import Archived, ArchiveRequest, ArchiveService
from source.services.chat_ids import ConversationBook, threads_of
from source.services.side_by_side import each_for_itself
from source.services.task_input import flag_in, ids_in, names_in, refuse_unknown_keys
from source.services.task_results import joined, merged, remarked

_A_PIECE: Final = 25
_LONGEST_REASON_CHARS: Final = 500
_BY_RULE: Final = "schedule"
_BY_REQUEST: Final = "request"
_NOT_ARCHIVED: Final = "Nothing was brought back: none of it is archived."


class ArchiveConversations:
    """Archives the named chats or conversations or, without names, what is due by the settings."""

    # The folder of the transcripts and the conversations in memory are the owner's.
    lane = Lane.OWNER

    def __init__(self, archive: ArchiveService, book: ConversationBook) -> None:
        self._archive = archive
        self._book = book

    def checked(self, given: Json) -> Json:
        refuse_unknown_keys(given, ("chat_ids", "conversation_ids", "reason", "compress"))
        chats, conversations = names_in(given, "chat_ids"), ids_in(given, "conversation_ids")
        if chats is not None and conversations is not None:
            raise RefusedInputError("Name either chat_ids or conversation_ids, or neither for what is due.")
        reason = given.get("reason") or ""
        if not isinstance(reason, str) or len(reason) > _LONGEST_REASON_CHARS:
            raise RefusedInputError(f"reason must be a text of at most {_LONGEST_REASON_CHARS} characters.")
        which: Json = {"chat_ids": chats} if chats is not None else {"conversation_ids": conversations}
        return {**which, "reason": reason, "compress": flag_in(given, "compress")}

    async def plan(self, given: Json) -> Sequence[Json]:
        await self._archive.check()
        named, unknown = await _named(given, self._book)
        how: dict[str, object] = {"reason": given.get("reason") or "", "compress": given.get("compress")}
        if named is None:
            rule = self._archive.rule()
            how |= {"by": _BY_RULE, "rule": _rule_as_json(rule), "reason": how["reason"] or "old enough"}
            named = await self._archive.due(rule)
        else:
            how["by"] = _BY_REQUEST
        # What this very task archived before it was cut off counts as archived by it.
        how["since"] = self._archive.now().isoformat()
        pieces: list[Json] = [{**how, "conversation_ids": part} for part in _parts(named)]
        return [*pieces, {"unknown": unknown}] if unknown else pieces

    async def perform(self, piece: Json) -> Json:
        if unknown := names_in(piece, "unknown"):
            return {"failed": dict.fromkeys(unknown, "There is no such chat.")}
        wanted = ids_in(piece, "conversation_ids") or []
        request = ArchiveRequest(
            by=str(piece["by"]),
            reason=str(piece["reason"]),
            compress=flag_in(piece, "compress"),
            rule=_rule_from(piece.get("rule")),
        )
        since = datetime.fromisoformat(str(piece["since"]))

        async def archive(conversation_id: int) -> Archived:
            outcome = await self._archive.archive(conversation_id, request)
            is_ours = outcome is Archived.ALREADY and await self._archive.was_archived(conversation_id, since)
            return Archived.ARCHIVED if is_ours else outcome

        outcomes = await each_for_itself(wanted, archive)
        return {
            "archived": [each for each in wanted if outcomes.done.get(each) is Archived.ARCHIVED],
            "skipped": {
                str(each): outcome.value for each, outcome in outcomes.done.items() if outcome is not Archived.ARCHIVED
            },
            "failed": _by_text(outcomes.failed),
        }

    def report(self, results: Sequence[Json]) -> Json:
        archived, failed, skipped = joined(results, "archived"), merged(results, "failed"), merged(results, "skipped")
        output = {"archived": archived, "skipped": skipped, "failed": failed}
        why = "`skipped` says why." if skipped else "no conversation is due."
        return remarked(output, results, f"Nothing was archived: {why}", unless=(archived, failed))


class UnarchiveConversation:
    """Brings the archived conversations of a chat back, or one conversation."""

    lane = Lane.OWNER

    def __init__(self, archive: ArchiveService, book: ConversationBook) -> None:
        self._archive = archive
        self._book = book

    def checked(self, given: Json) -> Json:
        refuse_unknown_keys(given, ("chat_id", "conversation_id"))
        chat, conversation = given.get("chat_id"), given.get("conversation_id")
        if (chat is None) == (conversation is None):
            raise RefusedInputError("Name either chat_id or conversation_id.")
        chats = names_in({"chat_id": None if chat is None else [chat]}, "chat_id")
        conversations = ids_in({"conversation_id": None if conversation is None else [conversation]}, "conversation_id")
        return {"chat_ids": chats} if chats is not None else {"conversation_ids": conversations}

    async def plan(self, given: Json) -> Sequence[Json]:
        await self._archive.check()
        named, unknown = await _named(given, self._book)
        # Only these: what a piece finds brought back already, it has brought back itself before it was cut off.
        archived = await self._archive.archived_of(named or [])
        pieces: list[Json] = [{"conversation_ids": part} for part in _parts(archived)]
        return [*pieces, {"unknown": unknown}] if unknown else pieces

    async def perform(self, piece: Json) -> Json:
        if unknown := names_in(piece, "unknown"):
            return {"failed": dict.fromkeys(unknown, "There is no such chat.")}
        wanted = ids_in(piece, "conversation_ids") or []
        outcomes = await each_for_itself(wanted, self._archive.restore)
        returned = [outcomes.done[each] for each in wanted if each in outcomes.done]
        return {
            "restored": [each.conversation_id for each in returned],
            "rewritten": {str(each.conversation_id): each.remark for each in returned if each.remark},
            "failed": _by_text(outcomes.failed),
        }

    def report(self, results: Sequence[Json]) -> Json:
        restored, failed = joined(results, "restored"), merged(results, "failed")
        output = {"restored": restored, "rewritten": merged(results, "rewritten"), "failed": failed}
        return remarked(output, results, _NOT_ARCHIVED, unless=(restored, failed))


async def _named(given: Json, book: ConversationBook) -> tuple[list[int] | None, list[str]]:
    """Return the conversations that are named, and the chats that there are not; None: nothing is named."""
    chats = names_in(given, "chat_ids")
    if chats is None:
        return ids_in(given, "conversation_ids"), []
    unknown: list[str] = []
    found: dict[int, None] = {}
    for chat_id in chats:
        keys = [thread.key for thread in await threads_of(book, chat_id)]
        if not keys:
            unknown.append(chat_id)
        for conversation_ids in (await book.conversations_of(keys)).values():
            found |= dict.fromkeys(conversation_ids)
    return list(found), unknown


def _parts(conversation_ids: Sequence[int]) -> list[list[int]]:
    return [list(conversation_ids[start : start + _A_PIECE]) for start in range(0, len(conversation_ids), _A_PIECE)]


def _by_text(failed: dict[int, str]) -> dict[str, str]:
    return {str(conversation_id): sentence for conversation_id, sentence in failed.items()}


def _rule_as_json(rule: ArchiveRule) -> Json:
    moments = {
        "inactive_before": rule.inactive_before,
        "begun_before": rule.begun_before,
        "recalled_since": rule.recalled_since,
    }
    return {name: moment and moment.isoformat() for name, moment in moments.items()}


def _rule_from(given: object) -> ArchiveRule | None:
    if not isinstance(given, dict):
        return None
    return ArchiveRule(
        inactive_before=_moment(given["inactive_before"]),
        begun_before=_moment(given["begun_before"]),
        recalled_since=datetime.fromisoformat(given["recalled_since"]),
    )


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
