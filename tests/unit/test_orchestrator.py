"""Who does which task."""

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from source.domain.errors import RefusedInputError
from source.domain.task import Lane, NewTask, TaskType
from source.services import agents
from source.services.agents import discovered
from source.services.agents.orchestrator import Orchestrator
from tests.fakes.clock import FakeClock
from tests.fakes.task_queue import AgentOf, EchoingHandler, FakeTaskQueue

SYNC, OWN = TaskType.SYNC_MESSAGES, "COUNT_SHEEP"


def test_a_type_goes_to_the_agent_that_does_it() -> None:
    sync, sheep = EchoingHandler(Lane.OWNER), EchoingHandler()
    orchestrator = Orchestrator([AgentOf({SYNC: sync}), AgentOf({OWN: sheep}, "shepherd")])
    assert orchestrator.handler("SYNC_MESSAGES") is sync
    assert orchestrator.handler(OWN) is sheep
    assert orchestrator.types == [OWN, "SYNC_MESSAGES"]


def test_what_is_checked_has_its_defaults_and_its_lane() -> None:
    orchestrator = Orchestrator([AgentOf({SYNC: EchoingHandler(Lane.OWNER)})])
    checked, lane = orchestrator.checked(NewTask(SYNC, {"more": 1}, "cli", key="k"))
    assert checked == NewTask(SYNC, {"items": 0, "more": 1}, "cli", key="k")
    assert lane is Lane.OWNER


def test_a_type_that_nobody_does_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(RefusedInputError, match=r"'SHEAR'\. Known: COUNT_SHEEP"):
        Orchestrator([AgentOf({OWN: EchoingHandler()})]).handler("SHEAR")


def test_two_agents_for_one_type_are_a_mistake() -> None:
    with pytest.raises(ValueError, match="COUNT_SHEEP is done by ann and by ben"):
        Orchestrator([AgentOf({OWN: EchoingHandler()}, "ann"), AgentOf({OWN: EchoingHandler()}, "ben")])


def test_an_agent_is_a_module_that_makes_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "shepherd.py").write_text(
        "from tests.fakes.task_queue import AgentOf, EchoingHandler\n"
        "def create_agent(parts):\n"
        "    return AgentOf({'COUNT_SHEEP': EchoingHandler()}, f'shepherd at {parts.clock.monotonic()}')\n"
    )
    (tmp_path / "wool.py").write_text("COLOUR = 'white'\n")
    monkeypatch.setattr(agents, "__path__", [str(tmp_path)])
    found = discovered(SimpleNamespace(clock=FakeClock()))  # type: ignore[arg-type]  # all that this agent takes
    for name in ("shepherd", "wool"):
        sys.modules.pop(f"{agents.__name__}.{name}")
    assert [agent.name for agent in found] == ["shepherd at 0.0"]


async def test_what_is_refused_is_not_kept() -> None:
    queue = FakeTaskQueue({OWN: EchoingHandler()}, FakeClock())
    with pytest.raises(RefusedInputError):
        await queue.submit(NewTask("SHEAR"))
    assert await queue.listed() == []
