"""The lab's PSRP against the messages of a real server: equal, or refused, never different."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from fleetdeploy.lab.windows.environment import ThreadedEnvironment
from fleetdeploy.lab.windows.host import WindowsHost
from tests.lab.wsman.recorded import DIFFERS, Conversation, differences, load

REFUSED = {"format-table": "the lab lays out no tables"}
CASES = {case["name"]: case for case in load()}


@pytest.fixture
def environment() -> Iterator[ThreadedEnvironment]:
    made = ThreadedEnvironment()
    yield made
    made.close()


async def converse(environment: ThreadedEnvironment, machine: Any, case: dict[str, Any]) -> list[Any]:
    conversation = Conversation(environment.loop, machine)
    opening = await conversation.opening()
    if "script" not in case:
        return opening
    for script in case.get("before", ()):
        await conversation.run(script, {})
    return await conversation.run(case["script"], case)


@pytest.mark.parametrize("name", [name for name in CASES if name not in DIFFERS])
def test_each_recorded_conversation_is_equal_or_refused(name: str, environment: ThreadedEnvironment) -> None:
    machine = WindowsHost("host1", address="127.0.0.1", env=environment)
    machine.accounts.add("fleetadmin", "pw")
    case = CASES[name]
    work = converse(environment, machine, case)
    made = asyncio.run_coroutine_threadsafe(work, environment.loop).result(30)
    if machine.not_simulated:
        assert not any("defect of the lab" in str(refused) for refused in machine.not_simulated), machine.not_simulated
        assert name in REFUSED, machine.not_simulated
        return
    assert name not in REFUSED, "it is simulated now: take it out of REFUSED"
    assert differences(case["messages"], made) == ""


def test_the_opening_has_the_recorded_form(environment: ThreadedEnvironment) -> None:
    machine = WindowsHost("host1", address="127.0.0.1", env=environment)
    work = converse(environment, machine, CASES["open"])
    made = asyncio.run_coroutine_threadsafe(work, environment.loop).result(30)
    recorded = CASES["open"]["messages"]
    assert [(m["type"], m["bom"], m["rpid_zero"]) for m in recorded] == [(m.type, m.bom, m.rpid_zero) for m in made]
