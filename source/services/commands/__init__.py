"""One vocabulary of commands for every platform: each is a service function with typed arguments."""

from source.services.commands.service import CommandService
from source.services.commands.vocabulary import CommandInvocation, CommandReply, CommandSpec

__all__ = ["CommandInvocation", "CommandReply", "CommandService", "CommandSpec"]
