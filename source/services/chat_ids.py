"""The threads that a chat id names: `thread_id`, or `platform:thread_id` where two platforms share one."""

from collections.abc import Iterable, Sequence
from typing import Protocol

from source.domain.errors import RefusedInputError
from source.domain.thread import Platform, ThreadKey, ThreadRef

_MOST_NAMED = 5


class ThreadBook(Protocol):
    """Knows the threads that there are."""

    async def threads_named(self, thread_id: str) -> list[ThreadRef]:
        """Return the threads that have this id on their platform; two platforms may share one."""
        ...


class ConversationBook(ThreadBook, Protocol):
    """Knows their conversations as well."""

    async def conversations_of(self, threads: Sequence[ThreadKey]) -> dict[ThreadKey, list[int]]:
        """Return all conversations of these threads; a thread that is not known is left out."""
        ...


def chat_id_of(thread: ThreadKey) -> str:
    """Return the chat id that names this thread and no other."""
    return f"{thread.platform.value}:{thread.thread_id}"


async def threads_of(book: ThreadBook, chat_id: str) -> list[ThreadRef]:
    """Return the threads that a chat id names; none when it is unknown."""
    platform, colon, thread_id = chat_id.partition(":")
    if colon and platform in set(Platform):
        named = [thread for thread in await book.threads_named(thread_id) if thread.platform == platform]
        if named:
            return named
    return await book.threads_named(chat_id)


async def known_threads(book: ThreadBook, chat_ids: Iterable[str]) -> list[ThreadRef]:
    """Return the threads that these chat ids name, each once.

    Raises: RefusedInputError: some name none; the sentence names those.
    """
    found: dict[ThreadKey, ThreadRef] = {}
    unknown: list[str] = []
    for chat_id in dict.fromkeys(chat_ids):
        threads = await threads_of(book, chat_id)
        found |= {thread.key: thread for thread in threads}
        if not threads:
            unknown.append(chat_id)
    if unknown:
        named = ", ".join(chat_id[:80] for chat_id in unknown[:_MOST_NAMED])
        more = f" and {len(unknown) - _MOST_NAMED} more" if len(unknown) > _MOST_NAMED else ""
        raise RefusedInputError(f"There is no chat {named}{more}: a chat id is a thread's id on its platform.")
    return list(found.values())
