"""What a thread took, in words for people."""

from source.domain.thread import ThreadKey
from source.ports.store import StatisticsStore, ThreadStatistics, UsageTotals

_MICRODOLLARS = 1_000_000
# Less is within the error of the comparison.
_LEAST_SAVED = 0.01


class Statistics:
    """Tells what was counted."""

    def __init__(self, store: StatisticsStore) -> None:
        self._store = store

    async def told(self, thread: ThreadKey) -> str:
        """Return what was said in a thread, what it took and what it would have taken as one conversation for ever."""
        return told(await self._store.thread_statistics(thread))


def told(statistics: ThreadStatistics) -> str:
    """Return the statistics in a few lines; what is not known is not guessed."""
    if not statistics.messages:
        return "Nothing has been said here yet."
    usage = statistics.usage
    said = f"{_counted(statistics.messages, 'message')} in {_counted(statistics.conversations, 'conversation')}."
    if not usage.input_tokens + usage.output_tokens:  # what is said offline takes none
        return f"{said}\nNo language model was asked here yet, so there is nothing to count or to compare."
    return "\n".join([said, _taken(usage), _cost(usage), _compared(statistics)])


def _taken(usage: UsageTotals) -> str:
    cached = f" ({usage.cached_tokens:,} of them cached)" if usage.cached_tokens else ""
    calls = _counted(usage.calls, "model call")
    return f"{calls}: {usage.input_tokens:,} tokens in{cached}, {usage.output_tokens:,} out."


def _cost(usage: UsageTotals) -> str:
    if usage.cost is None:
        return "Cost: not known, no prices are set."
    dollars = usage.cost / _MICRODOLLARS
    return f"Cost: ${dollars:,.2f}." if dollars >= 1 else f"Cost: ${dollars:.4f}."


def _compared(statistics: ThreadStatistics) -> str:
    """Compare with one conversation for ever, whose output would have been the same."""
    forever, taken = statistics.forever_input_tokens, statistics.usage.input_tokens
    saved = forever - taken
    if not forever:
        return "Saved against one conversation for ever: not known yet."
    if saved < _LEAST_SAVED * forever:
        return (
            f"Saved against one conversation for ever: nothing yet (it would have taken about {forever:,} tokens in); "
            "what is saved grows with the history."
        )
    return f"Saved against one conversation for ever: {saved * 100 // forever}%, about {saved:,} tokens in."


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
