"""Forgetting people and applying retention, as tasks."""

from collections.abc import Sequence
from typing import Final

from source.domain.errors import RefusedInputError
from source.domain.task import Json, Lane
from source.services.forget_desk import ForgetDesk
from source.services.forgetting import Forgetting
from source.services.retention import RetentionService
from source.services.task_input import flag_in, ids_in, refuse_unknown_keys
from source.services.task_results import merged_counts

_CONVERSATIONS_A_PIECE: Final = 20


class ForgetPerson:
    """Forgets whom a receipt names; who that is stands in no task."""

    lane = Lane.OWNER

    def __init__(self, forgetting: Forgetting) -> None:
        self._forgetting = forgetting

    def checked(self, given: Json) -> Json:
        refuse_unknown_keys(given, ("receipt",))
        return {"receipt": _receipt_in(given)}

    async def plan(self, given: Json) -> Sequence[Json]:
        return await self._forgetting.plan(_receipt_in(given))

    async def perform(self, piece: Json) -> Json:
        await self._forgetting.perform(str(piece["step"]), _receipt_in(piece), ids_in(piece, "conversations") or [])
        return {"receipt": piece["receipt"]}

    def report(self, results: Sequence[Json]) -> Json:
        return {"receipt": next((each["receipt"] for each in results if "receipt" in each), None)}


class ApplyRetention:
    """Removes what has been kept for long enough, and takes up what was asked to be forgotten and was not done."""

    lane = Lane.OWNER

    def __init__(self, retention: RetentionService, desk: ForgetDesk, *, is_enabled: bool) -> None:
        self._retention = retention
        self._desk = desk
        self._is_enabled = is_enabled

    def checked(self, given: Json) -> Json:
        refuse_unknown_keys(given, ("dry_run", "scheduled"))
        return {"dry_run": bool(flag_in(given, "dry_run")), "scheduled": bool(flag_in(given, "scheduled"))}

    async def plan(self, given: Json) -> Sequence[Json]:
        if given.get("scheduled"):
            await self._desk.hand_in_all()
            if not self._is_enabled:
                return []
        dry_run = bool(given.get("dry_run"))
        ids = await self._retention.due()
        pieces: list[Json] = [
            {"step": "conversations", "ids": ids[start : start + _CONVERSATIONS_A_PIECE], "dry_run": dry_run}
            for start in range(0, len(ids), _CONVERSATIONS_A_PIECE)
        ]
        ending: list[Json] = [] if dry_run else [{"step": "erase"}]
        return [*pieces, {"step": "summaries", "dry_run": dry_run}, *ending]

    async def perform(self, piece: Json) -> Json:
        match piece["step"]:
            case "conversations":
                found = await self._retention.apply(ids_in(piece, "ids") or [], dry_run=bool(piece["dry_run"]))
                return {"places": found}
            case "summaries":
                return {"user_summaries": await self._retention.apply_to_summaries(dry_run=bool(piece["dry_run"]))}
            case _:
                await self._retention.erase()
                return {}

    def report(self, results: Sequence[Json]) -> Json:
        summaries = sum(number for each in results if isinstance(number := each.get("user_summaries"), int))
        places = merged_counts(results, "places")
        return {"places": places, "user_summaries": summaries}


def _receipt_in(given: Json) -> int:
    found = given.get("receipt")
    if isinstance(found, bool) or not isinstance(found, int):
        raise RefusedInputError("receipt must be the number of a receipt.")
    return found
