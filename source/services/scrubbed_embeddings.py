"""An embedding model that is not shown personal data."""

import asyncio
from collections.abc import Sequence

from source.domain.personal_data import PersonalDataFinder
from source.ports.embeddings import EmbeddingModel


class ScrubbedEmbeddings:
    """Takes personal data out of every text: out of messages and of the questions that look for them alike."""

    def __init__(self, model: EmbeddingModel, finder: PersonalDataFinder) -> None:
        self._model = model
        self._finder = finder

    @property
    def name(self) -> str:
        return self._model.name

    async def prepare(self) -> None:
        await self._model.prepare()

    async def embed(self, texts: Sequence[str]) -> list[bytes]:
        return await self._model.embed(await asyncio.to_thread(self._scrubbed, texts))

    async def close(self) -> None:
        await self._model.close()

    def _scrubbed(self, texts: Sequence[str]) -> list[str]:
        return [self._finder.removed(text) for text in texts]
