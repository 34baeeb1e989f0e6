"""The vocabulary in the form in which Discord registers it."""

import hashlib
import json
from collections.abc import Sequence
from enum import IntEnum
from typing import Final

from source.services.commands import CommandSpec
from source.services.commands.vocabulary import CommandOption, OptionKind

# Discord: 100 characters for the description of a command or an option.
_LONGEST_DESCRIPTION: Final = 100
_STRING, _BOOLEAN = 3, 5
_GUILD_INSTALL = 0
_IN_GUILDS, _IN_DIRECT_MESSAGES = 0, 1

SUMMARISE: Final = "Summarise conversation"
SEARCH: Final = "Search for this"

Payload = dict[str, object]


class CommandType(IntEnum):
    """Where a command is found: behind a slash, or in the menu of a message."""

    SLASH = 1
    MESSAGE_MENU = 3


def command_payloads(vocabulary: Sequence[CommandSpec]) -> list[Payload]:
    """Return every slash command and message menu, as `PUT /applications/{id}/commands` takes them."""
    slash = [_slash(spec) for spec in vocabulary]
    known = {spec.name for spec in vocabulary}
    menus = [_menu(name) for name, word in ((SUMMARISE, "summary"), (SEARCH, "search")) if word in known]
    return [*slash, *menus]


def fingerprint(payloads: Sequence[Payload]) -> str:
    """Return a hash that changes whenever anything of the commands does."""
    canonical = json.dumps(payloads, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _slash(spec: CommandSpec) -> Payload:
    # Discord: required options come before the others.
    options = sorted(spec.shown_options, key=lambda option: not option.required)
    return {
        "type": CommandType.SLASH.value,
        "name": spec.name,
        "description": _sentence(spec.summary),
        "options": [_option(option) for option in options],
        **_everywhere(),
    }


def _menu(name: str) -> Payload:
    return {"type": CommandType.MESSAGE_MENU.value, "name": name, **_everywhere()}


def _option(option: CommandOption) -> Payload:
    payload: Payload = {
        "type": _BOOLEAN if option.kind is OptionKind.FLAG else _STRING,
        "name": option.name,
        "description": _sentence(option.summary),
        "required": option.required,
    }
    if option.choices:
        payload["choices"] = [{"name": choice, "value": choice} for choice in option.choices]
    elif option.is_suggested:
        payload["autocomplete"] = True
    return payload


def _everywhere() -> Payload:
    return {"integration_types": [_GUILD_INSTALL], "contexts": [_IN_GUILDS, _IN_DIRECT_MESSAGES]}


def _sentence(summary: str) -> str:
    return (summary[:1].upper() + summary[1:])[:_LONGEST_DESCRIPTION]
