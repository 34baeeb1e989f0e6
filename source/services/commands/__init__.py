"""One vocabulary of commands for every platform: each is a service function with typed options."""

from source.services.commands.service import CommandService
from source.services.commands.vocabulary import (
    Choice,
    CommandInvocation,
    CommandOption,
    CommandReply,
    CommandSpec,
    ExportedFile,
    Line,
    OptionKind,
    Suggestion,
)

__all__ = [
    "Choice",
    "CommandInvocation",
    "CommandOption",
    "CommandReply",
    "CommandService",
    "CommandSpec",
    "ExportedFile",
    "Line",
    "OptionKind",
    "Suggestion",
]
