"""What came of a task that did nothing."""

from collections.abc import Mapping

import pytest

from source.ports.tasks import TaskHandler
from source.services.archive_tasks import ArchiveConversations, UnarchiveConversation
from source.services.cleanup_tasks import CleanupDatabase
from source.services.memory_batch import GenerateMemoryBatch, SendMemoryBatch
from source.services.metadata_tasks import UpdateMetadata, UpdateStatus
from source.services.sync import SyncMessages
from source.services.task_results import remarked


def test_a_remark_is_made_only_where_nothing_was_done_and_nothing_failed() -> None:
    output: Mapping[str, object] = {"done": 0}
    assert remarked(output, [{}], "Nothing.", unless=(0, [], {}))["remark"] == "Nothing."
    assert remarked(output, [{}], "Nothing.", unless=(0, [1])) == output
    assert remarked(output, [{"error": "it broke"}], "Nothing.", unless=(0,)) == output


@pytest.mark.parametrize(
    "handler",
    [
        ArchiveConversations,
        UnarchiveConversation,
        SyncMessages,
        CleanupDatabase,
        UpdateMetadata,
        UpdateStatus,
        GenerateMemoryBatch,
        SendMemoryBatch,
    ],
)
def test_every_task_that_did_nothing_says_so(handler: type[TaskHandler]) -> None:
    report = handler.report(object.__new__(handler), [])
    assert str(report["remark"]).endswith(".")
