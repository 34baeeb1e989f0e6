"""Figures of the services, for a monitor."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from source.domain.task import TaskStatus
from source.ports.readings import ActivityMark, ActivityStore, Backlog, CallTotals, Reading, ReadingKind
from source.services.manager_metrics import ManagerMetrics

_MICRO: Final = 1_000_000


class ManagerReadings:
    """What the conversation manager holds and has done."""

    def __init__(self, metrics: Callable[[], ManagerMetrics]) -> None:
        self._metrics = metrics

    async def begin(self) -> None:
        """Its counters begin with the process anyway."""

    async def read(self) -> Sequence[Reading]:
        now = self._metrics()
        return [
            _gauge("echo_conversations_in_memory", "Conversations in process memory.", now.conversations),
            _gauge("echo_conversations_in_use", "Conversations that a turn uses now.", now.in_use),
            _gauge("echo_conversations_bytes", "Bytes of the conversations in process memory.", now.size_bytes),
            _gauge("echo_transcripts_waiting", "Conversations whose transcript is due.", now.waiting_to_be_written),
            _counter("echo_conversations_loaded", "Conversations brought into memory.", now.loaded),
            _counter("echo_conversations_left", "Conversations that left memory.", now.left),
            _counter("echo_transcripts_written", "Transcripts written.", now.transcripts_written),
            _counter("echo_transcripts_failed", "Transcripts that could not be written.", now.transcripts_failed),
        ]


class ActivityReadings:
    """What was said, what the model took and what waits, since the process began."""

    def __init__(self, store: ActivityStore) -> None:
        self._store = store
        self._mark = ActivityMark()
        self._said: Counter[tuple[str, str]] = Counter()
        self._calls: dict[tuple[str, str], Counter[str]] = {}

    async def begin(self) -> None:
        self._mark = await self._store.present_mark()

    async def read(self) -> Sequence[Reading]:
        since = self._mark
        activity = await self._store.activity(since)
        if self._mark == since:  # else another reader has counted this already
            self._mark = activity.mark
            self._said.update(activity.messages)
            for totals in activity.calls:
                self._add(totals)
        return [*self._of_messages(), *self._of_calls(), *_of_backlog(await self._store.backlog())]

    def _add(self, new: CallTotals) -> None:
        kept = self._calls.setdefault((new.model, new.purpose), Counter())
        kept.update(
            calls=new.calls,
            input=new.input_tokens - new.cached_tokens,
            cached=new.cached_tokens,
            output=new.output_tokens,
            cost=new.cost,
        )

    def _of_messages(self) -> Iterator[Reading]:
        for (platform, author), count in self._said.items():
            labels = {"platform": platform, "author": author}
            yield _counter("echo_messages", "Chat messages kept.", count, **labels)

    def _of_calls(self) -> Iterator[Reading]:
        for (model, purpose), kept in self._calls.items():
            labels = {"model": model, "purpose": purpose}
            yield _counter("echo_model_calls", "Calls of the language model.", kept["calls"], **labels)
            for kind in ("input", "cached", "output"):
                yield _counter("echo_model_tokens", "Tokens by kind.", kept[kind], kind=kind, **labels)
            yield _counter("echo_model_cost_dollars", "What the calls cost.", kept["cost"] / _MICRO, **labels)


def _of_backlog(backlog: Backlog) -> Iterator[Reading]:
    yield _gauge("echo_messages_unanswered", "Messages that wait for an answer.", backlog.unanswered)
    yield _gauge("echo_replies_undelivered", "Answers that wait for their delivery.", backlog.undelivered)
    for status in TaskStatus:
        yield _gauge("echo_tasks", "Tasks by status.", backlog.tasks.get(status, 0), status=status)


def _counter(name: str, about: str, value: float, **labels: str) -> Reading:
    return Reading(name, about, ReadingKind.COUNTER, value, labels)


def _gauge(name: str, about: str, value: float, **labels: str) -> Reading:
    return Reading(name, about, ReadingKind.GAUGE, value, labels)
