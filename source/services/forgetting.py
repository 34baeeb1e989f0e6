"""Forgets people: everywhere, or what was said in one place."""

import asyncio
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Protocol

import structlog

from source.domain.conversation_head import StoredConversation
from source.domain.errors import DeliveryError, RefusedInputError, StoreConflictError
from source.domain.privacy import (
    Counts,
    Receipt,
    ReceiptKind,
    ReceiptState,
    SeenFrom,
    Subject,
    summed_counts,
    told_counts,
)
from source.domain.task import Json
from source.domain.thread import Platform, ThreadKey, ThreadRef
from source.ports.channel import Channel
from source.ports.privacy import PersonForgetting, PersonReading, ReceiptStore, Rewritten, Who
from source.services.forgetting_others import ForgettingOthers
from source.services.forgetting_steps import ForgettingSteps, Forgotten
from source.services.rewriting import Decision, Rewriting

log = structlog.get_logger(__name__)

_AT_ONCE: Final = 20
ACTION: Final = "forget"


class Loads(Protocol):
    """What is needed of the store."""

    async def load(self, conversation_id: int) -> StoredConversation | None: ...


class Traces(Protocol):
    """What is left of people beside the database and the transcripts."""

    async def forget(self, who: Who, *, everywhere: bool) -> None:
        """Remove exports, files and notes that tell of them."""
        ...

    async def forget_tasks(self, task_ids: Sequence[int]) -> None:
        """Remove what the task engine has noted of these tasks."""
        ...

    async def erase(self) -> None:
        """Have nothing of what was removed left in files beside the database."""
        ...


class Takes(Protocol):
    """What is needed of corrections."""

    async def deleted(self, platform: Platform, event_ids: Sequence[str]) -> None: ...


@dataclass(frozen=True, slots=True)
class ForgettingParts:
    """What forgetting works with.

    `channel_of` knows where people of a platform are told, `undelivered` drops replies that have not arrived.
    """

    receipts: ReceiptStore
    reading: PersonReading
    rows: PersonForgetting
    store: Loads
    rewriting: Rewriting
    steps: ForgettingSteps
    others: ForgettingOthers
    corrections: Takes
    traces: Traces
    channel_of: Callable[[Platform], Channel | None]
    undelivered: Callable[[ThreadKey, Collection[int]], None]


