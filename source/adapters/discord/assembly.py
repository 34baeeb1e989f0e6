"""The parts of the adapter, put together for one client."""

from collections.abc import Sequence
from dataclasses import dataclass

import discord

from source.adapters.discord.around_interactions import AroundInteractions
from source.adapters.discord.catch_up import CatchUp
from source.adapters.discord.changes import Changes
from source.adapters.discord.channel_access import ChannelAccess
from source.adapters.discord.commands import DiscordCommands
from source.adapters.discord.commands.payload import Payload
from source.adapters.discord.commands.sync import register_commands
from source.adapters.discord.gaps import Gaps
from source.adapters.discord.inbound import InboundText, OwnMessages
from source.adapters.discord.intake import Intake
from source.adapters.discord.lanes import Lanes
from source.adapters.discord.missed import Missed
from source.adapters.discord.parts import DiscordParts
from source.adapters.discord.reception import Reception
from source.adapters.discord.recovery import Recovery
from source.adapters.discord.seen import SeenMarks
from source.adapters.discord.settings import DiscordSettings
from source.adapters.discord.telling import Teller
from source.adapters.discord.threads import Threads
from source.ports.channel import Channel
from source.services.owned_tasks import OwnedTasks


@dataclass(frozen=True, slots=True)
class Assembly:
    """What handles the events of a client."""

    seen: SeenMarks
    recovery: Recovery
    catch_up: CatchUp
    missed: Missed
    teller: Teller
    intake: Intake
    changes: Changes
    commands: DiscordCommands


def assemble(
    client: discord.Client,
    channel: Channel,
    parts: DiscordParts,
    settings: DiscordSettings,
    *,
    tasks: OwnedTasks,
    background: OwnedTasks,
) -> Assembly:
    """Put everything together; `tasks` are ended in peace, `background` is stopped at once."""
    own, lanes = OwnMessages(), Lanes()
    teller = Teller(client, parts.clock)
    threads = Threads(parts.store)
    access = ChannelAccess(settings.access)
    text = InboundText(client, own)
    reception = Reception(client, parts.turns, access=access, threads=threads, text=text, teller=teller)
    seen = SeenMarks(parts.store, parts.clock)
    missed = Missed(reception, parts.turns, channel, store=parts.store, own=own)
    gaps = Gaps(client, seen, parts.clock, settings.catch_up_age)
    catch_up = CatchUp(gaps, seen, missed, parts.clock, tasks=tasks, background=background)
    return Assembly(
        seen=seen,
        recovery=Recovery(parts.turns, channel, background),
        catch_up=catch_up,
        missed=missed,
        teller=teller,
        intake=Intake(
            reception,
            parts.turns,
            channel,
            access=access,
            catch_up=catch_up,
            seen=seen,
            own=own,
            teller=teller,
            lanes=lanes,
            tasks=tasks,
        ),
        changes=Changes(
            parts.corrections, parts.store, text=text, threads=threads, lanes=lanes, seen=seen, tasks=tasks
        ),
        commands=DiscordCommands(
            parts.commands, parts.turns, parts.store, parts.clock, AroundInteractions(client, access, threads, channel)
        ),
    )


async def sync_commands(client: discord.Client, commands: DiscordCommands, parts: DiscordParts) -> None:
    """Register the commands with Discord if they changed."""

    async def register(application_id: int, payloads: Sequence[Payload]) -> None:
        await client.http.bulk_upsert_global_commands(application_id, list(payloads))

    if client.application_id is not None:
        await register_commands(register, parts.store, client.application_id, commands.payloads)
