"""Who people on WhatsApp are, and what of theirs comes out of order."""

from source.adapters.storage.contact_table import ContactTable
from source.adapters.storage.early_table import EarlyTable
from source.adapters.whatsapp.early import EarlyCorrections
from source.adapters.whatsapp.identities import Identities
from source.app.echo import Echo
from source.domain.thread import Platform
from source.services.contact_merging import ContactMerging


def identities_of(echo: Echo) -> Identities:
    """Return what the channel knows of people."""
    merging = ContactMerging(
        Platform.WHATSAPP,
        ContactTable(echo.store),
        manager=echo.manager,
        store=echo.store,
        turns=echo.turns,
        clock=echo.clock,
    )
    return Identities(merging=merging, early=EarlyCorrections(EarlyTable(echo.store), echo.channel_store))
