"""Conversations as one person sees them from one place, by number: 1 is the latest."""

from dataclasses import dataclass
from datetime import datetime

from source.domain.conversation_head import ConversationState
from source.domain.errors import RefusedInputError
from source.domain.thread import ThreadKey
from source.ports.store import ConversationCatalog, ConversationListing, Scope
from source.services.commands.vocabulary import CommandInvocation

MOST_LISTED = 50
WHICH = "which"
GONE = "That conversation has just been deleted."


@dataclass(frozen=True, slots=True)
class Eligible:
    """Which conversations a command applies to, and what is said when there are none."""

    states: frozenset[ConversationState]
    none_left: str

    def __contains__(self, listing: ConversationListing) -> bool:
        return listing.state in self.states


def scope_of(invocation: CommandInvocation) -> Scope:
    """Return whose eyes look, and from where."""
    thread = invocation.thread
    return Scope(thread.platform, invocation.person.external_id, thread.guild_id, thread.circle)


async def listed(catalog: ConversationCatalog, invocation: CommandInvocation) -> list[ConversationListing]:
    """Return the person's conversations in the thread, or outside of one in the guild; the first is number 1."""
    thread = invocation.thread.key if invocation.is_in_thread else None
    return await catalog.listing(scope=scope_of(invocation), thread=thread, limit=MOST_LISTED)


async def chosen(
    catalog: ConversationCatalog, invocation: CommandInvocation, eligible: Eligible
) -> ConversationListing:
    """Return the conversation that the option names by number or id; in a thread, without it, the latest eligible one.

    Raises: RefusedInputError: there is none, or it is not eligible; the text says what to do.
    """
    which = invocation.text(WHICH)
    conversations = await listed(catalog, invocation)
    if not which:
        return _latest(conversations, invocation, eligible)
    wanted = which.removeprefix("#")
    for number, conversation in enumerate(conversations, 1):
        if wanted in (str(number), str(conversation.conversation_id)):
            if conversation not in eligible:
                state = state_word(conversation.state)
                raise RefusedInputError(f"That conversation is {state}; this does not apply to it.")
            return conversation
    raise RefusedInputError(f"There is no conversation {which[:40]} here. /conversations lists them by number.")


async def is_seen(
    catalog: ConversationCatalog, invocation: CommandInvocation, thread: ThreadKey, conversation_id: int
) -> bool:
    """Whether the person sees this conversation of a thread from where they are."""
    offset = 0
    while True:
        found = await catalog.listing(scope=scope_of(invocation), thread=thread, limit=MOST_LISTED, offset=offset)
        if any(listing.conversation_id == conversation_id for listing in found):
            return True
        if len(found) < MOST_LISTED:
            return False
        offset += MOST_LISTED


def state_word(state: ConversationState) -> str:
    """Return what people call the state."""
    return "running" if state is ConversationState.ACTIVE else state.value


def about(listing: ConversationListing) -> str:
    """Return how the conversation is spoken of."""
    return f"the conversation of {listing.created_at:%d %B %Y}{f' about {listing.title}' if listing.title else ''}"


def line_of(number: int, listing: ConversationListing) -> str:
    """Return the line that shows it in a list."""
    when = listing.last_message_at or listing.created_at
    topic = " ".join(listing.title.split()) or "(no topic)"
    count = f"{listing.message_count} message{'s' if listing.message_count != 1 else ''}"
    return f"{number:>2}. {day(when)}  {topic} · {count} · {state_word(listing.state)}"


def day(moment: datetime) -> str:
    """Return the time as lists show it."""
    return f"{moment:%Y-%m-%d %H:%M}"


def _latest(
    conversations: list[ConversationListing], invocation: CommandInvocation, eligible: Eligible
) -> ConversationListing:
    found = next((conversation for conversation in conversations if conversation in eligible), None)
    if found is None:
        raise RefusedInputError(eligible.none_left)
    if not invocation.is_in_thread:  # many threads have one that is their latest
        raise RefusedInputError("Which one? /conversations lists them by number.")
    return found
