"""Which status stands for which of Echo's errors, and which sentence."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from source.domain import errors
from source.domain.errors import EchoError

_SOON_SECONDS: Final = 5
_LATER_SECONDS: Final = 30


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said over HTTP; with `detail` None the error's own sentence, which is meant for callers."""

    status: int
    detail: str
    retry_after: int | None = None


_OWN_SENTENCE: Final = ""
_TOO_LONG: Final = (
    "This takes longer to read than it may: ask for less, by a user, a session or a time (docs/filters.md says what is "
    "quick)."
)
_MISTAKE: Final = "Echo could not do this; its log says why."

ANSWERS: Final[Mapping[type[EchoError], Answer]] = {
    EchoError: Answer(500, _MISTAKE),
    errors.RefusedInputError: Answer(422, _OWN_SENTENCE),
    errors.SettingsError: Answer(503, "Echo is not set up for this; its log says which setting is missing."),
    errors.ModelError: Answer(502, "The language model gave no answer; try again."),
    errors.ModelUnavailableError: Answer(503, "The language model cannot be reached now.", _LATER_SECONDS),
    errors.ModelRefusedError: Answer(502, "The language model refuses; `python bot.py check` shows why."),
    errors.ContextTooLongError: Answer(422, "This is longer than the language model takes."),
    errors.ModelInterruptedError: Answer(502, "The language model's answer broke off; try again."),
    errors.ModelAnswerError: Answer(502, "The language model did not answer as it was asked to; try again."),
    errors.DeliveryError: Answer(503, "The platform cannot be reached now.", _LATER_SECONDS),
    errors.DeliveryRefusedError: Answer(502, "The platform refused this."),
    errors.DeliveryParkedError: Answer(409, "This is delivered when the person writes again."),
    errors.UndeliverableError: Answer(410, "The place on the platform is gone."),
    errors.MediaError: Answer(502, "The file cannot be had from its platform."),
    errors.MediaTooLargeError: Answer(413, "The file is larger than is read."),
    errors.QueueUnavailableError: Answer(503, "The queue of the workers cannot be reached now.", _LATER_SECONDS),
    errors.ArchiveError: Answer(500, "The archive storage did not do what was asked."),
    errors.ArchiveUnavailableError: Answer(503, "The archive storage cannot be reached now.", _LATER_SECONDS),
    errors.ArchiveDamagedError: Answer(500, "What was archived is gone or damaged; the store still has the messages."),
    errors.StoreError: Answer(500, "The store did not take this."),
    errors.StoreUnavailableError: Answer(503, "The store cannot be read or written now.", _SOON_SECONDS),
    errors.StoreDamagedError: Answer(500, "The database is damaged; `python bot.py check` says what to do."),
    errors.StoreVersionError: Answer(500, "The database was written by another version of Echo."),
    errors.ReadTooLongError: Answer(422, _TOO_LONG),
    errors.StoreConflictError: Answer(409, _OWN_SENTENCE),
    errors.AlreadyAnsweredError: Answer(409, "This has its answer already."),
    errors.FolderInUseError: Answer(503, "Another process owns the data folder.", _LATER_SECONDS),
    errors.TranscriptError: Answer(500, "The transcript could not be written or read; the store has the messages."),
    errors.TranscriptUnwritableError: Answer(503, "The transcript cannot be written now.", _LATER_SECONDS),
    errors.TranscriptMissingError: Answer(404, "There is no such transcript."),
    errors.TranscriptDamagedError: Answer(500, "The transcript is damaged; the store has the messages."),
    errors.TranscriptForeignError: Answer(500, "The file is not a transcript that this Echo reads."),
}


def answer_to(error: EchoError, *, has_condition: bool) -> Answer:
    """Return what is said of an error; `has_condition`: the request named the version that it expects."""
    answer = next(ANSWERS[kind] for kind in type(error).__mro__ if kind in ANSWERS)
    status = 412 if has_condition and isinstance(error, errors.StoreConflictError) else answer.status
    pause = getattr(error, "retry_after", None)
    retry_after = max(1, round(pause.total_seconds())) if pause is not None else answer.retry_after
    return Answer(status, answer.detail or str(error), retry_after)
