"""What becomes of a turn: stored, then kept in memory."""

from dataclasses import dataclass

from source.domain.turn import AcceptedEvent, ModelUsage, TurnRecord
from source.ports.clock import Clock
from source.ports.store import TurnStore
from source.services.asked import Asked
from source.services.conversation_manager import InMemoryConversationManager, Seat
from source.services.scrubbing import Keeping


@dataclass(frozen=True, slots=True)
class Answer:
    """A stored answer to the events of these keys, as its reader is to see it.

    `message_id` is 0 for what is only told and has no place in the history; `superseded` are the ids of the
    messages whose place the answer has taken.
    """

    keys: tuple[int, ...]
    text: str
    interrupted: bool = False
    message_id: int = 0
    superseded: tuple[int, ...] = ()
    usage: tuple[ModelUsage, ...] = ()


class Answers:
    """Writes what turns leave behind. Every method may raise a StoreError: nothing of the turn was kept then."""

    def __init__(self, store: TurnStore, manager: InMemoryConversationManager, keeping: Keeping, clock: Clock) -> None:
        self._store = store
        self._manager = manager
        self._keeping = keeping
        self._clock = clock

    async def commit(self, asked: Asked) -> Answer:
        """Have a turn durable, then in memory; return what its reader is to see."""
        conversation, speech = asked.conversation, asked.speech
        record = await self._keeping.turn(asked.record(self._clock))
        kept = await self._store.commit_turn(record)
        conversation.keep_committed(
            kept,
            head=record.heads[0] if record.heads else None,
            people=record.people,
            changed=asked.superseded(),
        )
        self._manager.keep(conversation)
        reply_id = record.messages[-1].message_id
        text = self._keeping.text(speech.shown)
        return Answer(record.answered, text, speech.interrupted, reply_id, record.superseded, record.usage)

    async def tell(self, seat: Seat, events: tuple[AcceptedEvent, ...], sentence: str) -> Answer:
        """Settle retries that nothing can be done for."""
        keys = tuple(event.key for event in events)
        conversation_id = seat.conversation.conversation_id if seat.conversation is not None else 0
        await self._store.commit_turn(TurnRecord(conversation_id, answered=keys))
        return Answer(keys, sentence)

    async def leave(self, asked: Asked) -> Answer:
        """Settle a retry that was stopped before it said anything: the reply that was there stays."""
        record = asked.settled()
        await self._store.commit_turn(record)
        return Answer(record.answered, asked.speech.shown, interrupted=True, usage=record.usage)
