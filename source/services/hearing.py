"""Listening: what people say is kept where Echo does not answer."""

import structlog

from source.domain.turn import AcceptedEvent
from source.services.answers import Answer, Answers
from source.services.asked import Asked, arriving, is_of_business, messages_of
from source.services.attendance import Heard
from source.services.conversation_manager import Seat
from source.services.introduction import Introductions, introduced
from source.services.mailbox import Batch
from source.services.opening import Opening

log = structlog.get_logger(__name__)


class Hearing:
    """Keeps what was said, in the conversation that it belongs to; a later answer knows it."""

    def __init__(self, opening: Opening, answers: Answers, introductions: Introductions) -> None:
        self._opening = opening
        self._answers = answers
        self._introductions = introductions

    async def hear(self, seat: Seat, batch: Batch, events: tuple[AcceptedEvent, ...], heard: Heard) -> Answer | None:
        """Keep what was said without asking a model; None: nothing is to be delivered."""
        said = messages_of(events)
        if not said:
            await self._answers.tell(seat, events, "")
            return None
        person = next((each.inbound.person for each in said if not is_of_business(each)), said[-1].inbound.person)
        words = "\n".join(event.inbound.text for event in said)
        opened = await self._opening.open(seat, person, said[0].said_at, opening=words, asks_model=False)
        reply = batch.reply if heard.sentence else batch.unopened()
        asked = Asked(
            opened.conversation, events, reply, arriving=arriving(opened.conversation, events), told=heard.told
        )
        if heard.sentence:
            asked = await introduced(asked, self._introductions)  # whoever is told something once counts as answered
            asked.speech.show(heard.sentence, reply)
        answer = await self._answers.commit(asked)
        if heard.sentence:
            return answer
        batch.heard()
        return None

    async def give_way(self, batch: Batch, asked: Asked) -> None:
        """A person has taken over while the model spoke: what was asked is kept, what was said is not."""
        if asked.again:
            await self._answers.leave(asked)
        else:
            await self._answers.commit(asked.unsaid())
        log.info("answer_dropped", events=len(asked.events))
        batch.heard()
        await asked.reply.fail("")