class Forgetting:
    """Takes people out of everything, step by step; each step may be done again and does the rest then."""

    def __init__(self, parts: ForgettingParts) -> None:
        self._parts = parts
        self._awaited: dict[int, asyncio.Event] = {}

    async def counted(self, who: Who, place: SeenFrom | None, before: int) -> Counts:
        """Count what is going to be removed."""
        forgotten = Forgotten(who, before)
        found = {"messages": 0, "replies": 0, "conversations": 0, "shared_conversations": 0}
        for conversation_id in await self._parts.reading.conversations_of(who, place):
            stored = await self._parts.store.load(conversation_id)
            if stored is None:
                continue
            leaving = await self._parts.steps.leaving(stored, forgotten)
            kept = {each.message_id for each in stored.messages if each.message_content or each.is_kept}
            found["messages"] += len(leaving.own & kept)
            found["replies"] += len(leaving.replies & kept)
            found["conversations" if leaving.is_alone else "shared_conversations"] += 1
        return summed_counts(found, await self._parts.reading.rows_of(who, place))

    async def ended(self, receipt_id: int, within: timedelta) -> None:
        """Wait until it is done, but no longer than that; who waits needs not be told."""
        receipt = await self._receipt(receipt_id)
        if receipt.is_done:
            return
        awaited = self._awaited.setdefault(receipt_id, asyncio.Event())
        with suppress(TimeoutError):
            await asyncio.wait_for(awaited.wait(), within.total_seconds())
        self._awaited.pop(receipt_id, None)

    async def plan(self, receipt_id: int) -> list[Json]:
        """Return the steps: what the person said before what repeats it, or it would be repeated anew meanwhile."""
        receipt = await self._receipt(receipt_id)
        if receipt.is_done:
            return []
        ending: Json = {"step": "end", "receipt": receipt_id}
        if receipt.state is ReceiptState.FORGOTTEN or receipt.subject is None:
            return [ending]
        who = await self._who(receipt)
        if who is None:
            await self._note_nobody(receipt, receipt.subject)
            return [ending]
        own = await self._parts.reading.conversations_of(who, receipt.subject.place)
        later = sorted({*receipt.subject.later, *await self._parts.reading.following(own)} - set(own))
        counts = await self.counted(who, receipt.subject.place, receipt_id)
        await self._parts.receipts.note_plan(receipt_id, counts, later)
        return [
            {"step": "withdraw", "receipt": receipt_id},
            *_pieces("own", receipt_id, own),
            {"step": "person", "receipt": receipt_id},
            ending,
        ]

    async def perform(self, step: str, receipt_id: int, conversation_ids: Sequence[int]) -> None:
        """Do one of the planned steps.

        Raises: EchoError: it is to be done again. StoreConflictError: what comes before it is not done.
        """
        receipt = await self._receipt(receipt_id)
        who = await self._who(receipt)
        if receipt.is_done:
            return
        if step == "end":
            await self._end(receipt)
        elif receipt.subject is not None and who is not None:
            await self._do(step, receipt, receipt.subject, who, conversation_ids)

    async def _do(
        self, step: str, receipt: Receipt, subject: Subject, who: Who, conversation_ids: Sequence[int]
    ) -> None:
        forgotten = Forgotten(who, receipt.receipt_id)
        match step:
            case "withdraw":
                await self._withdraw(who, subject.place, forgotten.before)
            case "own":
                await self._change_own(conversation_ids, forgotten)
            case "person":
                await self._forget_person(receipt, subject, who, forgotten)

    async def _withdraw(self, who: Who, place: SeenFrom | None, before: int) -> None:
        """Take back what waits for an answer."""
        for platform, event_ids in (await self._parts.reading.waiting(who, place, before)).items():
            await self._parts.corrections.deleted(platform, event_ids)

    async def _change_own(self, conversation_ids: Sequence[int], forgotten: Forgotten) -> None:
        for conversation_id in conversation_ids:
            await self._parts.rewriting.change(conversation_id, lambda stored: self._own(stored, forgotten))

    async def _own(self, stored: StoredConversation, forgotten: Forgotten) -> Decision:
        decision = await self._parts.steps.own(stored, forgotten)
        if decision is not None:
            own = (await self._parts.steps.leaving(stored, forgotten)).own
            await self._parts.others.note(forgotten.before, stored, own)
            going = decision.emptied if isinstance(decision, Rewritten) else [m.message_id for m in stored.messages]
            self._parts.undelivered(stored.head.thread.key, going)
        return decision

    async def _forget_person(self, receipt: Receipt, subject: Subject, who: Who, forgotten: Forgotten) -> None:
        """Forget what is kept beside conversations; of these none may be left, or nobody would know whose it was."""
        await self._withdraw(who, subject.place, forgotten.before)
        own = await self._parts.reading.conversations_of(who, subject.place)
        await self._change_own(own, forgotten)
        await self._ensure_nothing_is_left(who, subject.place, forgotten)
        await self._parts.others.change(receipt.receipt_id, own)
        await self._parts.traces.forget(who, everywhere=subject.place is None)
        if subject.place is None:
            await self._parts.traces.forget_tasks(await self._parts.rows.forget_tasks_of(who))
        await self._parts.rows.forget_rows(who, subject.place, forgotten.before)
        await self._parts.receipts.note_forgotten(receipt.receipt_id)

    async def _ensure_nothing_is_left(self, who: Who, place: SeenFrom | None, forgotten: Forgotten) -> None:
        for conversation_id in await self._parts.reading.conversations_of(who, place):
            stored = await self._parts.store.load(conversation_id)
            if stored is not None and await self._parts.steps.own(stored, forgotten) is not None:
                raise StoreConflictError("a conversation could not be changed: it is tried again")

    async def _end(self, receipt: Receipt) -> None:
        if receipt.state is not ReceiptState.FORGOTTEN:
            raise StoreConflictError("not everything is removed yet: ask for it again")
        subject = receipt.subject
        # Who it was is erased with all the rest, so it is dropped before.
        await self._parts.receipts.drop_subject(receipt.receipt_id)
        await self._parts.traces.erase()
        await self._parts.rows.erase()
        ended = await self._parts.receipts.finish_receipt(receipt.receipt_id, receipt.counts, action=ACTION)
        log.info("person_forgotten", receipt=receipt.receipt_id, **dict(receipt.counts))
        awaited = self._awaited.get(receipt.receipt_id)
        if awaited is not None:
            awaited.set()
        elif subject is not None and subject.tell is not None:
            await self._tell(subject.tell, ended)

    async def _tell(self, thread: ThreadRef, receipt: Receipt) -> None:
        """Tell the person where they asked; who cannot be reached finds it under the receipt's number."""
        channel = self._parts.channel_of(thread.platform)
        if channel is None:
            return
        try:
            await channel.open_reply(thread).deliver(told(receipt))
        except DeliveryError as error:
            log.warning("receipt_undelivered", receipt=receipt.receipt_id, error=type(error).__name__)

    async def _receipt(self, receipt_id: int) -> Receipt:
        receipt = await self._parts.receipts.receipt(receipt_id)
        if receipt is None or receipt.kind is not ReceiptKind.FORGET:
            raise RefusedInputError(f"There is no receipt {receipt_id}.")
        return receipt

    async def _who(self, receipt: Receipt) -> Who | None:
        """Return who is forgotten; in one place that is told by the account, whosever it has become since."""
        subject = receipt.subject
        if subject is None:
            return None
        who, place = await self._parts.reading.who(subject.person_id), subject.place
        return who if who is not None or place is None else await self._parts.reading.known_as(*place.account)

    async def _note_nobody(self, receipt: Receipt, subject: Subject) -> None:
        """Nobody has the account of a place any more; who goes everywhere does not go unnoted."""
        if subject.place is None:
            log.error("forget_wish_without_person", receipt=receipt.receipt_id)
            raise StoreConflictError(
                "nobody is known by the receipt's person, and nothing says that they are forgotten"
            )
        await self._parts.receipts.note_forgotten(receipt.receipt_id)


def told(receipt: Receipt) -> str:
    """Return what the person is told of it."""
    number = receipt.receipt_id
    if receipt.finished_at is None:
        return f"Receipt {number}: I am still forgetting. /forget-me status {number} tells when it is done."
    when = f"{receipt.finished_at:%d %B %Y at %H:%M} UTC"
    return f"Receipt {number}: forgotten on {when}: {told_counts(receipt.counts)}."


def _pieces(step: str, receipt_id: int, ids: Sequence[int]) -> list[Json]:
    return [
        {"step": step, "receipt": receipt_id, "conversations": list(ids[start : start + _AT_ONCE])}
        for start in range(0, len(ids), _AT_ONCE)
    ]
