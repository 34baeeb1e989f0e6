"""The people beside Echo: who answers where, who is greeted how, who wants nothing unasked."""

import tomllib
from functools import cached_property
from pathlib import Path
from typing import Final

from source.adapters.storage.attendance_table import AttendanceTable
from source.adapters.storage.receipt_table import ReceiptTable
from source.adapters.storage.sql_store import SqlStore
from source.app.settings import ROOT, Settings
from source.domain.errors import SettingsError
from source.domain.wishes import Wish, WishWords
from source.ports.clock import Clock
from source.services.attendance import AttendanceGate, Attending
from source.services.audit import AuditLog
from source.services.closed_hours import ClosedHours
from source.services.commands.attending import AttendingCommands
from source.services.introduction import Business, FirstAnswers
from source.services.taking_over import StepsBack, TakingOver
from source.services.wishes import Wishes

WORDS: Final = ROOT / "config" / "wishes.toml"


class PeopleBeside:
    """The parts, made when they are asked for."""

    def __init__(self, settings: Settings, store: SqlStore, clock: Clock) -> None:
        self._settings = settings
        self._store = store
        self._clock = clock
        self.table = AttendanceTable(store)

    @cached_property
    def attending(self) -> Attending:
        return Attending(self.table, self._clock, human_timeout=self._settings.human_timeout)

    @cached_property
    def gate(self) -> AttendanceGate:
        return AttendanceGate(self.attending, ClosedHours(self._settings.hours, self.table, self._clock))

    @cached_property
    def introductions(self) -> FirstAnswers:
        settings = self._settings
        return FirstAnswers(
            self.table,
            business_of(settings),
            notice=settings.first_contact_notice.strip(),
            disclosed_on=settings.discloses_on,
        )

    @cached_property
    def wishes(self) -> Wishes:
        return Wishes(self.table, wish_words(), self.attending)

    def taking_over(self, turns: StepsBack) -> TakingOver:
        return TakingOver(self.attending, turns, AuditLog(ReceiptTable(self._store)), self._clock)

    def commands(self, taking_over: TakingOver) -> AttendingCommands:
        settings = self._settings
        return AttendingCommands(taking_over, settings.hours, self._clock, notice=settings.human_notice)


def business_of(settings: Settings) -> Business:
    """Return whom Echo speaks for."""
    return Business(settings.business_name.strip(), settings.business_purpose.strip().rstrip("."))


def wish_words(path: Path = WORDS) -> WishWords:
    """Return the words by which people wish for no messages, and for messages.

    Raises: SettingsError: the file cannot be read, or a word says nothing, or both.
    """
    try:
        by_language = tomllib.loads(path.read_text(encoding="utf-8"))
        words = {wish: [word for some in by_language[wish.value].values() for word in some] for wish in Wish}
        return WishWords.of(words)
    except (OSError, ValueError, KeyError, AttributeError, TypeError) as error:
        raise SettingsError(f"{path.name} in {path.parent}: {error}") from error
