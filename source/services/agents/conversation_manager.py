"""The agent that looks after conversations: archives, syncs, cleans up, and keeps what is known of them up to date."""

from collections.abc import Mapping
from dataclasses import dataclass

from source.domain.task import TaskType
from source.ports.tasks import TaskHandler
from source.services.agents.parts import AgentParts
from source.services.archive_tasks import ArchiveConversations, UnarchiveConversation
from source.services.cleanup_tasks import CleanupDatabase
from source.services.metadata_tasks import UpdateMetadata, UpdateStatus
from source.services.sync import SyncMessages


@dataclass(frozen=True, slots=True)
class ConversationManagerAgent:
    """Does what has to do with conversations as a whole."""

    handlers: Mapping[str, TaskHandler]
    name: str = "ConversationManagerAgent"


def create_agent(parts: AgentParts) -> ConversationManagerAgent:
    """Return the agent."""
    return ConversationManagerAgent(
        {
            TaskType.ARCHIVE_CONVERSATIONS: ArchiveConversations(parts.archive, parts.book),
            TaskType.UNARCHIVE_CONVERSATION: UnarchiveConversation(parts.archive, parts.book),
            TaskType.CLEANUP_DATABASE: CleanupDatabase(parts.cleanup, parts.cleanup_settings),
            TaskType.SYNC_MESSAGES: SyncMessages(parts.sync),
            TaskType.UPDATE_METADATA: UpdateMetadata(parts.metadata, parts.metadata_store, parts.book),
            TaskType.UPDATE_STATUS: UpdateStatus(parts.metadata_store),
        }
    )
