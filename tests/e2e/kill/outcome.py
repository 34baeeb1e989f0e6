"""What a campaign showed."""

import shutil
import tempfile
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

from source.app.composition import rebuild
from tests.e2e.kill.campaign import Toll, errors_logged
from tests.e2e.kill.evidence import Evidence, Row, read_evidence
from tests.e2e.kill.journal import Seen, read_journal
from tests.e2e.kill.verdict import problems_of
from tests.e2e.kill.worker import Place, settings_of

_MOST_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Outcome:
    """The figures of a campaign, and everything that is wrong."""

    toll: Toll
    seen: Seen
    evidence: Evidence
    problems: tuple[str, ...]

    def summary(self, *, seconds: float) -> str:
        toll, seen, evidence = self.toll, self.seen, self.evidence
        reasons = Counter(str(head["conversation_created_reason"]) for head in evidence.conversations.values())
        lines = [
            f"{toll.kills} kills in {seconds:.0f} s: {toll.during_rebuild} during a rebuild, "
            f"{toll.before_any_message} before a message was accepted, {toll.half_written_files} left half a file",
            f"{seen.accepted.total()} messages accepted, {seen.repeated.total()} repeats, "
            f"{toll.unanswered} were unanswered and {toll.undelivered} undelivered when a kill came, "
            f"{seen.delivered.total()} deliveries, {_again(seen)} of them made again",
            f"{len(evidence.messages)} messages in {len(evidence.conversations)} conversations "
            f"({', '.join(f'{reason} {count}' for reason, count in sorted(reasons.items()))}), "
            f"{len(evidence.files)} transcripts, {seen.commanded.total()} commands",
            f"{len(self.problems)} problems",
            *self.problems[:_MOST_SHOWN],
        ]
        return "\n".join(lines)


async def judged(place: Place, toll: Toll) -> Outcome:
    """Look at what is on disk after a campaign."""
    seen, evidence = read_journal(place.journal), read_evidence(place.folder)
    problems = [*toll.problems, *problems_of(evidence, seen), *errors_logged(place)]
    if await _restored(place) != evidence.messages:
        problems.append("a database restored from the transcripts has other messages")
    return Outcome(toll, seen, evidence, tuple(problems))


async def _restored(place: Place) -> tuple[Row, ...]:
    """Return the messages of a database that is made from a copy of the transcripts alone."""
    with tempfile.TemporaryDirectory() as copy:
        folder = Path(copy) / "conversations"
        shutil.copytree(place.folder, folder, ignore=shutil.ignore_patterns("echo.db*", "*.lock*"))
        await rebuild(settings_of(replace(place, folder=folder)), "transcripts", lambda _done, _total: None)
        return read_evidence(folder).messages


def _again(seen: Seen) -> int:
    return sum(count - 1 for count in seen.delivered.values())
