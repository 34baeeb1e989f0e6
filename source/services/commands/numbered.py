"""Conversations of a thread as people refer to them: 1 is the latest."""

from collections.abc import Callable

from source.domain.conversation_head import ConversationState
from source.domain.errors import RefusedInputError
from source.domain.thread import ThreadRef
from source.ports.store import ConversationCatalog, ConversationListing

MOST_LISTED = 50


async def listed(catalog: ConversationCatalog, thread: ThreadRef) -> list[ConversationListing]:
    """Return the thread's conversations, the latest first: the order of their numbers."""
    return await catalog.listing(thread=thread.key, limit=MOST_LISTED)


async def chosen(
    catalog: ConversationCatalog,
    thread: ThreadRef,
    argument: str,
    *,
    eligible: Callable[[ConversationListing], bool],
    none_left: str,
) -> ConversationListing:
    """Return the conversation that `argument` names by number or id; the latest eligible one without it.

    Raises: RefusedInputError: there is none, with `none_left` or what is wrong with the argument.
    """
    conversations = await listed(catalog, thread)
    if not argument:
        for conversation in conversations:
            if eligible(conversation):
                return conversation
        raise RefusedInputError(none_left)
    wanted = argument.removeprefix("#")
    for number, conversation in enumerate(conversations, 1):
        if wanted in (str(number), str(conversation.conversation_id)):
            if not eligible(conversation):
                raise RefusedInputError(f"Conversation {wanted} is {_state(conversation)}; that does not apply to it.")
            return conversation
    raise RefusedInputError(f"There is no conversation {argument[:40]} here. /conversations lists them by number.")


def _state(conversation: ConversationListing) -> str:
    return "running" if conversation.state is ConversationState.ACTIVE else conversation.state.value
