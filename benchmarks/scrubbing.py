"""What finding personal data costs, and how well it is told from what only looks like it.

Baseline of the turns: the same core without any look at what is said.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from benchmarks import measure
from benchmarks.bare_echo import bare_echo
from benchmarks.made_up import made_up
from benchmarks.turn_cost import Visitor
from source.app.personal_data import finder_for
from source.app.settings import Settings
from source.domain.identifiers import IdGenerator
from source.domain.personal_data import PersonalDataFinder
from source.ports.llm import Prompt, PromptMessage, Role
from source.services.scrubbed_model import ScrubbedModel
from source.services.scrubbing import AS_IT_IS
from tests.fakes.language_model import ScriptedModel
from tests.fakes.personal_data_samples import NO_PHONES, NONE, OTHERS, PHONES, Sample

_PLAIN = "How many ships did the keeper of the lighthouse see on that evening, and what were they called? "
_NUMBERS = "On 2026-03-14 at 12:30 there were 120 of them, for 1.250 euros; order 4155550132 says so. "
_DATA = "I am ada@example.org, +49 170 1234567 or 0170 7654321, card 4111 1111 1111 1111, from 203.0.113.42. "
# The slowest of those that the tests try.
_HOSTILE = ("4111 ", "(415) 555-0132 ", "0170 1234567 ", "1 234 567 ", "12-", "1.2.3.")
_LONG_CHARS = 10_000
_TURN_MESSAGES = 200


def _time_of(work: Callable[[], object], times: int) -> float:
    """Return the seconds of processor time in the fastest of several rounds: others on the machine only add to them."""
    work()
    rounds = []
    for _ in range(5):
        began = time.process_time()
        for _ in range(times):
            work()
        rounds.append((time.process_time() - began) / times)
    return min(rounds)


def _finding(finder: PersonalDataFinder, times: int) -> measure.Table:
    long = {name: (text * _LONG_CHARS)[:_LONG_CHARS] for name, text in (("plain", _PLAIN), ("numbers", _NUMBERS))}
    texts = {
        "a message of words": _PLAIN,
        "with dates and numbers": _NUMBERS,
        "with personal data": _DATA,
        "10,000 characters of words": long["plain"],
        "10,000 of dates and numbers": long["numbers"],
        "10,000 of personal data": (_DATA * _LONG_CHARS)[:_LONG_CHARS],
    }
    rows = [_row(finder, name, text, times) for name, text in texts.items()]
    hostile = max(
        (_row(finder, f"10,000 made to be slow: {unit!r}", (unit * _LONG_CHARS)[:_LONG_CHARS], 1) for unit in _HOSTILE),
        key=lambda row: float(row[2]),
    )
    return measure.Table(["text", "time", "ns a character"], [*rows, hostile])


def _row(finder: PersonalDataFinder, name: str, text: str, times: int) -> list[str]:
    taken = _time_of(lambda: finder.find(text), max(1, times // (1 + len(text) // 500)))
    return [name, measure.duration(taken), f"{taken / len(text) * 1e9:.0f}"]


async def _prompts(finder: PersonalDataFinder) -> measure.Table:
    said = [PromptMessage(Role.USER, f"{number}: {_PLAIN * 2}{_NUMBERS}") for number in range(50)]
    prompt = Prompt((PromptMessage(Role.SYSTEM, _PLAIN), *said))
    model, bare = ScrubbedModel(ScriptedModel(), finder), ScriptedModel()

    async def once(asked: ScrubbedModel | ScriptedModel) -> float:
        watch = measure.Stopwatch()
        async for _ in asked.stream(prompt):
            pass
        return watch.lap()

    first = await once(model)
    later = sorted([await once(model) for _ in range(20)])[10] - sorted([await once(bare) for _ in range(20)])[10]
    rows = [["the first time", measure.duration(first)], ["every later turn", measure.duration(max(0.0, later))]]
    return measure.Table(["a prompt of 51 messages, 14 kB", "time"], rows)


async def _turns(runs: int, turns: int) -> measure.Table:
    settings = {
        "nothing looked at": Settings(),
        "kinds noted (default)": Settings(),
        "+ PII_SCRUB_MODEL": Settings(pii_scrub_model=True),
        "+ PII_SCRUB_STORED": Settings(pii_scrub_stored=True),
    }

    def case_of(name: str, chosen: Settings) -> measure.Case:
        async def run() -> float:
            stored = made_up(0, _TURN_MESSAGES, last_at=datetime.now(UTC), ids=IdGenerator())
            keeping = AS_IT_IS if name == "nothing looked at" else None
            service, manager = bare_echo(chosen, [stored], keeping=keeping)
            visitor = Visitor(service, manager, stored.head.thread)
            await visitor.talk(10)
            replies, _ = await visitor.talk(turns)
            await manager.shutdown()
            return sorted(replies)[len(replies) // 2]

        return run

    found = await measure.interleaved({name: case_of(name, each) for name, each in settings.items()}, runs=runs)
    medians = measure.medians(found)
    baseline = medians["nothing looked at"]
    rows = [
        [name, measure.duration(took), measure.duration(max(0.0, took - baseline))] for name, took in medians.items()
    ]
    return measure.Table(["own cost of a turn", "to the reply", "more"], rows)


def _telling() -> measure.Table:
    groups: dict[str, Sequence[Sample]] = {
        "phone numbers": (*PHONES, *NO_PHONES),
        "all others": (*OTHERS, *NONE),
    }
    return measure.Table(["corpus", "texts", "precision", "recall"], [_figures(*group) for group in groups.items()])


def _figures(name: str, samples: Sequence[Sample]) -> list[str]:
    right = wrong = missed = 0
    for sample in samples:
        text, expected = sample.text, sample.expected
        found = [(each.kind.value, text[each.start : each.end]) for each in finder_for(sample.country).find(text)]
        right += sum(each in expected for each in found)
        wrong += sum(each not in expected for each in found)
        missed += sum(each not in found for each in expected)
    return [name, str(len(samples)), f"{right / (right + wrong):.1%}", f"{right / (right + missed):.1%}"]


def main() -> None:
    given = measure.options(__doc__).parse_args()
    measure.begin("Finding personal data")
    finder = finder_for("DE")
    print(_finding(finder, 5 if given.quick else 1_000))
    print(f"\n{asyncio.run(_prompts(finder))}")
    print(f"\n{asyncio.run(_turns(1 if given.quick else 5, 10 if given.quick else 200))}")
    print(f"\n{_telling()}")


if __name__ == "__main__":
    main()
