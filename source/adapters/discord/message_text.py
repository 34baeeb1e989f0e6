"""A message of Discord's as plain text."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from source.domain.quoted_line import cut_between_words

# Discord: a thread's name has at most 100 characters; the rest is room for what a client adds to it.
LONGEST_NAME_CHARS = 90

_TOKEN = re.compile(
    r"<(?:@!?(?P<user>\d+)|@&(?P<role>\d+)|\#(?P<channel>\d+)|a?:(?P<emoji>\w+):\d+"
    r"|/(?P<command>[^:>\n]+):\d+|t:(?P<time>-?\d{1,12})(?::[tTdDfFR])?)>"
)
_MARKUP = re.compile(r"[*_~|`>#\\]+")
_LINK = re.compile(r"https?://\S+")


@dataclass(frozen=True, slots=True)
class Names:
    """What the numbers in a text are called; `own` are the users and roles that stand for Echo."""

    own: frozenset[str] = frozenset()
    users: Mapping[str, str] = field(default_factory=dict)
    roles: Mapping[str, str] = field(default_factory=dict)
    channel: Callable[[str], str | None] = lambda _id: None


def readable(content: str, names: Names) -> str:
    """Return the text as people see it, without the mentions of Echo."""
    if names.own:
        own = "|".join(re.escape(each) for each in sorted(names.own))
        content = re.sub(rf"(?P<before>^|[ \t]*)<@[!&]?(?:{own})>[ \t]*", _gap, content, flags=re.MULTILINE)
        content = re.sub(r"\A[\s,:]+", "", content)
    return _TOKEN.sub(lambda token: _named(token, names), content).strip()


def _gap(mention: re.Match[str]) -> str:
    """Leave one space where a mention stood between words."""
    text = mention.string
    inside = mention.start() > 0 and text[mention.start() - 1] != "\n" and mention.end() < len(text)
    return " " if inside and text[mention.end()] not in "\n.,;:!?" else ""


def _named(token: re.Match[str], names: Names) -> str:
    number = token[token.lastgroup or 0]
    match token.lastgroup:
        case "user":
            return f"@{names.users.get(number, 'someone')}"
        case "role":
            return f"@{names.roles.get(number, 'role')}"
        case "channel":
            return f"#{names.channel(number) or 'channel'}"
        case "emoji":
            return f":{number}:"
        case "command":
            return f"/{number}"
        case _:
            return _moment(int(number), token[0])


def _moment(seconds: int, written: str) -> str:
    try:
        return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M} UTC"
    except (OverflowError, ValueError, OSError):
        return written


def thread_name(text: str, person: str) -> str:
    """Return a thread's name: the topic's first words, or whose thread it is."""
    for line in text.splitlines():
        if line.startswith("> "):
            continue
        words = " ".join(_MARKUP.sub("", _LINK.sub("", line)).split())
        if words:
            return cut_between_words(words, LONGEST_NAME_CHARS)
    return cut_between_words(" ".join(f"Chat with {person}".split()), LONGEST_NAME_CHARS)
