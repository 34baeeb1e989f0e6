"""Application commands over REST, with their daily quota."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.fakes.discord.call import ROUTES, Answer, Call
from tests.fakes.discord.refusals import (
    TOO_MANY_COMMAND_CREATES,
    TOO_MANY_COMMANDS,
    UNKNOWN_APPLICATION,
    UNKNOWN_COMMAND,
    RefusedError,
    invalid,
)
from tests.fakes.discord.wire import Json

if TYPE_CHECKING:
    from tests.fakes.discord.world import World

_GLOBAL = "/applications/{application_id}/commands"
_OF_GUILD = "/applications/{application_id}/guilds/{guild_id}/commands"
# Discord's documentation, "Registering a Command".
_MOST = {1: 100, 2: 15, 3: 15}


@ROUTES.serve("GET", _GLOBAL)
@ROUTES.serve("GET", _OF_GUILD)
def list_commands(world: World, call: Call) -> Answer:
    return Answer(world.application.commands.get(_scope(world, call), []))


@ROUTES.serve("PUT", _GLOBAL)
@ROUTES.serve("PUT", _OF_GUILD)
def overwrite_commands(world: World, call: Call) -> Answer:
    """Replace all commands; those that keep their name keep their id and cost no quota."""
    scope = _scope(world, call)
    if not isinstance(call.body, list):
        raise invalid("_errors", "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType")
    found = [_command(world, scope, body) for body in call.body]
    _check_counts(found)
    _count_creates(world, scope, found)
    world.application.commands[scope] = found
    return Answer(found)


@ROUTES.serve("POST", _GLOBAL)
@ROUTES.serve("POST", _OF_GUILD)
def create_command(world: World, call: Call) -> Answer:
    scope = _scope(world, call)
    command = _command(world, scope, call.json)
    others = [one for one in world.application.commands.get(scope, []) if one["id"] != command["id"]]
    is_new = len(others) == len(world.application.commands.get(scope, []))
    _check_counts([*others, command])
    _count_creates(world, scope, [command])
    world.application.commands[scope] = [*others, command]
    return Answer(command, 201 if is_new else 200)


@ROUTES.serve("DELETE", _GLOBAL + "/{command_id}")
@ROUTES.serve("DELETE", _OF_GUILD + "/{command_id}")
def delete_command(world: World, call: Call) -> Answer:
    scope = _scope(world, call)
    known = world.application.commands.get(scope, [])
    others = [one for one in known if one["id"] != call.arguments["command_id"]]
    if len(others) == len(known):
        raise RefusedError(UNKNOWN_COMMAND)
    world.application.commands[scope] = others
    return Answer()


def _scope(world: World, call: Call) -> int | None:
    if call.id("application_id") != world.application.id:
        raise RefusedError(UNKNOWN_APPLICATION)
    return call.id("guild_id") if "guild_id" in call.arguments else None


def _command(world: World, scope: int | None, body: Json) -> Json:
    known = _known(world, scope, body)
    kind = body.get("type", 1)
    made: Json = {
        "id": known["id"] if known else str(world.snowflakes.next()),
        "application_id": str(world.application.id),
        "version": str(world.snowflakes.next()),
        "type": kind,
        "name": body["name"],
        "name_localizations": body.get("name_localizations"),
        "description": body.get("description") or "",
        "description_localizations": body.get("description_localizations"),
        "default_member_permissions": body.get("default_member_permissions"),
        "dm_permission": body.get("dm_permission", True),
        "contexts": body.get("contexts"),
        "integration_types": body.get("integration_types") or [0],
        "nsfw": bool(body.get("nsfw")),
    }
    if body.get("options"):
        made["options"] = body["options"]
    if scope is not None:
        made["guild_id"] = str(scope)
    return made


def _known(world: World, scope: int | None, body: Json) -> Json | None:
    """The command that this one replaces."""
    key = (body.get("name"), body.get("type", 1))
    known = world.application.commands.get(scope, [])
    return next((one for one in known if (one["name"], one["type"]) == key), None)


def _check_counts(commands: list[Json]) -> None:
    for kind, most in _MOST.items():
        if sum(one["type"] == kind for one in commands) > most:
            raise RefusedError(TOO_MANY_COMMANDS)
    names = [(one["name"], one["type"]) for one in commands]
    if len(names) != len(set(names)):
        raise invalid("name", "APPLICATION_COMMANDS_DUPLICATE_NAME", "Application command names must be unique")


def _count_creates(world: World, scope: int | None, commands: list[Json]) -> None:
    known = {one["id"] for one in world.application.commands.get(scope, [])}
    creates = sum(one["id"] not in known for one in commands)
    used = world.application.command_creates.get(scope, 0) + creates
    if used > world.rules.command_creates_a_day:
        raise RefusedError(TOO_MANY_COMMAND_CREATES)
    world.application.command_creates[scope] = used
