"""What the prompt offers while a command is typed."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document

from source.adapters.terminal.screen import printable
from source.ports.store import ConversationListing
from source.services.commands.vocabulary import CommandSpec, OptionKind

_TYPED = re.compile(r"/(?P<name>[a-z-]*)(?P<gap>\s+)?(?P<argument>.*)", re.DOTALL)
_OFFERED = 50


class CommandCompleter(Completer):
    """Offers commands, and for one that is typed the conversations it may be about and what it was given before."""

    def __init__(
        self,
        words: Sequence[CommandSpec],
        conversations: Callable[[], Sequence[ConversationListing]],
        typed_before: Callable[[], Iterable[str]],
    ) -> None:
        self._words = words
        self._conversations = conversations
        self._typed_before = typed_before

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterator[Completion]:  # noqa: ARG002
        match = _TYPED.fullmatch(document.text_before_cursor)
        if match is None:
            return
        if match["gap"] is None:
            yield from self._commands(match["name"])
        else:
            yield from self._arguments(match["name"], match["argument"])

    def _commands(self, begun: str) -> Iterator[Completion]:
        for word in self._words:
            if word.name.startswith(begun):
                yield Completion(
                    f"/{word.name}", start_position=-len(begun) - 1, display=word.usage, display_meta=word.summary
                )

    def _arguments(self, name: str, begun: str) -> Iterator[Completion]:
        word = next((word for word in self._words if word.name == name), None)
        if word is None:
            return
        offered = dict.fromkeys(_typed_words(word), "")
        if any(option.is_suggested for option in word.shown_options):
            for number, listing in enumerate(self._conversations(), 1):
                offered[str(number)] = _described(listing)
        for argument in self._given_before(name):
            offered.setdefault(argument, "given before")
        for argument, meta in list(offered.items())[:_OFFERED]:
            if argument.lower().startswith(begun.lower()) and argument != begun:
                yield Completion(argument, start_position=-len(begun), display_meta=meta)

    def _given_before(self, name: str) -> Iterator[str]:
        for typed in self._typed_before():
            before = _TYPED.fullmatch(typed)
            if before is not None and before["name"] == name and before["argument"].strip():
                yield printable(before["argument"].strip())


def _typed_words(word: CommandSpec) -> Iterator[str]:
    """Yield the words that are typed as they are."""
    for option in word.shown_options:
        if option.kind is OptionKind.FLAG:
            yield option.name
        yield from option.choices


def _described(listing: ConversationListing) -> str:
    return printable(
        f"{listing.created_at.astimezone():%Y-%m-%d} {listing.title or 'untitled'} ({listing.state.value})"
    ).replace("\n", " ")
