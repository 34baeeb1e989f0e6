"""E-mail addresses and addresses of the internet."""

import ipaddress
import re
from collections.abc import Iterator

from source.domain.personal_data_span import Span, Zone

# RFC 5321: 64 before the @. Every quantifier is bounded, and what follows it cannot begin with what it takes.
_LONGEST_LOCAL = 64
_LOCAL = re.compile(r"[\w.+%'-]")
_DOMAIN = re.compile(r"@(?:[^\W_](?:[\w-]{0,62})\.){1,8}(?P<top>xn--[a-z0-9-]{1,59}|[^\W\d_]{2,24})(?![\w@])", re.I)
_IP_DOMAIN = re.compile(r"@\[?(?:\d{1,3}\.){3}\d{1,3}\]?(?![\w@])")
# Names of files such as logo@2x.png.
_FILE_ENDINGS = frozenset({"png", "jpg", "jpeg", "gif", "webp", "svg", "js", "css", "html", "py", "md", "json"})

# What must not be before it comes behind its first sign: patterns that begin with a set of signs are searched fast.
_V4 = re.compile(r"\d(?<![\w.:-]\d)\d{0,2}\.(?:\d{1,3}\.){2}\d{1,3}(?![\w-]|\.\d)")
_V6 = re.compile(
    r"[0-9a-fA-F:](?<![\w:.][0-9a-fA-F:])(?:(?<=:):|[0-9a-fA-F]{0,3}:)"
    r"(?:[0-9a-fA-F]{0,4}:){1,6}(?:(?:\d{1,3}\.){3}\d{1,3}|[0-9a-fA-F]{0,4})(?![\w:]|\.\d)"
)
# What stands before the number of a version, right before it or with a word between.
_VERSION = re.compile(
    r"(?:\b(?:version|versión|versão|versione|ver|release|build|firmware|v|update|upgrade|driver|chapter|section|§)"
    r"[.:]?\s{0,2}(?:to\s|auf\s|is\s|=\s?)?|[=<>~^]=?\s?|\bfrom\s|\bto\s)$",
    re.I,
)
_VERSION_ALONE = re.compile(r"(?:version|versión|versão|versione|ver|release|build|firmware|upgrade|update)\b", re.I)
_BEFORE = 24


def emails(text: str) -> Iterator[Span]:
    """Yield e-mail addresses."""
    at = text.find("@")
    free = 0
    while at >= 0:
        match = _DOMAIN.match(text, at) or _IP_DOMAIN.match(text, at)
        start = _local_start(text, at, free)
        if match is not None and start < at and not _is_none(text, start, at, match):
            yield Span(start, match.end())
            free = match.end()
        at = text.find("@", at + 1)


def _local_start(text: str, at: int, free: int) -> int:
    start = at
    least = max(free, at - _LONGEST_LOCAL)
    while start > least and _LOCAL.match(text[start - 1]):
        start -= 1
    while start < at and text[start] in ".'-%":
        start += 1
    return start


def _is_none(text: str, start: int, at: int, match: re.Match[str]) -> bool:
    """Whether it is the name of a file, or a repository as git writes it."""
    if "top" in match.groupdict() and match["top"].lower() in _FILE_ENDINGS:
        return True
    return text[start:at] == "git" and text[match.end() : match.end() + 1] == ":"


def internet_addresses(text: str, zone: Zone) -> Iterator[Span]:
    """Yield addresses of IPv4 and IPv6; not those that mean no machine or this one, nor numbers of versions."""
    if text.count(".", zone.start, zone.end) >= 3:
        for match in _V4.finditer(text, zone.start, zone.end):
            if _is_address(match[0]) and not _is_version(text, match.start()):
                yield Span(*match.span())
    if text.count(":", zone.start, zone.end) >= 2:
        for match in _V6.finditer(text, zone.start, zone.end):
            if _is_long_enough(match[0]) and _is_address(match[0]):
                yield Span(*match.span())


def _is_address(text: str) -> bool:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    # 255.255.255.0 and its like are masks.
    return not (address.is_loopback or address.is_unspecified or address.is_multicast or text.startswith("255."))


def _is_long_enough(text: str) -> bool:
    """Whether it can be told from `a::b` in a program: by a digit, and by a group of some length or many groups."""
    groups = [group for group in text.split(":") if group]
    has_digit = any(sign.isdigit() for sign in text)
    return has_digit and (len(groups) >= 4 or any(len(group) >= 3 for group in groups))


def _is_version(text: str, start: int) -> bool:
    before = text[max(0, start - _BEFORE) : start]
    if not _VERSION.search(before):
        return False
    # `from 10.0.0.1` is where somebody comes from, `from 1.2.3.4 to 1.3.0.0` after `upgrade` what is installed.
    if re.search(r"\b(?:from|to)\s$", before, re.I):
        return bool(_VERSION_ALONE.search(text[max(0, start - 3 * _BEFORE) : start]))
    return True
