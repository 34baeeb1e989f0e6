"""Which messages leave a conversation with a person."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from source.domain.message import Message, MessageType
from source.domain.quoting import Quotes

Test = Callable[[Message], bool]


@dataclass(frozen=True, slots=True)
class Leaving:
    """Ids of messages by whose they are: the person's own, and Echo's that answer or quote them."""

    own: frozenset[int]
    replies: frozenset[int]
    is_alone: bool
    """Whether nobody else said anything, and the person nothing that stays."""

    @property
    def all(self) -> frozenset[int]:
        return self.own | self.replies


def leaving(messages: Sequence[Message], is_theirs: Test, names: Collection[str]) -> Leaving:
    """Return what goes with what is theirs, of which Echo's are the replies to it and whatever repeats it.

    `names` are what the person is called; a reply to others that names or quotes them goes as well.
    """
    own = frozenset(message.message_id for message in messages if is_theirs(message))
    others = [message for message in messages if message.is_from_person and message.message_id not in own]
    answering = _answering(messages, own)
    quotes = Quotes(
        (text_of(message) for message in messages if message.message_id in own),
        (message.message_content for message in others),
        names,
    )
    quoting = {
        message.message_id
        for message in messages
        if not message.is_from_person and (own or names) and quotes.are_in(text_of(message))
    }
    # A row that was emptied before says nothing of who is there.
    is_alone = not any(message.is_kept or message.message_content for message in others)
    return Leaving(own, with_their_tools(messages, answering | quoting), is_alone)


def replies_to(messages: Sequence[Message], own: Collection[int]) -> frozenset[int]:
    """Return the ids of Echo's messages that answer these and nobody else's."""
    replies: set[int] = set()
    asked: list[int] = []
    is_answering = False
    for message in messages:
        if message.is_from_person:
            asked = [*([] if is_answering else asked), message.message_id]
            is_answering = False
        else:
            is_answering = True
            if asked and all(each in own for each in asked):
                replies.add(message.message_id)
    return frozenset(replies)


def with_their_tools(messages: Sequence[Message], going: Collection[int]) -> frozenset[int]:
    """Return what goes of Echo's, with all that tools did for the same answer: no call stands without its response."""
    found: set[int] = set(going)
    run: list[Message] = []
    for message in messages:
        if message.is_from_person:
            found |= _tools_of(run, going)
            run = []
        else:
            run.append(message)
    return frozenset(found | _tools_of(run, going))


def text_of(message: Message) -> str:
    """Return everything that a message says, what tools were given included."""
    if message.tools is None:
        return message.message_content
    given = " ".join(str(value) for tool in message.tools for key, value in tool.items() if key != "id")
    return f"{message.message_content} {given}"


def _answering(messages: Sequence[Message], own: Collection[int]) -> set[int]:
    """Return Echo's messages that follow something of theirs, up to what somebody says next."""
    answering: set[int] = set()
    concerns_them = has_answered = False
    for message in messages:
        if message.is_from_person:
            is_own = message.message_id in own
            concerns_them = is_own or (concerns_them and not has_answered)
            has_answered = False
        else:
            has_answered = True
            if concerns_them:
                answering.add(message.message_id)
    return answering


def _tools_of(run: Sequence[Message], going: Collection[int]) -> set[int]:
    if not any(message.message_id in going for message in run):
        return set()
    return {message.message_id for message in run if message.message_type is not MessageType.CHAT}
