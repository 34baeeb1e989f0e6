"""Who people on WhatsApp are, and what of theirs comes late or too early."""

from source.adapters.storage.contact_table import ContactTable
from source.adapters.storage.early_table import EarlyTable
from source.adapters.storage.history_table import HistoryTable
from source.adapters.storage.import_reading import ImportReading
from source.adapters.storage.sync_table import SyncTable
from source.adapters.whatsapp.early import EarlyCorrections
from source.adapters.whatsapp.identities import Identities
from source.app.echo import Echo
from source.domain.message import OF_BUSINESS
from source.domain.thread import PersonRef, Platform
from source.services.contact_merging import ContactMerging
from source.services.history_imports import HistoryImports, HistoryParts
from source.services.import_making import ImportMaking
from source.services.import_people import ImportPeople
from source.services.importing import Import

_THE_BUSINESS = "The business"


def identities_of(echo: Echo) -> Identities:
    """Return what the channel knows of people."""
    early = EarlyCorrections(EarlyTable(echo.store), echo.channel_store)
    return Identities(_merging(echo), early, _history(echo, early), echo.profiles.service)


def _merging(echo: Echo) -> ContactMerging:
    return ContactMerging(
        Platform.WHATSAPP,
        ContactTable(echo.store),
        manager=echo.manager,
        store=echo.store,
        turns=echo.turns,
        clock=echo.clock,
        moved=echo.people.attending.follow,
    )


def _history(echo: Echo, early: EarlyCorrections) -> HistoryImports:
    contacts, known = ContactTable(echo.store), ImportReading(echo.store)
    window = echo.settings.conversation_timeout

    def importing() -> Import:
        making = ImportMaking(echo.summarizer, echo.scrubbing, window=window, now=echo.clock.now())
        return Import(echo.store, known, making, ImportPeople(contacts), echo.corrections, window=window)

    parts = HistoryParts(
        store=HistoryTable(echo.store),
        importing=importing,
        known=known,
        changes=echo.corrections,
        contacts=contacts,
        syncs=SyncTable(echo.store),
        conversations=echo.store,
        manager=echo.manager,
        corrected=early,
        clock=echo.clock,
    )
    business = PersonRef(OF_BUSINESS, echo.settings.business_name.strip() or _THE_BUSINESS)
    return HistoryImports(Platform.WHATSAPP, parts, business=business)
