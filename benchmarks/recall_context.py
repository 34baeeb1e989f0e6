"""What a turn really sends when somebody asks about weeks of dialogue: is all that answers it there, at which cost?

Each question opens a conversation of its own, asked by the dialogue's first speaker through Echo's real turn path,
and is deleted again before the next. Evidence counts as sent when its text is in the request. Tokens are UTF-8
bytes / 4 of the messages of the last request, system prompt and question included.
"""

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import measure
from benchmarks.recall_dialogues import Asked, History, read_histories, stored
from benchmarks.replay_run import DialogueServer
from source.app.composition import open_echo
from source.app.echo import Echo
from source.domain.recall.passages import LONGEST_TURN_BYTES
from source.domain.summary_text import one_line, shortened
from source.domain.thread import PersonRef, Platform, ThreadRef
from source.domain.turn import InboundMessage
from tests.fakes.channel import FakeChannel
from tests.fakes.clock import FakeClock

_BYTES_PER_TOKEN = 4
_CATEGORIES = {1: "multi-hop", 2: "temporal", 3: "open-domain", 4: "single-hop"}
_ANSWER = "I see."


@dataclass
class Sent:
    """What the requests of some questions held."""

    shares: list[float] = field(default_factory=list)
    tokens: list[int] = field(default_factory=list)
    searched: list[bool] = field(default_factory=list)

    def row(self, name: str) -> list[str]:
        whole = statistics.fmean(share == 1 for share in self.shares)
        return [
            name,
            f"{len(self.shares)}",
            f"{whole:.1%}",
            f"{statistics.fmean(self.shares):.1%}",
            f"{statistics.fmean(self.searched):.1%}",
            f"{statistics.fmean(self.tokens):,.0f}",
            f"{max(self.tokens):,}",
        ]


async def _ask(history: History, sent: dict[str, Sent], overrides: Mapping[str, object]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        server = DialogueServer()
        server.answer = _ANSWER
        async with server:
            settings = measure.settings_in(
                Path(folder),
                openai_base_url=server.base_url,
                openai_api_key="key",
                openai_model="test-model",
                messages_per_minute=0,
                daily_tokens=0,
                **overrides,
            )
            clock = FakeClock(history.turns[-1].said_at)
            async with open_echo(settings, clock=clock, command="recall_context") as echo:
                await echo.store.restore(stored(history))
                clock.advance(hours=72)
                for number, asked in enumerate(history.questions):
                    messages = await _messages(echo, server, clock, asked, history, number)
                    for name in (_CATEGORIES[asked.category], "all"):
                        _count(sent[name], asked, history, messages)


async def _messages(
    echo: Echo, server: DialogueServer, clock: FakeClock, asked: Asked, history: History, number: int
) -> Sequence[Mapping[str, object]]:
    """Ask in a thread of its own; return the messages of the request that was answered."""
    external_id = history.turns[0].speaker
    assert external_id is not None
    thread = ThreadRef(Platform.WEB, f"{history.name}-question-{number}")
    person = PersonRef(external_id, external_id.rpartition("-")[2])
    inbound = InboundMessage(f"{history.name}-{number}", thread, person, asked.question, clock.now())
    await echo.turns.handle(inbound, FakeChannel(Platform.WEB))
    body = server.requests[-1]
    async with echo.manager.turn(thread) as seat:
        assert seat.conversation is not None
        conversation_id = seat.conversation.conversation_id
    await echo.deletion.delete(conversation_id)
    server.requests.clear()
    messages = body["messages"]
    assert isinstance(messages, list)
    return messages


def _count(sent: Sent, asked: Asked, history: History, messages: Sequence[Mapping[str, object]]) -> None:
    text = "\n".join(str(message.get("content") or "") for message in messages)
    told = one_line(text)
    by_key = {turn.key: turn for turn in history.turns}
    found = [_as_shown(by_key[key].text) in told or _as_json(by_key[key].text) in told for key in asked.evidence]
    sent.shares.append(statistics.fmean(found))
    sent.tokens.append(len(text.encode()) // _BYTES_PER_TOKEN)
    sent.searched.append(any(message.get("role") == "tool" for message in messages))


def _as_shown(text: str) -> str:
    return shortened(one_line(text), LONGEST_TURN_BYTES)


def _as_json(text: str) -> str:
    """As a tool's answer has it."""
    return json.dumps(_as_shown(text), ensure_ascii=False)[1:-1]


def _arguments() -> argparse.Namespace:
    parser = measure.options(__doc__)
    parser.add_argument("dialogues", type=Path, help="a file in the format of LoCoMo")
    return parser.parse_args()


async def main() -> int:
    arguments = _arguments()
    measure.begin(f"What turns send, {arguments.dialogues.name}")
    histories = read_histories(arguments.dialogues)
    chosen = [history.first(8) for history in histories[:1]] if arguments.quick else histories
    heads = ["", "questions", "all evidence", "evidence", "searched first", "tokens, mean", "most"]
    for title, overrides in (
        ("As it comes", {}),
        ("Without recall", {"recall_opening_tokens": 0, "model_tools": False}),
        ("Twice the budget", {"recall_opening_tokens": 1_000, "recall_budget_tokens": 2_000}),
    ):
        sent: dict[str, Sent] = defaultdict(Sent)
        for history in chosen:
            await _ask(history, sent, overrides)
            measure.progress(f"{title}: {history.name}")
        rows = [sent[name].row(name) for name in (*_CATEGORIES.values(), "all") if name in sent]
        print(f"\n{title}\n\n{measure.Table(heads, rows)}")
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
