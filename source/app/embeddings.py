"""What finds turns by their meaning, where the settings name a model for it; and `python bot.py embed`."""

import sys
from contextlib import AsyncExitStack

import click

from source.adapters.llm.openai_embeddings import EmbeddingSettings, OpenAIEmbeddings
from source.adapters.llm.openai_settings import OPENAI_BASE_URL
from source.adapters.storage.embedding_table import EmbeddingTable
from source.adapters.storage.sql_access import SqlAccess
from source.adapters.storage.sql_store import SqlStore
from source.app.composition import hold_folders
from source.app.personal_data import finder_for
from source.app.settings import Settings
from source.domain.errors import SettingsError
from source.ports.clock import Clock, SystemClock
from source.ports.embeddings import EmbeddingModel
from source.services.embedding_filler import EmbeddingFiller
from source.services.meaning import Meaning
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


def meaning_of(model: EmbeddingModel | None, access: SqlAccess, clock: Clock) -> Meaning | None:
    """Return what compares questions with turns; None: there is no model for it."""
    return None if model is None else Meaning(model, EmbeddingTable(access), clock)


def filler_of(model: EmbeddingModel, access: SqlAccess, clock: Clock) -> EmbeddingFiller:
    """Return what makes the vectors of messages."""
    return EmbeddingFiller(model, EmbeddingTable(access), clock)


async def run_embed(settings: Settings) -> int:
    """Make the vectors that are missing, with progress on standard error, while nothing else runs.

    Raises: SettingsError, FolderInUseError, ModelError, StoreError: what was done is kept.
    """
    model = embedding_model(settings)
    if model is None:
        raise SettingsError("EMBEDDING_MODEL is not set: it names the model that makes vectors of messages.")
    clock = SystemClock()
    async with AsyncExitStack() as stack:
        stack.push_async_callback(model.close)
        hold_folders(stack, settings, command="embed")
        store = await SqlStore.open(settings.database, clock=clock, durability=settings.durability, is_owner=True)
        stack.push_async_callback(store.close)
        done = await filler_of(model, store, clock).fill(_progress)
        have, every = await EmbeddingTable(store).counts(model.name)
    if sys.stderr.isatty():
        click.echo(err=True)
    click.echo(f"{done:,} messages embedded; {have:,} of {every:,} have a vector of {model.name}.")
    return 0


def _progress(done: int, total: int) -> None:
    if sys.stderr.isatty():
        click.echo(f"\r{done:,} of {total:,} …", nl=False, err=True)
