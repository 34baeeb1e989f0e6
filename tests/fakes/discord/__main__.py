"""`python -m tests.fakes.discord --port 9000 --script world.json`: this Discord as a process."""

import argparse
import asyncio
import contextlib
import json
from pathlib import Path

from tests.fakes.discord.control import Control
from tests.fakes.discord.server import FakeDiscord
from tests.fakes.discord.wire import Json
from tests.fakes.discord.world import DEFAULT_TOKEN


async def _serve(options: argparse.Namespace, script: list[Json]) -> None:
    """Serve for ever; what the script does before it waits for a bot is done before the addresses are printed."""
    server = FakeDiscord(token=options.token, checks=not options.unchecked, latency=options.latency)
    control = Control(server)
    await server.start(options.port, *control.routes())
    waits = next((number for number, step in enumerate(script) if step["do"] == "wait_ready"), len(script))
    try:
        await control.play(script[:waits])
        print(f"DISCORD_API_BASE={server.api_base}")
        print(f"DISCORD_GATEWAY_URL={server.gateway_url}")
        print(f"DISCORD_TOKEN={server.token}")
        print(f"CONTROL={server.control_url}", flush=True)
        await control.play(script[waits:])
        await asyncio.Event().wait()
    finally:
        await server.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description="A fake Discord; its settings for a bot are printed at the start.")
    parser.add_argument("--port", type=int, default=0, help="0: any that is free")
    parser.add_argument("--token", default=DEFAULT_TOKEN)
    parser.add_argument("--script", help='a JSON list of steps: [{"do": "add_guild", "name": "Workshop"}, …]')
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before each REST answer")
    parser.add_argument("--unchecked", action="store_true", help="do not check requests against the description")
    options = parser.parse_args()
    script = json.loads(Path(options.script).read_text(encoding="utf-8")) if options.script else []
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(options, script))


if __name__ == "__main__":
    main()
