"""`python bot.py embed`: makes the vectors that are missing."""

import sys
from contextlib import AsyncExitStack

import click

from source.adapters.storage.embedding_table import EmbeddingTable
from source.adapters.storage.sql_store import SqlStore
from source.app.composition import hold_folders
from source.app.embeddings import embedding_model, filler_of
from source.app.lost_database import refuse_a_missing_file
from source.app.settings import Settings
from source.domain.errors import SettingsError
from source.ports.clock import SystemClock


async def run_embed(settings: Settings) -> int:
    """Make the vectors that are missing, with progress on standard error, while nothing else runs.

    Raises: SettingsError, FolderInUseError, ModelError, StoreError: what was done is kept.
    """
    model = embedding_model(settings)
    if model is None:
        raise SettingsError("EMBEDDING_MODEL is not set: it names the model that makes vectors of messages.")
    refuse_a_missing_file(settings)
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
