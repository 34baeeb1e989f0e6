"""What recall is made of."""

from source.adapters.storage.embedding_table import EmbeddingTable
from source.adapters.storage.fact_table import FactTable
from source.adapters.storage.recall_table import RecallTable
from source.adapters.storage.sql_access import SqlAccess
from source.app.settings import ROOT
from source.domain.errors import SettingsError
from source.domain.recall.related import RelatedWords, read_related
from source.ports.clock import Clock
from source.ports.embeddings import EmbeddingModel
from source.services.facts import FactsService
from source.services.meaning import Meaning
from source.services.recall import RecallService
from source.services.recall_notes import Recalled, not_counted
from source.services.recalled_facts import RecalledFacts

_RELATED_WORDS = ROOT / "config" / "related_words.txt"


def recall_over(
    access: SqlAccess, clock: Clock, *, embeddings: EmbeddingModel | None = None, recalled: Recalled = not_counted
) -> RecallService:
    """Return the recall of a store, which finds what was said in other words where there are embeddings.

    Raises: SettingsError: the list of related words cannot be read.
    """
    related = related_words()
    facts = RecalledFacts(FactsService(FactTable(access), clock), related)
    meaning = None if embeddings is None else Meaning(embeddings, EmbeddingTable(access), clock)
    return RecallService(RecallTable(access), clock, related, facts=facts, meaning=meaning, recalled=recalled)


def related_words() -> RelatedWords:
    """Return the related words that come with Echo, as the operator left them."""
    try:
        return read_related(_RELATED_WORDS.read_text(encoding="utf-8").splitlines())
    except (OSError, ValueError) as error:
        raise SettingsError(f"cannot read {_RELATED_WORDS.name} in {_RELATED_WORDS.parent}: {error}.") from error
