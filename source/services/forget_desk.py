"""Where people, operators and programs ask to have somebody forgotten."""

from collections.abc import Callable
from datetime import timedelta

from source.domain.errors import RefusedInputError
from source.domain.privacy import Counts, Receipt, ReceiptKind, SeenFrom, Subject
from source.domain.task import NewTask, TaskType
from source.domain.thread import Platform, ThreadRef
from source.ports.privacy import PersonReading, ReceiptStore, Who
from source.ports.tasks import TaskQueue
from source.services.forgetting import Forgetting

# Larger than every id there is.
_NOW = 2**53


class ForgetDesk:
    """Says what would go, notes the wish durably, and has it done; `queue` may be chosen after the start."""

    def __init__(
        self,
        receipts: ReceiptStore,
        reading: PersonReading,
        forgetting: Forgetting,
        queue: Callable[[], TaskQueue],
    ) -> None:
        self._receipts = receipts
        self._reading = reading
        self._forgetting = forgetting
        self._queue = queue

    async def who(self, person_id: int) -> Who | None:
        """Return a person; None: nobody has this id."""
        return await self._reading.who(person_id)

    async def known_as(self, platform: Platform, external_id: str) -> Who | None:
        """Return who is known so on a platform."""
        return await self._reading.known_as(platform, external_id)

    async def preview(self, who: Who, place: SeenFrom | None) -> Counts:
        """Count what would go now."""
        return await self._forgetting.counted(who, place, _NOW)

    async def ask(
        self, who: Who, place: SeenFrom | None, *, tell: ThreadRef | None = None, requested_by: str
    ) -> Receipt:
        """Note that the person is to be forgotten, and have it done; asked again while it is under way, that goes on.

        Raises: StoreError: it was not noted.
        """
        subject = Subject(who.person_id, place, tell)
        receipt = await self._receipts.add_receipt(ReceiptKind.FORGET, subject=subject, requested_by=requested_by)
        await self.hand_in(receipt.receipt_id)
        return await self.receipt(receipt.receipt_id)

    async def receipt(self, receipt_id: int) -> Receipt:
        """Return a receipt as it stands.

        Raises: RefusedInputError: there is none.
        """
        receipt = await self._receipts.receipt(receipt_id)
        if receipt is None:
            raise RefusedInputError(f"There is no receipt {receipt_id}.")
        return receipt

    async def done_within(self, receipt: Receipt, time: timedelta) -> Receipt:
        """Return the receipt once all of it is done, or as it stands after that time."""
        await self._forgetting.ended(receipt.receipt_id, time)
        return await self.receipt(receipt.receipt_id)

    async def hand_in(self, receipt_id: int) -> int:
        """Have done what a receipt stands for unless that is under way; return its task's id."""
        receipt, queue = await self.receipt(receipt_id), self._queue()
        known = None if receipt.task_id is None else await queue.get(receipt.task_id)
        if known is not None and (receipt.is_done or not known.status.is_final):
            return known.task_id
        key = f"forget:{receipt_id}:{receipt.task_id or 0}"
        new = NewTask(TaskType.FORGET_PERSON, {"receipt": receipt_id}, receipt.requested_by, key=key)
        task = await queue.submit(new)
        await self._receipts.note_task(receipt_id, task.task_id)
        return task.task_id

    async def hand_in_all(self) -> None:
        """As `hand_in` for all that is not done, whatever became of its task."""
        for receipt in await self._receipts.unfinished_receipts():
            await self.hand_in(receipt.receipt_id)
