"""What finds personal data, as the settings ask for it."""

from functools import lru_cache

from source.adapters.llm.offline import OfflineModel
from source.adapters.phone_numbers import PhoneNumbers
from source.app.settings import Settings
from source.domain.personal_data import PersonalDataFinder
from source.ports.llm import LanguageModel
from source.services.scrubbed_model import ScrubbedModel


@lru_cache(maxsize=4)
def finder_for(country: str) -> PersonalDataFinder:
    """Return what finds the personal data of a country: one for a process, which remembers the numbers it has seen."""
    return PersonalDataFinder(PhoneNumbers(country).is_phone, country=country)


def scrubbed(model: LanguageModel, settings: Settings) -> LanguageModel:
    """Return the model as it may be asked: without personal data where the settings say so; offline nothing leaves."""
    if not settings.pii_scrub_model or isinstance(model, OfflineModel):
        return model
    return ScrubbedModel(model, finder_for(settings.pii_country))
