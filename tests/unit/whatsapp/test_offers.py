"""What may be done next stands below a reply, and never in its way."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from source.adapters.whatsapp.graph import Recipient
from source.adapters.whatsapp.reply import WhatsAppChannel
from source.domain.errors import DeliveryError
from source.domain.thread import Platform, ThreadRef
from source.services.keyed_locks import KeyedLocks
from source.services.topics import SUGGESTION

THREAD = ThreadRef(Platform.WHATSAPP, "1")


@dataclass
class Parts:
    """What a reply needs to be sent to somebody who has just written; all that is sent is kept."""

    sent: list[str] = field(default_factory=list)
    offered: list[Mapping[str, Any]] = field(default_factory=list)
    is_refusing: bool = False
    in_order: KeyedLocks = field(default_factory=KeyedLocks)

    @property
    def sending(self) -> "Parts":
        return self

    @property
    def sign(self) -> "Parts":
        return self

    @property
    def window(self) -> "Parts":
        return self

    def answering(self, thread: ThreadRef) -> None: ...

    def answered(self, thread: ThreadRef) -> None: ...

    def finished(self, keys: object) -> None: ...

    async def check(self, thread: ThreadRef) -> None: ...

    async def recipient(self, thread: ThreadRef) -> Recipient:
        return Recipient(phone="1")

    async def text(self, recipient: Recipient, text: str, *, tracker: str) -> str:
        self.sent.append(text)
        return "wamid.1"

    async def message(self, recipient: Recipient, kind: str, body: Mapping[str, Any], *, tracker: str) -> str:
        if self.is_refusing:
            raise DeliveryError("refused")
        self.offered.append(body)
        return "wamid.2"


@pytest.mark.parametrize("is_refusing", [False, True])
async def test_a_new_topic_can_be_tapped_below_the_reply(is_refusing: bool) -> None:
    parts = Parts(is_refusing=is_refusing)
    reply = WhatsAppChannel(cast(Any, parts)).open_reply(THREAD)
    await reply.notice("A new conversation.")
    await reply.notice(SUGGESTION)
    await reply.deliver("Tea is at the shop.")
    assert parts.sent == ["_A new conversation._\n\nTea is at the shop."]
    buttons = [each["action"]["buttons"][0]["reply"]["id"] for each in parts.offered]
    assert buttons == ([] if is_refusing else ["/new"])


async def test_other_lines_offer_nothing() -> None:
    parts = Parts()
    reply = WhatsAppChannel(cast(Any, parts)).open_reply(THREAD)
    await reply.notice("A new conversation.")
    await reply.deliver("Tea.")
    assert parts.offered == []
