"""What knows who people are."""

from functools import cached_property
from typing import Final
from zoneinfo import ZoneInfo

from source.adapters.phone_numbers import PhoneNumbers
from source.adapters.storage.link_table import LinkTable
from source.adapters.storage.profile_table import ProfileTable
from source.adapters.storage.sql_access import SqlAccess
from source.app.settings import Settings
from source.domain.profile_fields import ProfileRules
from source.ports.clock import Clock
from source.services.carrying import CarriedPart
from source.services.commands.profile import ProfileCommands
from source.services.linking import LinkingService
from source.services.profile_forgetting import ProfileForgetting
from source.services.profiles import ProfileService
from source.services.rewriting import Rewriting

# Name, ways to be reached and a dozen words more.
_CARRIED_TOKENS: Final = 200


class Profiles:
    """The parts that work with profiles; made when they are asked for."""

    def __init__(self, settings: Settings, access: SqlAccess, clock: Clock) -> None:
        self._settings = settings
        self._access = access
        self._clock = clock

    @cached_property
    def rules(self) -> ProfileRules:
        """How values are told from slips: phone numbers without a country's code are of the operator's country."""
        return ProfileRules(PhoneNumbers(self._settings.pii_country).is_phone, _is_time_zone)

    @cached_property
    def table(self) -> ProfileTable:
        return ProfileTable(self._access)

    @cached_property
    def service(self) -> ProfileService:
        required = self._settings.profile_required_fields
        return ProfileService(self.table, self._clock, self.rules, required=required)

    @cached_property
    def linking(self) -> LinkingService:
        return LinkingService(LinkTable(self._access), self._clock)

    def forgetting(self, rewriting: Rewriting) -> ProfileForgetting:
        return ProfileForgetting(self.table, rewriting, self._clock)

    def command(self, rewriting: Rewriting) -> ProfileCommands:
        return ProfileCommands(self.service, self.forgetting(rewriting))

    @property
    def carried(self) -> CarriedPart:
        """What new conversations begin with; nothing where the settings say so."""
        budget = _CARRIED_TOKENS if self._settings.include_client_summary else 0
        return CarriedPart("profile", self.service, budget)


def _is_time_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # unknown, malformed, a folder
        return False
    return True
