"""Forgets fields of profiles: where they are kept, and in what conversations began with."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

import structlog

from source.domain.conversation_head import StoredConversation
from source.domain.errors import EchoError
from source.domain.profile_fields import KNOWN_FIELDS, checked_field
from source.ports.clock import Clock
from source.ports.privacy import Rewritten
from source.ports.profiles import ProfileStore
from source.ports.store import Scope
from source.services.profiles import line_of
from source.services.rewriting import Decide, Decision

log = structlog.get_logger(__name__)


class ChangesConversations(Protocol):
    """What is needed of `Rewriting`."""

    async def change(self, conversation_id: int, decide: Decide) -> Decision:
        """As in `Rewriting`."""
        ...


class ProfileForgetting:
    """The values go last: what is cut off before is still there to be forgotten again."""

    def __init__(self, store: ProfileStore, conversations: ChangesConversations, clock: Clock) -> None:
        self._store = store
        self._conversations = conversations
        self._clock = clock

    async def forget(self, scope: Scope, field: str) -> int:
        """Forget a field as it is seen from here, with what it was before; return how many values that were.

        Raises: RefusedInputError: that is no field. StoreError: the values are still known.
        """
        name = checked_field(field)
        values = [value for value in await self._store.seen(scope) if value.field == name]
        lines = {line_of(value) for value in values}
        await self._take_out(await self._store.beginning_with(scope, sorted(lines)), lines)
        forgotten = await self._store.forget(scope, name, self._clock.now())
        log.info("profile_field_forgotten", field=name if name in KNOWN_FIELDS else "other", values=forgotten)
        return forgotten

    async def forget_of(self, person_id: int, fields: Sequence[str] | None = None) -> int | None:
        """Forget fields of a person everywhere, all of them without `fields`; None: there is nobody of this id.

        Raises: RefusedInputError: one of them is no field. StoreError: the values are still known.
        """
        names = None if fields is None else [checked_field(field) for field in fields]
        values = await self._store.of_person(person_id)
        lines = {line_of(value) for value in values if names is None or value.field in names}
        await self._take_out(await self._store.begun_by(person_id, sorted(lines)), lines)
        return await self._store.forget_of(person_id, names, self._clock.now())

    async def _take_out(self, conversation_ids: Sequence[int], lines: set[str]) -> None:
        for conversation_id in conversation_ids:
            await self._untell(conversation_id, lines)

    async def _untell(self, conversation_id: int, lines: set[str]) -> None:
        async def without(stored: StoredConversation) -> Rewritten | None:
            carried = stored.head.carried_summary
            left = "\n".join(line for line in carried.split("\n") if line not in lines)
            return None if left == carried else Rewritten(replace(stored.head, carried_summary=left))

        try:
            await self._conversations.change(conversation_id, without)
        except EchoError as error:
            log.warning("beginning_not_changed", conversation_id=conversation_id, reason=type(error).__name__)
