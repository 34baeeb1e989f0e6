"""All that files of people go through before they are answered."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from source.ports.media import MediaReader
from source.services.media_telling import MediaTelling
from source.services.media_usage import MediaUsage

_CLOSING: Final = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Media:
    """Tells files in words, and notes what that took; without a `reader` they are named."""

    telling: MediaTelling
    usage: MediaUsage
    reader: MediaReader | None = None

    async def close(self) -> None:
        """Let what waits be noted, and close the connections."""
        await self.usage.close(_CLOSING)
        if self.reader is not None:
            await self.reader.close()
