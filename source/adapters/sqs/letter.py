"""The message that hands over a batch."""

import json
from collections.abc import Sequence
from typing import Final

from source.domain.task import TaskType

_TYPE: Final = "task_type"
_IDS: Final = "conversation_ids"
# One worker takes a message, four conversations at a time: so many are done within the hour, far below the twelve for
# which SQS keeps a message from others, and a second worker has something to do.
MOST_IN_A_MESSAGE: Final = 1_000


def written(conversation_ids: Sequence[int]) -> str:
    """Return the message's body."""
    return json.dumps({_TYPE: TaskType.GENERATE_MEMORY_BATCH.value, _IDS: [*conversation_ids]}, separators=(",", ":"))


def read(body: str) -> tuple[int, ...] | None:
    """Return the conversations of a batch; None when the message is none of ours."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict) or found.get(_TYPE) != TaskType.GENERATE_MEMORY_BATCH.value:
        return None
    ids = found.get(_IDS)
    if not isinstance(ids, list) or not all(isinstance(each, int) and not isinstance(each, bool) for each in ids):
        return None
    return tuple(dict.fromkeys(ids))


def packed(conversation_ids: Sequence[int], max_bytes: int) -> list[list[int]]:
    """Return the conversations in as few batches as fit messages of so many bytes, and one worker's hands."""
    empty = len(written([]))
    batches: list[list[int]] = []
    left = 0
    for conversation_id in conversation_ids:
        size = len(str(conversation_id)) + 1
        if not batches or size > left or len(batches[-1]) >= MOST_IN_A_MESSAGE:
            batches.append([])
            left = max_bytes - empty + 1
        batches[-1].append(conversation_id)
        left -= size
    return batches
