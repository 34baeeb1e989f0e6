"""What agents are made of."""

from collections.abc import Mapping
from dataclasses import dataclass

from source.ports.clock import Clock
from source.ports.interactions import InteractionCounting
from source.ports.metadata import MetadataStore
from source.ports.tasks import TaskHandler
from source.services.archive import ArchiveService
from source.services.chat_ids import ConversationBook
from source.services.cleanup import Cleanup
from source.services.cleanup_tasks import CleanupSettings
from source.services.metadata import MetadataService
from source.services.sync import SyncService


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentParts:
    """Everything that an agent may need; each takes what it uses."""

    clock: Clock
    archive: ArchiveService
    book: ConversationBook
    cleanup: Cleanup
    cleanup_settings: CleanupSettings
    metadata: MetadataService
    metadata_store: MetadataStore
    memory_batch: TaskHandler
    sync: SyncService
    interactions: InteractionCounting
    privacy: Mapping[str, TaskHandler]
