"""Runs a slash command, a message menu or a search for suggestions."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import discord
import structlog

from source.adapters.discord.commands.answer import acknowledge, give, tell
from source.adapters.discord.commands.payload import SEARCH, SUMMARISE
from source.adapters.discord.commands.surroundings import AnyInteraction, Data, Surroundings, data_of
from source.domain.errors import EchoError, RefusedInputError, StoreError
from source.services.commands import CommandInvocation, CommandReply, CommandService, CommandSpec

log = structlog.get_logger(__name__)

_UNSAVED: Final = "I can't reach my memory right now. Nothing was changed; please try again in a moment."
_BROKEN: Final = "Something went wrong on my side. Please try again."
_NO_WORDS: Final = "There are no words in that message to look for."
STAYS: Final = (
    "The thread itself stays open: it is not mine, and I may not manage threads here. Whoever opened it can close it."
)
_LONGEST_SEARCH_CHARS: Final = 200
_MENUS: Final = {SUMMARISE: "summary", SEARCH: "search"}


@dataclass(frozen=True, slots=True)
class _Asked:
    """What was asked for: a command and its options."""

    name: str
    options: dict[str, str | bool] = field(default_factory=dict)


class SlashCommands:
    """The vocabulary, as Discord's members use it."""

    def __init__(self, commands: CommandService, surroundings: Surroundings) -> None:
        self._commands = commands
        self._surroundings = surroundings
        self._specs = {spec.name: spec for spec in commands.vocabulary}

    async def run(self, interaction: AnyInteraction) -> None:
        """Acknowledge, run and answer."""
        command = _command(interaction)
        spec = self._specs.get(command)
        private = spec is None or spec.is_private
        # Before anything else: Discord gives 3 seconds.
        if not await acknowledge(interaction, private=private):
            return
        try:
            reply = await self._reply(interaction, _asked(interaction), spec)
            await give(interaction, reply, private=private)
            await self._put_away(interaction, reply)
        except RefusedInputError as error:
            await tell(interaction, str(error), was_public=not private)
        except StoreError as error:
            log.warning("command_failed", command=command, error=type(error).__name__, reason=str(error))
            await tell(interaction, _UNSAVED, was_public=not private)
        except EchoError as error:
            log.warning("command_failed", command=command, error=type(error).__name__, reason=str(error))
            await tell(interaction, _BROKEN, was_public=not private)
        except discord.HTTPException as error:
            # After 15 minutes nobody waits for the answer any more, and Discord does not take it.
            log.warning("command_not_answered", command=command, status=error.status, code=error.code)
        except Exception:
            log.exception("command_broke", command=command)
            await tell(interaction, _BROKEN, was_public=not private)

    async def suggest(self, interaction: AnyInteraction) -> None:
        """Offer values for the option that is being filled in; none when that goes wrong."""
        asked = _asked(interaction)
        option, typed = _focused(interaction)
        choices: list[discord.app_commands.Choice[str]] = []
        try:
            self._surroundings.check(interaction)
            found = await self._commands.suggestions(asked.name, option, typed, self._invocation(interaction, asked))
            choices = [discord.app_commands.Choice(name=each.label, value=each.value) for each in found]
        except EchoError as error:
            log.info("nothing_suggested", command=asked.name, error=type(error).__name__)
        try:
            await interaction.response.autocomplete(choices)
        except discord.HTTPException as error:
            log.info("suggestions_too_late", status=error.status, code=error.code)

    async def _reply(self, interaction: AnyInteraction, asked: _Asked, spec: CommandSpec | None) -> CommandReply:
        self._surroundings.check(interaction)
        invocation = self._invocation(interaction, asked)
        if spec is not None and spec.name == "new" and not invocation.is_in_thread:
            thread = await self._surroundings.open_thread(interaction, invocation.text("topic"))
            reply = await self._commands.run(replace(invocation, thread=thread, is_in_thread=True))
            return replace(reply, thread=thread)
        return await self._commands.run(invocation)

    def _invocation(self, interaction: AnyInteraction, asked: _Asked) -> CommandInvocation:
        place = self._surroundings.place_of(interaction)
        return CommandInvocation(
            name=asked.name,
            thread=place.thread,
            person=self._surroundings.person_of(interaction),
            options=asked.options,
            channel=self._surroundings.channel,
            invocation_id=str(interaction.id),
            is_in_thread=place.holds_dialogue,
            is_unlimited=self._surroundings.is_unlimited(interaction),
        )

    async def _put_away(self, interaction: AnyInteraction, reply: CommandReply) -> None:
        if reply.archived is None:
            return
        thread = reply.thread or self._surroundings.place_of(interaction).thread
        moved = await self._surroundings.put_away(thread, archived=reply.archived)
        if not moved and reply.archived:
            await tell(interaction, STAYS, is_click=True)


def _command(interaction: AnyInteraction) -> str:
    """Return the word of the vocabulary that was used, behind a slash or in a message's menu."""
    name = str(data_of(interaction).get("name", ""))
    return _MENUS.get(name, name)


def _asked(interaction: AnyInteraction) -> _Asked:
    """Raises: RefusedInputError: what the command needs is not there."""
    data, name = data_of(interaction), _command(interaction)
    if target := data.get("target_id"):
        words = {"words": _words_of_target(data)} if name == _MENUS[SEARCH] else {}
        return _Asked(name, {"message": str(target), **words})
    options = {str(option["name"]): option.get("value") for option in _options(data) if not option.get("focused")}
    # A flag that was set to false is a flag that was not given.
    return _Asked(name, {key: value for key, value in options.items() if value not in (None, False)})


def _focused(interaction: AnyInteraction) -> tuple[str, str]:
    for option in _options(data_of(interaction)):
        if option.get("focused"):
            return str(option["name"]), str(option.get("value", ""))
    return "", ""


def _words_of_target(data: Data) -> str:
    message = data.get("resolved", {}).get("messages", {}).get(str(data.get("target_id")), {})
    words = " ".join(str(message.get("content", "")).split())[:_LONGEST_SEARCH_CHARS]
    if not words:
        raise RefusedInputError(_NO_WORDS)
    return words


def _options(data: Data) -> Sequence[Data]:
    options: Sequence[Data] = data.get("options") or ()
    return options
