"""A Discord on loopback for tests and benchmarks."""

from tests.fakes.discord.server import FakeDiscord

__all__ = ["FakeDiscord"]
