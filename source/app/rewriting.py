"""What changes conversations everywhere, in a process that has the store."""

from source.adapters.storage.person_deletion import PersonDeletion
from source.adapters.storage.personal_files import PersonalFiles
from source.adapters.storage.sql_store import SqlStore
from source.app.archives import ArchiveHomes
from source.services.conversation_manager import InMemoryConversationManager
from source.services.deletion import Deletion
from source.services.opening import Opening
from source.services.rewriting import Rewriting, RewritingParts


def rewriting_of(
    store: SqlStore,
    homes: ArchiveHomes,
    manager: InMemoryConversationManager,
    deletion: Deletion,
    opening: Opening,
    *,
    copies: PersonalFiles,
) -> Rewriting:
    """Return what changes what was said, or told of it, in memory, store, files and archives."""
    parts = RewritingParts(
        store=store,
        archives=homes.table,
        rewrites=PersonDeletion(store),
        archived=homes.archived,
        mending=homes.mending,
        home=homes.home,
        manager=manager,
        deletion=deletion,
        prepared=opening,
        copies=copies,
    )
    return Rewriting(parts)
