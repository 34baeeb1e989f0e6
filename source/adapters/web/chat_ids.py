"""Chats, as callers name them, as threads."""

import asyncio
from collections.abc import Sequence
from typing import Final

from source.adapters.web.problems import Problem
from source.services.chat_ids import ThreadBook, chat_id_of, threads_of

_MOST_NAMED: Final = 5
_LONGEST_NAMED: Final = 80


async def known_chats(book: ThreadBook, chat_ids: Sequence[str]) -> list[str]:
    """Return the chat ids that name these chats and no others, each once, in their order.

    Raises: Problem: 404, some are not known; 422, two platforms have one of that id.
    """
    names = list(dict.fromkeys(chat_ids))
    found = dict(zip(names, await asyncio.gather(*(threads_of(book, name) for name in names)), strict=True))
    unknown = [name for name in names if not found[name]]
    if unknown:
        raise no_chat(unknown)
    for name, threads in found.items():
        if len(threads) > 1:
            choices = " or ".join(chat_id_of(thread.key) for thread in threads)
            raise Problem(422, f"There is more than one chat {name[:_LONGEST_NAMED]}: write {choices}.")
    return list(dict.fromkeys(chat_id_of(threads[0].key) for threads in found.values()))


def no_chat(names: Sequence[str]) -> Problem:
    """Return what is said of chats that nobody knows."""
    named = ", ".join(name[:_LONGEST_NAMED] for name in names[:_MOST_NAMED])
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return Problem(
        404,
        f"There is no chat {named}{more}: a chat id is a thread's id on its platform, "
        "as `GET /api/conversations/sync-status` lists them.",
    )
