"""A message of Discord's as the core takes it."""

from collections import OrderedDict

import discord

from source.adapters.discord import attachments
from source.adapters.discord.message_text import Names, readable
from source.domain.quoted_line import quote

_CHANNELS_REMEMBERED = 5_000
_MESSAGES_REMEMBERED = 8


class OwnMessages:
    """Echo's latest messages in each channel, so that a reply to the latest is not quoted."""

    def __init__(self) -> None:
        self._ids: OrderedDict[int, list[int]] = OrderedDict()

    def add(self, channel: int, message: int) -> None:
        """Echo wrote this."""
        ids = [*self._ids.pop(channel, []), message][-_MESSAGES_REMEMBERED:]
        self._ids[channel] = ids
        if len(self._ids) > _CHANNELS_REMEMBERED:
            self._ids.popitem(last=False)

    def latest_before(self, channel: int, message: int) -> int | None:
        """Return Echo's last message before this one; None when it is not known."""
        return max((each for each in self._ids.get(channel, ()) if each < message), default=None)


class InboundText:
    """Turns everything that a message shows into text."""

    def __init__(self, client: discord.Client, own: OwnMessages) -> None:
        self._client = client
        self._own = own

    async def of(self, message: discord.Message) -> str:
        """Return the text of a message, with what it replies to, forwards and attaches; empty when it says nothing."""
        said = readable(message.content, self._names(message))
        paragraphs = [said, *self._forwarded(message), *other_lines(message)]
        paragraphs += await attachments.described(message.attachments)
        text = "\n\n".join(filter(None, paragraphs))
        quoted = self._quote(message)
        return f"{quoted}\n\n{text}".strip() if quoted else text

    def _quote(self, message: discord.Message) -> str:
        reference = message.reference
        replied_to = reference.resolved if reference is not None and _is_reply(message) else None
        if not isinstance(replied_to, discord.Message):
            return ""
        if replied_to.id == self._own.latest_before(message.channel.id, message.id):
            return ""
        names = [attachments.named(each) for each in replied_to.attachments]
        shown = readable(replied_to.content, self._names(replied_to, without_own=False)) or " ".join(names)
        return quote(replied_to.author.display_name, shown)

    def _forwarded(self, message: discord.Message) -> list[str]:
        names = self._names(message, without_own=False)
        paragraphs = []
        for snapshot in message.message_snapshots:
            files = [attachments.named(each) for each in snapshot.attachments]
            text = "\n".join(filter(None, [readable(snapshot.content, names), *files]))
            paragraphs.append("\n".join(["[forwarded]", *(f"> {line}" for line in text.splitlines())]))
        return paragraphs

    def _names(self, message: discord.Message, *, without_own: bool = True) -> Names:
        guild = message.guild
        own = {str(self._me)}
        if guild is not None and guild.self_role is not None:
            own.add(str(guild.self_role.id))

        def channel(number: str) -> str | None:
            found = guild.get_channel_or_thread(int(number)) if guild is not None else None
            return found.name if found is not None else None

        return Names(
            own=frozenset(own) if without_own else frozenset(),
            users={str(user.id): user.display_name for user in message.mentions},
            roles={str(role.id): role.name for role in message.role_mentions},
            channel=channel,
        )

    @property
    def _me(self) -> int:
        return self._client.user.id if self._client.user is not None else 0


def _is_reply(message: discord.Message) -> bool:
    return message.type is discord.MessageType.reply


def replies_to(message: discord.Message) -> str | None:
    """Return the id of the message that this one replies to."""
    reference = message.reference
    if not _is_reply(message) or reference is None or reference.message_id is None:
        return None
    return str(reference.message_id)


def other_lines(message: discord.Message) -> list[str]:
    """Return what a message shows beside its text and files."""
    lines = [f"[sticker: {sticker.name}]" for sticker in message.stickers]
    if message.poll is not None:
        answers = "; ".join(answer.text for answer in message.poll.answers)
        lines.append(f"[poll: {message.poll.question} Answers: {answers}]")
    return lines
