"""The clean-up as a task."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Final

from source.domain.errors import RefusedInputError
from source.domain.task import Json, Lane
from source.services.archive_mending import Mended
from source.services.cleanup import Cleanup
from source.services.side_by_side import each_for_itself
from source.services.task_input import flag_in, ids_in, refuse_unknown_keys
from source.services.task_results import joined, merged, remarked, summed

_A_PIECE: Final = 25
_MOST_DAYS: Final = 36_500
_SPACE_WITHIN: Final = timedelta(minutes=5)
_NOTHING_DUE: Final = "There was nothing to clean up."
_COUNTS: Final = (
    "deleted_conversations",
    "mended_archives",
    "compressed_archives",
    "removed_files",
    "removed_copies",
    "unknown_copies",
    "bytes_freed",
)


@dataclass(frozen=True, slots=True)
class CleanupSettings:
    """How the clean-up goes unless it is told otherwise; 0 days: never."""

    archive_retention_days: int = 365
    optimize_tables: bool = True
    compress_after_days: int = 30


class CleanupDatabase:
    """Deletes what is too old, removes what belongs to nothing, puts right what is behind, and gives space back."""

    lane = Lane.OWNER

    def __init__(self, cleanup: Cleanup, settings: CleanupSettings) -> None:
        self._cleanup = cleanup
        self._settings = settings
        self._steps: Mapping[str, Callable[[Json], Awaitable[Json]]] = {
            "expired": self._delete_expired,
            "rows": self._delete_rows,
            "mend": self._mend,
            "compress": self._compress,
            "files": self._remove_files,
            "copies": self._remove_copies,
            "space": self._give_back_space,
        }

    def checked(self, given: Json) -> Json:
        usual = asdict(self._settings)
        refuse_unknown_keys(given, tuple(usual))
        optimize = flag_in(given, "optimize_tables")
        return {
            "archive_retention_days": _days(given, "archive_retention_days", self._settings.archive_retention_days),
            "optimize_tables": self._settings.optimize_tables if optimize is None else optimize,
            "compress_after_days": _days(given, "compress_after_days", self._settings.compress_after_days),
        }

    async def plan(self, given: Json) -> Sequence[Json]:
        retention, compress_after = _within(given, "archive_retention_days"), _within(given, "compress_after_days")
        expired = await self._cleanup.expired(retention) if retention else []
        plain = await self._cleanup.plain(compress_after) if compress_after else []
        gone = set(expired)
        return [
            *_pieces("expired", expired, days=given["archive_retention_days"]),
            {"step": "rows"},
            *_pieces("mend", [each for each in await self._cleanup.unsettled() if each not in gone]),
            *_pieces("compress", [each for each in plain if each not in gone]),
            {"step": "files"},
            {"step": "copies"},
            *([{"step": "space"}] if given.get("optimize_tables") else []),
        ]

    async def perform(self, piece: Json) -> Json:
        return await self._steps[str(piece["step"])](piece)

    def report(self, results: Sequence[Json]) -> Json:
        rows = [rows for result in results if isinstance(rows := result.get("deleted_rows"), Mapping)]
        kinds = list(dict.fromkeys(kind for each in rows for kind in each))
        counted, deleted, failed = summed(results, *_COUNTS), summed(rows, *kinds), merged(results, "failed")
        output = {
            **counted,
            "deleted_rows": deleted,
            "database_bytes": next((each["database_bytes"] for each in results if "database_bytes" in each), None),
            "failed": failed,
            "not_done": joined([{"errors": [each["error"]]} for each in results if "error" in each], "errors"),
        }
        return remarked(output, results, _NOTHING_DUE, unless=(*counted.values(), *deleted.values(), failed))

    async def _delete_expired(self, piece: Json) -> Json:
        retention = _within(piece, "days") or timedelta.max
        outcomes = await each_for_itself(_ids(piece), lambda each: self._cleanup.delete_expired(each, retention))
        freed = [bytes_freed for bytes_freed in outcomes.done.values() if bytes_freed is not None]
        return {
            "deleted_conversations": len(freed),
            "bytes_freed": sum(freed),
            "failed": _by_text(outcomes.failed),
        }

    async def _mend(self, piece: Json) -> Json:
        outcomes = await each_for_itself(_ids(piece), self._cleanup.mend)
        changed = [mended for mended, _ in outcomes.done.values() if mended is not Mended.NOT_ARCHIVED]
        return {"mended_archives": len(changed), "failed": _by_text(outcomes.failed)}

    async def _compress(self, piece: Json) -> Json:
        outcomes = await each_for_itself(_ids(piece), lambda each: self._cleanup.mend(each, compress=True))
        # One that is right already was compressed before this was cut off: it was not, when that was planned.
        repacked = [freed for mended, freed in outcomes.done.values() if mended is not Mended.NOT_ARCHIVED]
        return {
            "compressed_archives": len(repacked),
            "bytes_freed": sum(repacked),
            "failed": _by_text(outcomes.failed),
        }

    async def _delete_rows(self, _: Json) -> Json:
        return {"deleted_rows": dict(await self._cleanup.delete_rows())}

    async def _remove_files(self, _: Json) -> Json:
        return {"removed_files": await self._cleanup.remove_leftover_files()}

    async def _remove_copies(self, _: Json) -> Json:
        found = await self._cleanup.remove_orphan_blobs()
        return {
            "removed_copies": found.removed,
            "unknown_copies": found.unknown,
            "bytes_freed": found.freed_bytes,
        }

    async def _give_back_space(self, _: Json) -> Json:
        space = await self._cleanup.give_back_space(within=_SPACE_WITHIN)
        freed = max(0, space.before_bytes - space.after_bytes)
        return {"bytes_freed": freed, "database_bytes": space.after_bytes}


def _days(given: Json, key: str, usual: int) -> int:
    value = given.get(key)
    if value is None:
        return usual
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _MOST_DAYS:
        raise RefusedInputError(f"{key} must be a whole number of days from 0, which is never, to {_MOST_DAYS:,}.")
    return value


def _within(given: Json, key: str) -> timedelta | None:
    days = given.get(key)
    return timedelta(days=days) if isinstance(days, int) and days > 0 else None


def _pieces(step: str, conversation_ids: Sequence[int], **more: object) -> list[Json]:
    starts = range(0, len(conversation_ids), _A_PIECE)
    return [{"step": step, "conversation_ids": conversation_ids[at : at + _A_PIECE], **more} for at in starts]


def _ids(piece: Json) -> list[int]:
    return ids_in(piece, "conversation_ids") or []


def _by_text(failed: Mapping[int, str]) -> dict[str, str]:
    return {str(conversation_id): sentence for conversation_id, sentence in failed.items()}
