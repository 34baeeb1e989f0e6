"""People who are reached elsewhere from then on."""

from dataclasses import dataclass

import structlog

from source.adapters.whatsapp.items import Kept

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class MovedHandler:
    """Implements `Handler`: where they are reached was noted before it was acknowledged."""

    async def see_to(self, kept: Kept) -> None:
        log.info("contact_moved", contact_id=kept.contact_id)
