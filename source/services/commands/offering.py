"""What may be done next, where it can be tapped instead of typed."""

from collections.abc import Sequence
from typing import Final

from source.domain.conversation_head import ConversationState
from source.ports.store import ConversationListing
from source.services.commands.numbered import Eligible, day, state_word
from source.services.commands.vocabulary import Choice, CommandSpec

MOST_CHOICES: Final = 10
RESUMABLE: Final = Eligible(
    frozenset({ConversationState.ENDED, ConversationState.ARCHIVED}),
    none_left="There is no ended conversation of yours here to go back to.",
)
# What people who open /help most likely want, as far as there is such a command.
_FIRST: Final = ("new", "resume", "conversations", "human", "summary", "memory", "profile", "export", "my-data")
_LAST: Final = "forget-me"


def to_resume(conversations: Sequence[ConversationListing]) -> tuple[Choice, ...]:
    """Return the conversations to which one can go back, by their ids: numbers change with every new one."""
    return tuple(map(_resumed, [each for each in conversations if each in RESUMABLE][:MOST_CHOICES]))


def to_begin_with(vocabulary: Sequence[CommandSpec]) -> tuple[Choice, ...]:
    """Return the commands that say enough by themselves."""
    known = {spec.name: spec for spec in vocabulary if not any(option.required for option in spec.options)}
    names = [name for name in _FIRST if name in known][: MOST_CHOICES - 1]
    offered = [known[name] for name in (*names, _LAST) if name in known]
    return tuple(Choice(f"/{spec.name}", f"/{spec.name}", spec.summary) for spec in offered)


def _resumed(listing: ConversationListing) -> Choice:
    when = listing.last_message_at or listing.created_at
    label = " ".join(listing.title.split()) or f"{listing.created_at:%d %B %Y}"
    count = f"{listing.message_count} message{'s' if listing.message_count != 1 else ''}"
    return Choice(label, f"/resume {listing.conversation_id}", f"{day(when)} · {count} · {state_word(listing.state)}")
