"""A channel that DiscordChatExporter wrote as JSON."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Final

from source.domain.errors import RefusedInputError
from source.domain.imports.chat import NOBODY_KNOWN, ExportedChat, ExportedMessage, Unread, WhoIsWho, most_frequent
from source.domain.imports.discord_fields import listed, mapping, text
from source.domain.message_text import storable
from source.domain.thread import PersonRef, Platform, ThreadRef

# Discord's types of messages that somebody wrote, by name and by number.
_WRITTEN: Final = frozenset({"Default", "Reply", "ChatInputCommand", "ContextMenuCommand", "0", "19", "20", "23"})
_DIGITS: Final = re.compile(r"\d{1,20}")
_MENTION: Final = re.compile(r"<@!?(\d{1,20})>")
_QUOTED_CHARS: Final = 120
_NAMES_SHOWN: Final = 10
_NO_GUILD: Final = "0"


@dataclass(frozen=True, slots=True)
class DiscordExport:
    """What has to be known beside the file; times without an offset are of `zone`."""

    zone: tzinfo
    now: datetime
    who: WhoIsWho = NOBODY_KNOWN


def discord_chat(exported: object, export: DiscordExport) -> ExportedChat:
    """Read an exported channel.

    Raises: RefusedInputError: it is none, or nobody has a name that was given.
    """
    top = mapping(exported)
    channel, guild = mapping(top.get("channel")), mapping(top.get("guild"))
    channel_id = text(channel.get("id"))
    if not _DIGITS.fullmatch(channel_id) or not isinstance(top.get("messages"), list):
        raise RefusedInputError(
            "line 1: this is no channel exported by DiscordChatExporter as JSON: it has no channel with an id, "
            "or no messages."
        )
    everything = top["messages"]
    messages = listed(everything)
    _refuse_strangers(export.who, messages)
    reading = _Reading(messages, export)
    said = tuple(reading.messages())
    name = storable(text(channel.get("name"))) or channel_id
    unread = [*reading.unread]
    if isinstance(everything, list) and len(everything) > len(messages):
        unread.append(Unread(1, f"{len(everything) - len(messages)} entries of the list of messages are none"))
    return ExportedChat(_thread(channel_id, guild), name, said, reading.left_out, tuple(unread))


def _thread(channel_id: str, guild: Mapping[str, object]) -> ThreadRef:
    """Return the channel's thread; the file does not say who can read along, so it is closed until Discord tells."""
    guild_id = text(guild.get("id"))
    if not _DIGITS.fullmatch(guild_id) or guild_id == _NO_GUILD:
        return ThreadRef(Platform.DISCORD, channel_id)
    return ThreadRef(Platform.DISCORD, channel_id, guild_id, storable(text(guild.get("name"))) or None, channel_id)


class _Reading:
    """Reads the messages of one channel in order, and keeps account of the others."""

    def __init__(self, messages: Sequence[Mapping[str, object]], export: DiscordExport) -> None:
        self._messages = messages
        self._export = export
        self._by_id = {text(each.get("id")): each for each in messages}
        self.left_out = 0
        self.unread: list[Unread] = []

    def messages(self) -> Iterator[ExportedMessage]:
        found: dict[str, ExportedMessage] = {}
        for number, message in enumerate(self._messages, 1):
            if text(message.get("type") or "Default") not in _WRITTEN:
                self.left_out += 1
                continue
            read = self._read(number, message)
            if isinstance(read, Unread):
                self.unread.append(read)
            elif read.text:
                found.setdefault(read.event_id, read)
            else:
                self.left_out += 1
        yield from sorted(found.values(), key=lambda each: (each.said_at, int(each.event_id)))

    def _read(self, number: int, message: Mapping[str, object]) -> ExportedMessage | Unread:
        message_id, author = text(message.get("id")), mapping(message.get("author"))
        said_at = self._moment(message.get("timestamp"))
        if not _DIGITS.fullmatch(message_id) or not _DIGITS.fullmatch(text(author.get("id"))):
            return Unread(number, "it has no id, or no author with an id")
        if said_at is None:
            return Unread(number, "its timestamp cannot be read")
        return ExportedMessage(
            event_id=message_id,
            said_at=min(said_at, self._export.now),
            speaker=self._speaker(author),
            text=self._text(message),
            number=number,
            was_edited=message.get("timestampEdited") is not None,
        )

    def _moment(self, value: object) -> datetime | None:
        try:
            found = datetime.fromisoformat(text(value))
            if found.tzinfo is None:
                found = found.replace(tzinfo=self._export.zone)
            return found.astimezone(UTC)
        except (ValueError, OverflowError):
            return None

    def _speaker(self, author: Mapping[str, object]) -> PersonRef | None:
        who, own_id = self._export.who, text(author.get("id"))
        if who.own_names & _names_of(author):
            return None
        others = (who.ids[name] for name in sorted(_names_of(author)) if name in who.ids)
        return PersonRef(next(others, own_id), _shown(author))

    def _text(self, message: Mapping[str, object]) -> str:
        names = {text(each.get("id")): _shown(each) for each in listed(message.get("mentions"))}
        said = _MENTION.sub(lambda found: f"@{names.get(found[1], found[1])}", text(message.get("content")))
        lines = [said.strip(), *_beside(message)]
        body = "\n\n".join(line for line in lines if line)
        quote = self._quote(message) if body else ""
        return storable(f"{quote}\n\n{body}" if quote else body)

    def _quote(self, message: Mapping[str, object]) -> str:
        """Return one line of what the message replies to, as in messages that come from Discord itself."""
        replied_to = self._by_id.get(text(mapping(message.get("reference")).get("messageId")))
        if replied_to is None or text(message.get("type")) not in {"Reply", "19"}:
            return ""
        line = " ".join(text(replied_to.get("content")).split())
        shown = line if len(line) <= _QUOTED_CHARS else f"{line[: _QUOTED_CHARS - 1].rstrip()}…"
        return f"> {_shown(mapping(replied_to.get('author')))}: {shown}" if shown else ""


def _beside(message: Mapping[str, object]) -> Iterator[str]:
    """Give what a message shows beside its text."""
    for file in listed(message.get("attachments")):
        yield f"[attached: {text(file.get('fileName')) or 'a file'}]"
    for sticker in listed(message.get("stickers")):
        yield f"[sticker: {text(sticker.get('name'))}]"
    for embed in listed(message.get("embeds")) if not text(message.get("content")) else []:
        yield "\n".join(filter(None, [text(embed.get("title")), text(embed.get("description"))]))
    forwarded = mapping(message.get("forwardedMessage"))
    if text(forwarded.get("content")):
        yield "\n".join(["[forwarded]", *(f"> {line}" for line in text(forwarded.get("content")).splitlines())])


def _shown(author: Mapping[str, object]) -> str:
    name = text(author.get("nickname")) or text(author.get("name")) or text(author.get("id"))
    return storable(name)


def _names_of(author: Mapping[str, object]) -> frozenset[str]:
    return frozenset(filter(None, (text(author.get(key)) for key in ("id", "name", "nickname"))))


def _refuse_strangers(who: WhoIsWho, messages: Sequence[Mapping[str, object]]) -> None:
    authors = [mapping(each.get("author")) for each in messages]
    unknown = who.unknown_in(name for author in authors for name in _names_of(author))
    if unknown:
        speaking = ", ".join(most_frequent(map(_shown, authors), _NAMES_SHOWN))
        raise RefusedInputError(f"nobody in this channel is called {unknown[0]}: those who write are {speaking}.")
