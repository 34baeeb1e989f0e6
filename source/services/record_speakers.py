"""Who speaks in what programs write, by the name that transcripts have of them."""

from collections.abc import Iterable

from source.domain.thread import PersonRef, Platform
from source.ports.records import RecordReading, Speaker


class Speakers:
    """Some accounts; one that is not known yet is called by its id, as the store calls it from then on."""

    def __init__(self, people: dict[Speaker, PersonRef]) -> None:
        self._people = people

    @classmethod
    async def of(cls, records: RecordReading, accounts: Iterable[tuple[Platform, str | None]]) -> "Speakers":
        """Read what these accounts are called.

        Raises: StoreError.
        """
        asked = {(platform, who) for platform, who in accounts if who is not None}
        names = await records.names_of(asked)
        return cls({account: PersonRef(account[1], names.get(account, account[1])) for account in asked})

    def person(self, platform: Platform, external_id: str | None) -> tuple[PersonRef, ...]:
        """Return the one of this id; nobody, if there is no id."""
        return (self._people[platform, external_id],) if external_id is not None else ()
