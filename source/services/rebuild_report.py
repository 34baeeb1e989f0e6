"""What a rebuild did."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class SkippedTranscript:
    """A file that was left alone, and why."""

    filename: str
    reason: str


@dataclass(frozen=True, slots=True)
class RebuildReport:
    """How many conversations were written, how many were right already, and which files were left alone.

    Of `recounted` conversations it was wrong what was counted of people.
    """

    written: int
    unchanged: int
    skipped: tuple[SkippedTranscript, ...]
    recounted: int = 0


@dataclass(slots=True)
class Tally:
    """The report while it grows."""

    written: int = 0
    unchanged: int = 0
    skipped: list[SkippedTranscript] = field(default_factory=list)

    @property
    def done(self) -> int:
        return self.written + self.unchanged + len(self.skipped)

    def skip(self, filename: str, reason: str) -> None:
        self.skipped.append(SkippedTranscript(filename, reason))

    def report(self) -> RebuildReport:
        return RebuildReport(self.written, self.unchanged, tuple(self.skipped))
