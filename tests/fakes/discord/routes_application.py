"""What a bot asks before it does anything: itself, its application, the gateway, guilds and users."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.fakes.discord import payloads
from tests.fakes.discord.call import ROUTES, Answer, Call
from tests.fakes.discord.refusals import UNKNOWN_GUILD, UNKNOWN_MEMBER, UNKNOWN_USER, RefusedError
from tests.fakes.discord.wire import Json

if TYPE_CHECKING:
    from tests.fakes.discord.guild import Guild
    from tests.fakes.discord.world import World


@ROUTES.serve("GET", "/users/@me")
def get_own_user(world: World, call: Call) -> Answer:
    return Answer(payloads.own_user_object(world.bot))


@ROUTES.serve("GET", "/oauth2/applications/@me")
@ROUTES.serve("GET", "/applications/@me")
def get_own_application(world: World, call: Call) -> Answer:
    application = world.application
    body: Json = {
        "id": str(application.id),
        "name": application.name,
        "icon": None,
        "description": "",
        "type": None,
        "bot": payloads.user_object(world.bot),
        "bot_public": True,
        "bot_require_code_grant": False,
        "verify_key": "0" * 64,
        "flags": application.flags,
        "flags_new": str(application.flags),
        "explicit_content_filter": 0,
        "eligible_oauth2_scopes": [],
        "approximate_user_install_count": 0,
        "approximate_user_authorization_count": 0,
        "owner": payloads.user_object(next((one.owner for one in world.guilds.values()), world.bot)),
        "team": None,
        "summary": "",
        "hook": True,
        "redirect_uris": [],
        "interactions_endpoint_url": None,
        "role_connections_verification_url": None,
        "approximate_guild_count": len(world.guilds),
    }
    return Answer(body)


@ROUTES.serve("GET", "/gateway", needs_token=False)
def get_gateway(world: World, call: Call) -> Answer:
    return Answer({"url": world.gateway_url})


@ROUTES.serve("GET", "/gateway/bot")
def get_gateway_of_bot(world: World, call: Call) -> Answer:
    limit = {"total": 1000, "remaining": 1000, "reset_after": 0, "max_concurrency": 1}
    return Answer({"url": world.gateway_url, "shards": world.recommended_shards, "session_start_limit": limit})


@ROUTES.serve("GET", "/users/{user_id}")
def get_user(world: World, call: Call) -> Answer:
    user = world.users.get(call.id("user_id"))
    if user is None:
        raise RefusedError(UNKNOWN_USER)
    return Answer(payloads.user_object(user))


@ROUTES.serve("GET", "/users/@me/guilds")
def list_own_guilds(world: World, call: Call) -> Answer:
    member = {guild.id: guild.members[world.bot.id] for guild in world.guilds.values()}
    return Answer(
        [
            {
                "id": str(guild.id),
                "name": guild.name,
                "icon": None,
                "banner": None,
                "owner": False,
                "features": [],
                "permissions": str(guild.permissions_of(member[guild.id])),
            }
            for guild in world.guilds.values()
        ]
    )


@ROUTES.serve("GET", "/guilds/{guild_id}")
def get_guild(world: World, call: Call) -> Answer:
    return Answer(payloads.guild_object(_guild(world, call)))


@ROUTES.serve("GET", "/guilds/{guild_id}/channels")
def list_channels(world: World, call: Call) -> Answer:
    return Answer([payloads.channel_object(one) for one in _guild(world, call).channels.values()])


@ROUTES.serve("GET", "/guilds/{guild_id}/members/{user_id}")
def get_member(world: World, call: Call) -> Answer:
    member = _guild(world, call).members.get(call.id("user_id"))
    if member is None:
        raise RefusedError(UNKNOWN_MEMBER)
    return Answer(payloads.member_object(member))


@ROUTES.serve("GET", "/guilds/{guild_id}/threads/active")
def list_active_threads(world: World, call: Call) -> Answer:
    seen = [one for one in _guild(world, call).active_threads() if one.permissions_of(world.bot)]
    joined = [one for one in seen if one.thread is not None and world.bot.id in one.thread.members]
    threads = [payloads.thread_object(one, viewer=world.bot) for one in seen]
    return Answer({"threads": threads, "members": [payloads.thread_member_object(one, world.bot.id) for one in joined]})


def _guild(world: World, call: Call) -> Guild:
    found = world.guilds.get(call.id("guild_id"))
    if found is None:
        raise RefusedError(UNKNOWN_GUILD)
    return found
