"""What makes vectors of what was said, where the settings name a model for it."""

from source.adapters.llm.openai_embeddings import EmbeddingSettings, OpenAIEmbeddings
from source.adapters.llm.openai_settings import OPENAI_BASE_URL
from source.adapters.storage.embedding_table import EmbeddingTable
from source.adapters.storage.sql_access import SqlAccess
from source.app.personal_data import finder_for
from source.app.settings import Settings
from source.ports.clock import Clock
from source.ports.embeddings import EmbeddingModel
from source.services.embedding_filler import EmbeddingFiller
from source.services.scrubbed_embeddings import ScrubbedEmbeddings


def embedding_settings(settings: Settings) -> EmbeddingSettings | None:
    """Return how the model is reached; None: there is none.

    The key for OpenAI goes to no other server than it is for.
    """
    if settings.embedding_model is None:
        return None
    key = settings.embedding_api_key
    if key is None and settings.embedding_base_url is None:
        key = settings.openai_api_key
    return EmbeddingSettings(
        model=settings.embedding_model,
        api_key=key.get_secret_value() if key else None,
        base_url=settings.embedding_base_url or settings.openai_base_url or OPENAI_BASE_URL,
        connect_timeout=settings.model_connect_timeout,
        answer_timeout=settings.model_first_token_timeout,
        max_attempts=settings.model_max_attempts,
    )


def embedding_model(settings: Settings) -> EmbeddingModel | None:
    """Return the model, without personal data where the settings say so; None: there is none."""
    chosen = embedding_settings(settings)
    if chosen is None:
        return None
    model = OpenAIEmbeddings(chosen)
    return ScrubbedEmbeddings(model, finder_for(settings.pii_country)) if settings.pii_scrub_model else model


def filler_of(model: EmbeddingModel, access: SqlAccess, clock: Clock) -> EmbeddingFiller:
    """Return what makes the vectors of messages."""
    return EmbeddingFiller(model, EmbeddingTable(access), clock)
