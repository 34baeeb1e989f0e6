"""Threads compared with their platforms: what was missed is taken in, what changed meanwhile is followed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final

import structlog

from source.domain.errors import DeliveryError
from source.domain.task import Json, Lane
from source.domain.thread import Platform, ThreadRef
from source.ports.clock import Clock
from source.ports.metadata import PlatformHistory, Synced, SyncState, SyncStatus, SyncStore
from source.services.chat_ids import ThreadBook, chat_id_of, known_threads, threads_of
from source.services.task_input import flag_in, names_in, refuse_unknown_keys
from source.services.task_results import joined, merged, remarked, summed

log = structlog.get_logger(__name__)

# Nobody waits for an answer in a thread where nobody has said anything for longer.
_RECENT: Final = timedelta(days=14)
_THREADS_A_PIECE: Final = 20
_THREADS_A_FULL_PIECE: Final = 5
_BETWEEN_THREADS_SECONDS: Final = 0.05


class SyncService:
    """Looks back at what was said on the platforms that can be looked back at.

    `histories` may be filled as channels come up. Every method may raise a StoreError.
    """

    def __init__(
        self, histories: Mapping[Platform, PlatformHistory], store: SyncStore, book: ThreadBook, clock: Clock
    ) -> None:
        self._histories = histories
        self._store = store
        self._book = book
        self._clock = clock

    async def sync_states(self, *, limit: int = 1_000, offset: int = 0) -> list[SyncState]:
        """Return how every thread stands to its platform, the least recently synced first."""
        states = await self._store.sync_states(limit=limit, offset=offset)
        return [self._as_supported(state) for state in states]

    async def threads(self, chat_ids: Iterable[str] | None) -> list[ThreadRef]:
        """Return the threads that are named, or without names those where something was said lately.

        Raises: RefusedInputError: some of the chats are not there; the sentence names them.
        """
        if chat_ids is not None:
            return await known_threads(self._book, chat_ids)
        return await self._store.recent_threads(list(self._histories), self._clock.now() - _RECENT)

    async def named(self, chat_id: str) -> list[ThreadRef]:
        """Return the threads that a chat id names."""
        return await threads_of(self._book, chat_id)

    async def sync(self, thread: ThreadRef, *, full: bool) -> tuple[SyncState, Synced]:
        """Compare one thread with its platform and note how that went; what the platform refuses is part of it."""
        state, synced = await self._outcome(thread, full=full)
        await self._store.note_synced(state)
        return state, synced

    async def pause(self) -> None:
        """Leave the platform's rate limits room for answers."""
        await self._clock.sleep(_BETWEEN_THREADS_SECONDS)

    async def _outcome(self, thread: ThreadRef, *, full: bool) -> tuple[SyncState, Synced]:
        history = self._histories.get(thread.platform)
        if history is None:
            return SyncState(thread, SyncStatus.UNSUPPORTED), Synced()
        try:
            synced = await history.sync(thread, full=full)
        except DeliveryError as error:
            log.warning("thread_not_synced", platform=thread.platform.value, error=type(error).__name__)
            return SyncState(thread, SyncStatus.FAILED, error=str(error)), Synced()
        now = self._clock.now()
        return SyncState(thread, SyncStatus.OK, now, now if full else None, synced.found), synced

    def _as_supported(self, state: SyncState) -> SyncState:
        if state.status is SyncStatus.NEVER and state.thread.platform not in self._histories:
            return replace(state, status=SyncStatus.UNSUPPORTED)
        return state


class SyncMessages:
    """Syncs the named chats or, without names, those where something was said lately."""

    lane = Lane.OWNER

    def __init__(self, service: SyncService) -> None:
        self._service = service

    def checked(self, given: Json) -> Json:
        refuse_unknown_keys(given, ("chat_ids", "full"))
        return {"chat_ids": names_in(given, "chat_ids"), "full": bool(flag_in(given, "full"))}

    async def plan(self, given: Json) -> Sequence[Json]:
        full = bool(flag_in(given, "full"))
        threads = await self._service.threads(names_in(given, "chat_ids"))
        names = [chat_id_of(thread.key) for thread in threads]
        size = _THREADS_A_FULL_PIECE if full else _THREADS_A_PIECE
        return [{"chat_ids": names[start : start + size], "full": full} for start in range(0, len(names), size)]

    async def perform(self, piece: Json) -> Json:
        found = Synced()
        outcomes: dict[str, list[str]] = {"ok": [], "unsupported": []}
        failed: dict[str, str] = {}
        for chat_id in names_in(piece, "chat_ids") or []:
            for thread in await self._service.named(chat_id):
                state, synced = await self._service.sync(thread, full=bool(flag_in(piece, "full")))
                found = _added(found, synced)
                if state.status is SyncStatus.FAILED:
                    failed[chat_id] = state.error or "It could not be synced."
                else:
                    outcomes[state.status.value].append(chat_id)
                await self._service.pause()
        return {
            "synced": len(outcomes["ok"]),
            "found": found.found,
            "edited": found.edited,
            "deleted": found.deleted,
            "failed": failed,
            "unsupported": outcomes["unsupported"],
        }

    def report(self, results: Sequence[Json]) -> Json:
        counted = summed(results, "synced", "found", "edited", "deleted")
        failed, unsupported = merged(results, "failed"), joined(results, "unsupported")
        output = {**counted, "failed": failed, "unsupported": unsupported}
        why = "there is nothing to compare them with" if unsupported else "nobody has said anything there lately"
        return remarked(output, results, f"No chat was synced: {why}.", unless=(counted["synced"], failed))


def _added(one: Synced, other: Synced) -> Synced:
    return Synced(one.found + other.found, one.edited + other.edited, one.deleted + other.deleted)
