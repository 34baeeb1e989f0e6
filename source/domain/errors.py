"""Everything that can go wrong, as one tree.

EchoError
├── RefusedInputError              what a person sent cannot be taken; its text is shown to them
├── SettingsError                  the operator must change a setting; its text is shown to the operator
├── ModelError
│   ├── ModelUnavailableError      may work later: network, rate limit, vendor's fault
│   ├── ModelRefusedError          will not work until the operator acts: key, model name, request
│   ├── ContextTooLongError        the prompt is longer than the model takes
│   ├── ModelInterruptedError      the stream broke after some text had come
│   └── ModelAnswerError           it answered, but not in the form that was asked for
├── DeliveryError                  the channel did not take a reply; it is stored and will be delivered later
│   ├── DeliveryRefusedError       not this reply as things are; another may be taken meanwhile
│   ├── DeliveryParkedError        not before the person has written again
│   └── UndeliverableError         it never will: the place is gone
├── MediaError                     a file that somebody sent cannot be had
│   └── MediaTooLargeError         it is larger than is read
├── QueueUnavailableError          the queue through which batches go to other processes cannot be reached now
├── ArchiveError
│   ├── ArchiveUnavailableError    the archive storage cannot be reached or written now
│   └── ArchiveDamagedError        what was put away is gone, or is not what was put there
├── StoreError
│   ├── StoreUnavailableError      cannot read or write now: disk full, read-only, locked
│   ├── StoreDamagedError          the database file is not whole
│   ├── StoreVersionError          the database was written by another version of Echo
│   ├── ReadTooLongError           what was asked for takes longer to read than it may
│   ├── StoreConflictError         what was to be changed is not as the caller last saw it
│   │   └── AlreadyAnsweredError   a message that the turn answers has its answer already
│   └── FolderInUseError           another process owns the data folder
└── TranscriptError
    ├── TranscriptUnwritableError  the folder refuses the file
    ├── TranscriptMissingError     no such transcript
    ├── TranscriptDamagedError     the file is not whole JSON of the expected shape
    └── TranscriptForeignError     JSON, but not a transcript, or of a version this Echo does not know

Only the text of `RefusedInputError` reaches a person; no message text is ever put into an exception.
"""

from datetime import timedelta


class EchoError(Exception):
    """Root of every error that Echo raises on purpose."""


class RefusedInputError(EchoError):
    """What a person sent cannot be taken; `str(error)` is one plain sentence for them."""


class SettingsError(EchoError):
    """A setting is missing or wrong; `str(error)` says which and what to do."""


class ModelError(EchoError):
    """The language model did not answer."""


class ModelUnavailableError(ModelError):
    """The model may answer later."""

    def __init__(self, reason: str, *, retry_after: timedelta | None = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class ModelRefusedError(ModelError):
    """The model will not answer until the operator changes something."""


class ContextTooLongError(ModelError):
    """The prompt is longer than the model takes."""


class ModelInterruptedError(ModelError):
    """The stream ended before the reply did; what had come is kept by the reader."""


class ModelAnswerError(ModelError):
    """What the model answered is not of the form that was asked for."""


class DeliveryError(EchoError):
    """The channel did not take a reply now; it stays stored as undelivered."""


class DeliveryRefusedError(DeliveryError):
    """The channel can be reached and does not want this reply as things are; what is newer need not wait for it."""


class DeliveryParkedError(DeliveryError):
    """The reply waits until the person writes again; `is_told`: they have been asked to."""

    def __init__(self, reason: str, *, is_told: bool = False) -> None:
        super().__init__(reason)
        self.is_told = is_told


class UndeliverableError(DeliveryError):
    """The place where the reply belongs is gone for good; nothing is tried there again."""


class MediaError(EchoError):
    """A file that somebody sent cannot be had from its platform, or is not what it is said to be."""


class MediaTooLargeError(MediaError):
    """It is larger than is read."""


class QueueUnavailableError(EchoError):
    """The queue did not take, or give, a batch; what was not handed over is handed over later."""


class ArchiveError(EchoError):
    """The archive storage did not do what was asked; the store still has the conversation."""


class ArchiveUnavailableError(ArchiveError):
    """It may work later: network, rights, space."""


class ArchiveDamagedError(ArchiveError):
    """What was put away is gone or changed; the transcript can be written again from the store."""


class StoreError(EchoError):
    """The store did not do what was asked; nothing of the failed write was kept."""


class StoreUnavailableError(StoreError):
    """The store cannot be read or written now."""


class StoreDamagedError(StoreError):
    """The database file is not whole; the transcripts can restore it."""


class StoreVersionError(StoreError):
    """The database was written by another version of Echo."""


class ReadTooLongError(StoreError):
    """What was asked for takes longer to read than it may: it has to be narrowed."""


class StoreConflictError(StoreError):
    """Somebody else changed it, or there is another of that name; `str(error)` says which."""


class AlreadyAnsweredError(StoreConflictError):
    """What a turn answers has its answer already: a write whose outcome was not known was kept."""


class FolderInUseError(StoreError):
    """Another process owns the data folder; `str(error)` names it."""


class TranscriptError(EchoError):
    """A transcript could not be written or read; the store still has the conversation."""


class TranscriptUnwritableError(TranscriptError):
    """The folder refuses the file."""


class TranscriptMissingError(TranscriptError):
    """There is no such transcript."""


class TranscriptDamagedError(TranscriptError):
    """The file is not whole JSON of the expected shape."""


class TranscriptForeignError(TranscriptError):
    """The file is JSON but no transcript of a version that this Echo reads."""
