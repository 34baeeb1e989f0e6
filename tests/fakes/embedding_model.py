"""An embedding model in memory."""

import asyncio
from collections.abc import Sequence

from source.domain.errors import ModelRefusedError, ModelUnavailableError
from source.domain.recall.vectors import packed
from tests.fakes.embedding_vectors import vector_of


class FakeEmbeddings:
    """Makes vectors; refuses texts that hold `refused`, fails while it `is_away`, waits at its `gate`."""

    def __init__(self, name: str = "fake", *, size: int = 512, refused: str | None = None) -> None:
        self.size = size
        self.is_away = False
        self.texts: list[str] = []
        self.calls = 0
        self.gate = asyncio.Event()
        self.gate.set()
        self._name = name
        self._refused = refused
        self._changed = asyncio.Condition()

    @property
    def name(self) -> str:
        return self._name

    async def called(self, times: int) -> None:
        """Return when it was called so often."""
        async with self._changed:
            await self._changed.wait_for(lambda: self.calls >= times)

    async def prepare(self) -> None:
        await asyncio.sleep(0)

    async def embed(self, texts: Sequence[str]) -> list[bytes]:
        async with self._changed:
            self.calls += 1
            self._changed.notify_all()
        await self.gate.wait()
        if self.is_away:
            raise ModelUnavailableError("it is away")
        if self._refused is not None and any(self._refused in text for text in texts):
            raise ModelRefusedError("it refuses that")
        self.texts += texts
        return [packed(vector_of(text, self.size)) for text in texts]

    async def close(self) -> None:
        await asyncio.sleep(0)
