"""What one turn answers, for whom, and what it takes the place of."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from source.domain.context import LastTurn, kept, last_turn
from source.domain.message import OF_BUSINESS, Message, MessageType, Standing
from source.domain.thread import PersonRef, ThreadRef
from source.domain.turn import AcceptedEvent, InboundKind, Told, TurnRecord
from source.ports.channel import LiveReply
from source.ports.clock import Clock
from source.ports.recall import Eyes
from source.ports.store import Scope
from source.services.conversation import Conversation
from source.services.speaker import Speech


@dataclass(frozen=True, slots=True)
class Asked:
    """The events of one turn in the conversation that answers them, and what is being said.

    `arriving` are new messages; `again` are those of an earlier turn whose place the answer takes. `told`
    is what the answer tells once.
    """

    conversation: Conversation
    events: Sequence[AcceptedEvent]
    reply: LiveReply
    arriving: tuple[Message, ...] = ()
    earlier: tuple[Message, ...] = ()
    again: tuple[Message, ...] = ()
    told: tuple[Told, ...] = ()
    speech: Speech = field(default_factory=Speech)

    @property
    def thread(self) -> ThreadRef:
        """The thread as its latest message describes it."""
        return self.events[-1].inbound.thread

    @property
    def people(self) -> tuple[PersonRef, ...]:
        """Who says something new."""
        said = (event.inbound.person for event in messages_of(self.events))
        return tuple({person.external_id: person for person in said}.values())

    @property
    def scopes(self) -> tuple[Scope, ...]:
        """Everyone who is answered: all of them read the reply, and so does who else speaks in a direct thread."""
        thread = self.thread
        readers = {event.inbound.person.external_id for event in self.events}
        readers |= {message.requester for message in self.earlier if message.requester is not None}
        if thread.guild_id is None:
            readers |= {*(self.conversation.people or ())}
        # Whoever answers for the business sees more than this one dialogue, and is not answered.
        readers.discard(OF_BUSINESS)
        return tuple(Scope(thread.platform, who, thread.guild_id, thread.circle) for who in sorted(readers))

    @property
    def eyes(self) -> Eyes:
        """Those who are answered, and the conversation that the model is shown anyway, if it is shown whole."""
        head = self.conversation.head
        return Eyes(self.scopes, besides=head.conversation_id if head.context_start == 0 else None)

    @property
    def words(self) -> tuple[str, ...]:
        """What people said that is answered."""
        return tuple(message.message_content for message in (*self.earlier, *self.arriving))

    @property
    def names(self) -> tuple[str, ...]:
        """What people who speak in this conversation are called."""
        known = self.conversation.people or {}
        return (*known.values(), *(person.display_name for person in self.people))

    @property
    def replaced(self) -> frozenset[int]:
        """The ids of the messages that the model is not to see again."""
        return frozenset(message.message_id for message in self.again)

    @property
    def newcomers(self) -> tuple[PersonRef, ...]:
        """Who is answered in this conversation for the first time, as far as it shows."""
        is_begun = any(_is_reply(message) for message in reversed(self.conversation.history))
        known = self.conversation.people or {} if is_begun else {}
        return tuple(person for person in self.people if person.external_id not in {OF_BUSINESS, *known})

    def superseded(self) -> tuple[Message, ...]:
        return tuple(replace(message, standing=Standing.SUPERSEDED) for message in self.again)

    def record(self, clock: Clock) -> TurnRecord:
        """Return all that this turn leaves behind."""
        conversation = self.conversation
        said = (conversation.take(message) for message in self.speech.messages(clock))
        # What is known of the thread may have changed since the conversation began: who can read it above all.
        moved = conversation.head.thread != self.thread
        return replace(
            self.settled(),
            messages=(*self.arriving, *said),
            heads=(replace(conversation.head, thread=self.thread),) if moved else (),
            people=self.people,
            superseded=tuple(sorted(self.replaced)),
            told=self.told,
        )

    def unsaid(self) -> "Asked":
        """Return it without anything that was said, but for what that took."""
        speech = Speech()
        speech.usage = self.speech.usage
        return replace(self, told=(), speech=speech)

    def settled(self) -> TurnRecord:
        """Return what is left of this turn when nothing of it is worth keeping: what it took."""
        who = self.events[-1].inbound.person.external_id
        usage = tuple(replace(each, person=who) for each in self.speech.usage)
        keys = tuple(event.key for event in self.events)
        return TurnRecord(self.conversation.conversation_id, usage=usage, answered=keys)


def messages_of(events: Sequence[AcceptedEvent]) -> list[AcceptedEvent]:
    """Return those of the events that say something, and do not only want an answer once more."""
    return [event for event in events if event.inbound.kind is InboundKind.MESSAGE]


def is_of_business(event: AcceptedEvent) -> bool:
    """Whether a person of the business said it."""
    return event.inbound.person.external_id == OF_BUSINESS


def retried(conversation: Conversation | None) -> LastTurn | None:
    """Return what can be answered once more; None when there is nothing."""
    if conversation is None:
        return None
    last = last_turn(kept(conversation.history.since(conversation.head.context_start)))
    # What a person of the business has answered is not answered once more.
    return None if last is not None and any(message.is_of_business for message in last.said) else last


def arriving(conversation: Conversation, events: Sequence[AcceptedEvent]) -> tuple[Message, ...]:
    """Return what the events say as messages of this conversation."""
    return tuple(conversation.take(_message(event)) for event in messages_of(events))


def _is_reply(message: Message) -> bool:
    return message.requester is None and message.message_type is MessageType.CHAT


def _message(event: AcceptedEvent) -> Message:
    return Message(
        created_at=event.said_at,
        message_type=MessageType.CHAT,
        message_content=event.inbound.text,
        requester=event.inbound.person.external_id,
        event_id=event.inbound.event_id,
    )
