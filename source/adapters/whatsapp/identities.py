"""What belongs to whom: contacts that turn out to be one, and what was said or changed before it was heard of."""

from dataclasses import dataclass

from source.adapters.whatsapp.early import EarlyCorrections
from source.services.contact_merging import ContactMerging
from source.services.history_imports import HistoryImports
from source.services.profiles import ProfileService


@dataclass(frozen=True, slots=True)
class Identities:
    """What the channel needs to know of people beside where they are reached."""

    merging: ContactMerging
    early: EarlyCorrections
    history: HistoryImports
    profiles: ProfileService

    async def take_up(self) -> None:
        """Go on with what an earlier process has left.

        Raises: StoreError.
        """
        await self.merging.take_up()
        await self.early.take_up()

    async def close(self) -> None:
        """Leave the rest to the next process."""
        await self.merging.close()
