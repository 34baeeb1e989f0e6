"""What the store in memory does for channels and for corrections."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace

from source.domain.errors import StoreError
from source.domain.message import Message
from source.domain.thread import Platform
from source.domain.turn import AcceptedEvent, EventState, Feedback, SaidMessage, SentPart
from source.ports.clock import Clock
from tests.fakes.store_rows import StoreRows


class ChannelRows(StoreRows):
    """Implements CorrectionStore and ChannelStore."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.sent: dict[tuple[Platform, str], SentPart] = {}
        self.amended: dict[int, tuple[tuple[str, str | None]]] = {}
        self.marks: dict[tuple[Platform, str], str] = {}
        self.told_once: dict[tuple[Platform, str, str], str] = {}
        self.feedback: dict[tuple[int, Platform, str], Feedback] = {}

    async def find(self, platform: Platform, external_id: str) -> SaidMessage | None:
        await asyncio.sleep(0)
        name = (platform, external_id)
        if name in self.events or name in self._restored:
            return self._said_by_person(platform, external_id)
        part = self.sent.get(name)
        return None if part is None else self._reply_to(part.key)

    async def amend(self, platform: Platform, event_id: str, text: str | None) -> AcceptedEvent | None:
        await self._write()
        event = self.events.get((platform, event_id))
        if event is None or self.states[event.key] is not EventState.ACCEPTED:
            return None
        amended = replace(event, inbound=replace(event.inbound, text=text or ""))
        self.events[platform, event_id] = amended
        self.amended[event.key] = ((event_id, text),)
        if text is None:
            self.states[event.key] = EventState.DELIVERED
        return self._as_accepted(amended)

    async def correct(self, conversation_id: int, message: Message) -> None:
        await self._write()
        known = {each.message_id: each for each in self.messages.get(conversation_id, ())}
        stored = known.get(message.message_id, message)
        self._put_message(
            conversation_id,
            replace(
                stored,
                message_content=message.message_content,
                edited_at=message.edited_at,
                standing=message.standing,
                pii=message.pii,
            ),
        )

    async def begin_sending(self, platform: Platform, part: SentPart) -> None:
        await asyncio.sleep(0)
        if self.failing is not None:
            raise self.failing
        self.sent[platform, part.external_id] = part

    def note_sent(self, platform: Platform, part: SentPart, *, begun_as: str | None = None) -> None:
        if self.failing is None:
            self.sent[platform, part.external_id] = part
            self.sent.pop((platform, begun_as or ""), None)

    def note_not_sent(self, platform: Platform, part: SentPart) -> None:
        if self.failing is None:
            self.sent.pop((platform, part.external_id), None)

    async def unfinished_parts(self, platform: Platform) -> list[SentPart]:
        await asyncio.sleep(0)
        open_parts = [
            part
            for (where, _), part in self.sent.items()
            if where == platform and self.states.get(part.key, EventState.DELIVERED) is not EventState.DELIVERED
        ]
        return sorted(open_parts, key=lambda part: (part.key, part.part, len(part.external_id), part.external_id))

    async def is_accepted(self, platform: Platform, event_id: str) -> bool:
        await asyncio.sleep(0)
        return (platform, event_id) in self.events or (platform, event_id) in self._restored

    async def reply_to_event(self, key: int) -> SaidMessage | None:
        await asyncio.sleep(0)
        return self._reply_to(key)

    async def seen(self, platform: Platform) -> dict[str, str]:
        await asyncio.sleep(0)
        return {place: last for (where, place), last in self.marks.items() if where == platform}

    def note_seen(self, platform: Platform, last: Mapping[str, str | None]) -> None:
        if self.failing is None:
            kept = {(platform, place): mark for place, mark in last.items() if mark is not None}
            self.marks.update(kept)
            for place in last.keys() - {place for _, place in kept}:
                self.marks.pop((platform, place), None)

    async def put_feedback(self, feedback: Feedback) -> None:
        await self._write()
        platforms = {event.key: event.inbound.thread.platform for event in self.events.values()}
        if feedback.key not in platforms:
            raise StoreError("feedback on a reply that the store does not have")
        name = (feedback.key, platforms[feedback.key], feedback.person.external_id)
        if feedback.value:
            self.feedback[name] = feedback
        else:
            self.feedback.pop(name, None)

    def _said_by_person(self, platform: Platform, event_id: str) -> SaidMessage | None:
        for conversation_id, messages in self.messages.items():
            if self.heads[conversation_id].thread.platform == platform:
                for message in messages:
                    if message.event_id == event_id:
                        return self._said(conversation_id, message)
        return None

    def _reply_to(self, key: int) -> SaidMessage | None:
        place = self.replies.get(key)
        return None if place is None else self._said(place[0], self._message(*place))
