"""How a bot enters the gateway: IDENTIFY, RESUME, and the members that it asks for."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tests.fakes.discord import payloads
from tests.fakes.discord.connection import Connection
from tests.fakes.discord.events import ALL_INTENTS, PRIVILEGED, Intent, shard_of
from tests.fakes.discord.session import Session
from tests.fakes.discord.wire import Json

if TYPE_CHECKING:
    from tests.fakes.discord.gateway import Gateway
    from tests.fakes.discord.world import World

# Discord's documentation, "Gateway Close Event Codes".
BAD_TOKEN, ALREADY_AUTHENTICATED, INVALID_SEQ, INVALID_SHARD = 4004, 4005, 4007, 4010
SHARDING_REQUIRED, INVALID_VERSION, INVALID_INTENTS, DISALLOWED_INTENTS = 4011, 4012, 4013, 4014
_MOST_GUILDS_A_SHARD = 2500
_CHUNK = 1000


def identify(
    gateway: Gateway, connection: Connection, current: Session | None, data: Json, version: str
) -> Session | int:
    """Begin a session with READY and its guilds, or return the code to close with."""
    world = gateway.world
    shard = tuple(data.get("shard") or (0, 1))
    problem = _problem(gateway, current, data, version, shard)
    if problem is not None:
        return problem
    gateway.identifies += 1
    session = Session(int(data["intents"]), (shard[0], shard[1]))
    gateway.sessions[session.id] = session
    session.attach(connection)
    guilds = [one for one in world.guilds.values() if shard_of(one.id, shard[1]) == shard[0]]
    session.dispatch("READY", _ready(gateway, session, [one.id for one in guilds]))
    if session.intents & Intent.GUILDS:
        for guild in guilds:
            session.dispatch("GUILD_CREATE", payloads.guild_create_object(guild, world.bot))
    return session


def resume(gateway: Gateway, connection: Connection, current: Session | None, data: Json) -> Session | int | None:
    """Go on with a session and tell what was missed; a lost session is answered with op 9."""
    if current is not None:
        return ALREADY_AUTHENTICATED
    if not _knows(gateway, data):
        return BAD_TOKEN
    session = gateway.sessions.get(str(data.get("session_id")))
    seq = int(data.get("seq") or 0)
    if session is None or _is_over(gateway, session) or not session.can_replay_after(seq):
        connection.send_op(9, False)
        return None
    if seq > session.seq:
        gateway.sessions.pop(session.id)
        return INVALID_SEQ
    gateway.resumes += 1
    session.attach(connection)
    session.replay_after(seq)
    session.dispatch("RESUMED", {"_trace": ["fake"]})
    return session


def send_members(world: World, session: Session, data: Json) -> None:
    """Answer op 8 with chunks of members."""
    guild = world.guilds.get(int(data["guild_id"]))
    if guild is None:
        return
    wanted = data.get("user_ids")
    ids = [int(one) for one in ([wanted] if isinstance(wanted, str | int) else wanted or [])]
    query = str(data.get("query") or "").lower()
    if wanted is not None:
        found = [guild.members[one] for one in ids if one in guild.members]
    else:
        found = [one for one in guild.members.values() if one.user.name.lower().startswith(query)]
    limit = int(data.get("limit") or 0) or len(found)
    missing = [str(one) for one in ids if one not in guild.members]
    chunks = [found[:limit][start : start + _CHUNK] for start in range(0, max(1, len(found[:limit])), _CHUNK)]
    for number, chunk in enumerate(chunks):
        body: Json = {
            "guild_id": str(guild.id),
            "members": [payloads.member_object(one) for one in chunk],
            "chunk_index": number,
            "chunk_count": len(chunks),
            "not_found": missing,
        }
        session.dispatch("GUILD_MEMBERS_CHUNK", {**body, "nonce": data["nonce"]} if "nonce" in data else body)


def _problem(gateway: Gateway, current: Session | None, data: Json, version: str, shard: tuple[int, ...]) -> int | None:
    world = gateway.world
    intents = data.get("intents")
    if version != "10":
        return INVALID_VERSION
    if current is not None:
        return ALREADY_AUTHENTICATED
    if not _knows(gateway, data):
        return BAD_TOKEN
    if len(shard) != 2 or not 0 <= shard[0] < shard[1]:
        return INVALID_SHARD
    if len(world.guilds) > _MOST_GUILDS_A_SHARD * shard[1]:
        return SHARDING_REQUIRED
    if not isinstance(intents, int) or not 0 <= intents <= ALL_INTENTS:
        return INVALID_INTENTS
    return DISALLOWED_INTENTS if intents & PRIVILEGED & ~world.application.intents else None


def _knows(gateway: Gateway, data: Json) -> bool:
    return str(data.get("token", "")).removeprefix("Bot ") == gateway.token


def _is_over(gateway: Gateway, session: Session) -> bool:
    life = gateway.session_life.total_seconds()
    return session.lost_at is not None and time.monotonic() - session.lost_at > life


def _ready(gateway: Gateway, session: Session, guild_ids: list[int]) -> Json:
    world = gateway.world
    return {
        "v": 10,
        "user": payloads.own_user_object(world.bot),
        "guilds": [{"id": str(one), "unavailable": True} for one in guild_ids],
        "private_channels": [],
        "session_id": session.id,
        "session_type": "normal",
        "resume_gateway_url": gateway.url,
        "shard": list(session.shard),
        "application": {"id": str(world.application.id), "flags": world.application.flags},
    }
