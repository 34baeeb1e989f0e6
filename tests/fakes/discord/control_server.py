"""Verbs of the server: build it, look at it, wait for it, and let things go wrong."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from tests.fakes.discord.interaction import Interaction
from tests.fakes.discord.lookup import Key, channel_of, guild_of, interaction_of
from tests.fakes.discord.message import Message
from tests.fakes.discord.rate_limits import Limit
from tests.fakes.discord.server import FakeDiscord
from tests.fakes.discord.views import interaction_view, message_view, request_view, state_view
from tests.fakes.discord.wire import Json


async def add_guild(server: FakeDiscord, *, name: str) -> int:
    return server.add_guild(name).id


async def add_channel(server: FakeDiscord, *, name: str, kind: str = "text", guild: Key | None = None) -> int:
    place = guild_of(server, guild)
    add = {"text": place.add_text_channel, "voice": place.add_voice_channel, "forum": place.add_forum}[kind]
    return add(name).id


async def add_member(server: FakeDiscord, *, name: str, guild: Key | None = None) -> int:
    return guild_of(server, guild).add_member(name).id


async def add_threads(server: FakeDiscord, *, channel: Key, count: int, archived: bool = False) -> list[int]:
    parent = channel_of(server, channel)
    assert parent.guild is not None
    return [one.id for one in parent.guild.add_threads(parent, count, archived=archived)]


async def overwrite(server: FakeDiscord, *, channel: Key, allow: int = 0, deny: int = 0) -> None:
    """Allow or deny everyone something in a channel."""
    place = channel_of(server, channel)
    assert place.guild is not None
    place.guild.overwrite(place, place.guild.everyone, allow=allow, deny=deny)


async def wait_ready(server: FakeDiscord, *, shards: int = 1, identifies: int = 1, patience: float = 30.0) -> None:
    """Return when so many sessions are connected, and the bot identified so often since the start."""
    await server.until(
        lambda: len(server.gateway.connected) >= shards and server.gateway.identifies >= identifies, patience=patience
    )


async def state(server: FakeDiscord) -> Json:
    return state_view(server)


async def channels(server: FakeDiscord) -> list[Json]:
    return [
        {
            "id": one.id,
            "name": one.name,
            "type": int(one.kind),
            "parent_id": one.parent.id if one.parent else None,
            "archived": one.thread.archived if one.thread else False,
            "typing": one.typing,
        }
        for one in server.world.channels.values()
    ]


async def messages(server: FakeDiscord, *, channel: Key) -> list[Json]:
    return [message_view(one) for one in server.messages(channel_of(server, channel))]


async def wait_messages(
    server: FakeDiscord,
    *,
    channel: Key,
    count: int = 1,
    contains: str = "",
    by_bot: bool = True,
    patience: float = 30.0,
) -> list[Json]:
    """Wait until a channel shows so many messages that contain a text; return them."""
    place = channel_of(server, channel)

    def found() -> list[Message]:
        return [one for one in place.visible() if contains in one.content and one.author.is_bot in (True, by_bot)]

    await server.until(lambda: len(found()) >= count, patience=patience)
    return [message_view(one) for one in found()]


async def interaction(server: FakeDiscord, *, key: Key, wait: str = "", patience: float = 30.0) -> Json:
    """An interaction; with `wait` it has come to its `ack` or `answer` first."""
    found: Interaction = interaction_of(server, key)
    if wait == "ack":
        await found.acknowledged(patience=patience)
    if wait == "answer":
        await found.answered(patience=patience)
    return interaction_view(found)


async def requests(server: FakeDiscord, *, method: str = "", path: str = "") -> list[Json]:
    return [request_view(one) for one in server.requests(method, path)]


async def wait_requests(
    server: FakeDiscord, *, method: str = "", path: str = "", count: int = 1, patience: float = 30.0
) -> list[Json]:
    await server.until(lambda: len(server.requests(method, path)) >= count, patience=patience)
    return await requests(server, method=method, path=path)


async def fault(
    server: FakeDiscord,
    *,
    kind: str,
    method: str = "*",
    path: str = "",
    times: int = 1,
    status: int = 500,
    code: int = 0,
    retry_after: float = 0.1,
    is_global: bool = False,
    after_effect: bool = True,
) -> None:
    """Plan a fault: `rate_limit`, `refuse`, `fail`, `hang` or `cut`."""
    faults = server.faults
    match kind:
        case "rate_limit":
            faults.rate_limit(retry_after=retry_after, is_global=is_global, method=method, path=path, times=times)
        case "refuse":
            faults.refuse(status, code, method=method, path=path, times=times)
        case "fail":
            faults.fail(status, method=method, path=path, times=times)
        case "hang":
            faults.hang(method=method, path=path, times=times, after_effect=after_effect)
        case "cut":
            faults.cut(method=method, path=path, times=times, after_effect=after_effect)
        case _:
            raise LookupError(f"no fault {kind!r}")


async def clear_faults(server: FakeDiscord) -> None:
    server.faults.clear()


async def gateway(
    server: FakeDiscord,
    *,
    action: str,
    code: int = 4000,
    forget: bool = False,
    resumable: bool = False,
    event: str | None = None,
) -> None:
    """Do something to the connections: the name of a method of the gateway."""
    actions: dict[str, Callable[[], None]] = {
        "disconnect": lambda: server.gateway.disconnect(code),
        "drop_connections": server.gateway.drop_connections,
        "go_offline": lambda: server.gateway.go_offline(forget=forget),
        "go_online": server.gateway.go_online,
        "reconnect_op7": server.gateway.reconnect_op7,
        "invalidate_session": lambda: server.gateway.invalidate_session(resumable=resumable),
        "duplicate_last_event": lambda: server.gateway.duplicate_last_event(event),
    }
    actions[action]()


async def go_offline(server: FakeDiscord, *, forget: bool = False) -> None:
    """Cut REST and gateway; this interface stays."""
    server.go_offline(forget=forget)


async def go_online(server: FakeDiscord) -> None:
    server.go_online()


async def limit(server: FakeDiscord, *, operation: str, count: int, seconds: float) -> None:
    """Set a rate limit: of `PATCH /channels/{channel_id}/messages/{message_id}`, of `others`, or of `everything`."""
    chosen = Limit(count, seconds)
    if operation in ("others", "everything"):
        setattr(server.limits, operation, chosen)
    else:
        server.limits.limits[operation] = chosen


async def rules(server: FakeDiscord, **seconds: float) -> None:
    """Set deadlines of Discord: `ack=0.2`, `interaction_life=1`."""
    for name, value in seconds.items():
        assert isinstance(getattr(server.rules, name), timedelta), f"{name!r} is no duration"
        setattr(server.rules, name, timedelta(seconds=value))


async def clear_violations(server: FakeDiscord) -> None:
    server.violations.clear()


SERVER_VERBS = {
    one.__name__: one
    for one in (
        add_guild,
        add_channel,
        add_member,
        add_threads,
        overwrite,
        wait_ready,
        state,
        channels,
        messages,
        wait_messages,
        interaction,
        requests,
        wait_requests,
        fault,
        clear_faults,
        gateway,
        go_offline,
        go_online,
        limit,
        rules,
        clear_violations,
    )
}
