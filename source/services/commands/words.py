"""The words of the vocabulary, in the order in which /help tells them."""

from typing import Final

from source.services.commands.vocabulary import CommandOption, CommandSpec, OptionKind
from source.services.export import ExportFormat

_WHICH: Final = CommandOption("which", "its number in /conversations", is_suggested=True)

NEW: Final = CommandSpec(
    "new",
    "start a new conversation",
    (
        CommandOption("fresh", "start without memory of the last one", OptionKind.FLAG),
        CommandOption("topic", "what it will be about", takes_rest=True),
    ),
    is_private=False,
)
RESUME: Final = CommandSpec("resume", "go on with an ended conversation, whole", (_WHICH,), is_private=False)
ARCHIVE: Final = CommandSpec("archive", "put a conversation away, compressed", (_WHICH,))
UNARCHIVE: Final = CommandSpec("unarchive", "bring an archived conversation back", (_WHICH,))
CONVERSATIONS: Final = CommandSpec("conversations", "list your conversations here, by number")
SUMMARY: Final = CommandSpec(
    "summary",
    "what this conversation is about so far",
    (CommandOption("message", "a message of the conversation that is meant, by its id", is_hidden=True),),
)
SEARCH: Final = CommandSpec(
    "search",
    "find what was said before",
    (
        CommandOption("words", "what to look for", required=True, takes_rest=True),
        CommandOption("message", "the message, by its id, that the words are of", is_hidden=True),
    ),
)
MEMORY: Final = CommandSpec(
    "memory",
    "what Echo knows of you here; forget single facts",
    (
        CommandOption(
            "action", "all: also what is no longer so; forget: one fact", OptionKind.CHOICE, choices=("all", "forget")
        ),
        CommandOption("what", "words to look for; of what to forget, its number or text", takes_rest=True),
    ),
)
PROFILE: Final = CommandSpec(
    "profile",
    "what Echo knows of who you are here; set or forget it",
    (
        CommandOption("action", "set or forget a field", OptionKind.CHOICE, choices=("set", "forget")),
        CommandOption("field", "name, email, phone, company, address, language, time_zone, or a word of your own"),
        CommandOption("value", "what it is", takes_rest=True),
    ),
)
LINK: Final = CommandSpec(
    "link",
    "be one person on several platforms, by a code",
    (CommandOption("code", "the code that I gave you on your other account", takes_rest=True),),
)
UNLINK: Final = CommandSpec("unlink", "take this account out again")
EXPORT: Final = CommandSpec(
    "export",
    "this conversation as a file",
    (
        CommandOption("format", "the form of the file", OptionKind.CHOICE, choices=tuple(ExportFormat)),
        _WHICH,
    ),
)
FORGET_ME: Final = CommandSpec(
    "forget-me",
    "delete everything about you, once you confirm it",
    (
        CommandOption("here", "only what you said in this place", OptionKind.FLAG),
        CommandOption("confirm", "yes, do it", OptionKind.FLAG),
        CommandOption("status", "how far it is", OptionKind.FLAG),
        CommandOption("receipt", "the number of a receipt"),
    ),
)
MY_DATA: Final = CommandSpec("my-data", "everything about you as a file")
STATS: Final = CommandSpec("stats", "messages, tokens, cost, and what was saved")
STOP: Final = CommandSpec("stop", "stop the answer that is running")
RETRY: Final = CommandSpec("retry", "answer the last message again")
HUMAN: Final = CommandSpec("human", "be answered by a person here", is_private=False)
BOT: Final = CommandSpec("bot", "be answered by me again", is_private=False)
HELP: Final = CommandSpec("help", "what Echo can do here")
