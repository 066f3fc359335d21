"""The lab's PSRP against the messages of a real server: equal, or refused, never different (see ``unequal.py``)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.wsman import WSMan

from fleetdeploy.lab.fleet import HostSpec, Lab
from fleetdeploy.lab.powershell.runtime.native import NativeContext, NativeResult, native
from fleetdeploy.lab.windows.environment import ThreadedEnvironment
from fleetdeploy.lab.windows.host import WindowsHost
from tests.lab.wsman.recorded import Conversation, Message, differences, load, unpack
from tests.lab.wsman.unequal import EXPECTED, REFUSED, SCRIPTS, TEXTS

CASES = {case["name"]: case for case in load()}


@native("shx.exe")
def shell(ctx: NativeContext, argv: list[str], stdin: list[str] | None) -> NativeResult:
    """The two things that the record asked of /bin/sh."""
    if argv[1] == "exit 3":
        return NativeResult(3)
    return NativeResult(0, ["out"], ["err"])


def check(name: str, made: list[Message], not_simulated: Sequence[Exception]) -> None:
    """Equal, or refused as listed."""
    assert not any("defect of the lab" in str(refused) for refused in not_simulated), not_simulated
    if not_simulated:
        assert name in REFUSED, not_simulated
        return
    assert name not in REFUSED, "it is simulated now: take it out of REFUSED"
    recorded = CASES[name]["messages"]
    if name == "native-stderr":  # stderr and stdout of a program come in no fixed order (facts: winrm.md 8)
        assert [m.type for m in made].count("ErrorRecord") == 1
        made = sorted(made, key=lambda m: m.type != "ErrorRecord")
        recorded = sorted(recorded, key=lambda m: m["type"] != "ErrorRecord")
    assert differences(name, recorded, made) == ""


@pytest.fixture(scope="module")
def environment() -> Iterator[ThreadedEnvironment]:
    made = ThreadedEnvironment()
    yield made
    made.close()


async def converse(environment: ThreadedEnvironment, machine: Any, case: dict[str, Any]) -> list[Message]:
    conversation = Conversation(environment.loop, machine)
    opening = await conversation.opening()
    if "script" not in case:
        return opening
    for script in case.get("before", ()):
        await conversation.run(script, {})
    script, _ = SCRIPTS.get(case["name"], (case["script"], ""))
    return await conversation.run(script, case)


@pytest.mark.parametrize("name", list(CASES))
def test_each_recorded_conversation_is_equal_or_refused(name: str, environment: ThreadedEnvironment) -> None:
    machine = WindowsHost("host1", address="127.0.0.1", env=environment)
    machine.accounts.add("fleetadmin", "pw")
    work = converse(environment, machine, CASES[name])
    made = asyncio.run_coroutine_threadsafe(work, environment.loop).result(30)
    check(name, made, machine.not_simulated)


def test_pypsrp_gets_the_same_messages(tmp_path: Path) -> None:
    """Every case once more, over real sockets; what arrives is taken where pypsrp takes it."""
    with Lab.start([HostSpec("host1")]) as lab:
        host = lab.hosts["host1"]
        ca = str(lab.write_ca(tmp_path / "ca.pem"))
        with WSMan(
            host.address,
            port=host.port_https,
            username=lab.user,
            password=lab.password,
            auth="basic",
            cert_validation=ca,  # type: ignore[arg-type]
            no_proxy=True,
        ) as client:
            for name in CASES:
                made = _through_pypsrp(client, CASES[name])
                check(name, made, host.not_simulated)
                host.not_simulated.clear()


def _through_pypsrp(client: WSMan, case: dict[str, Any]) -> list[Message]:
    taken: list[bytes] = []
    pool = RunspacePool(client)
    receive = pool.shell.receive

    def tap(*args: Any, **kwargs: Any) -> Any:
        state, code, buffer = receive(*args, **kwargs)
        taken.append(buffer["stdout"])
        return state, code, buffer

    pool.shell.receive = tap  # type: ignore[method-assign]
    with pool:
        if "script" not in case:
            return unpack(taken)
        for script in case.get("before", ()):
            PowerShell(pool).add_script(script).invoke()
        taken.clear()
        pipeline = PowerShell(pool)
        script, _ = SCRIPTS.get(case["name"], (case["script"], ""))
        pipeline.add_script(script, use_local_scope=case.get("local", False) or None)
        pipeline.add_parameters(case.get("parameters") or {})
        if "stop_after" in case:
            pipeline.begin_invoke()
            pipeline.poll_invoke(timeout=5)
            if "PipelineState" not in [m.type for m in unpack(taken)]:
                client.signal(  # pypsrp's own stop() takes the pipeline for stopped before the host says so
                    pool.shell.resource_uri, _stop_signal(pipeline.id), selector_set=pool.shell._selector_set
                )
            pipeline.end_invoke()
        elif case.get("input"):
            pipeline.invoke(_items(case["input"]))
        else:
            pipeline.invoke(b"" if "input" in case else None)
        return unpack(taken)


def _items(items: list[Any]) -> Iterator[list[Any]]:
    for item in items:
        yield [bytes.fromhex(item["bytes"]) if isinstance(item, dict) else item]


def _stop_signal(command_id: str) -> Any:
    import xml.etree.ElementTree as ET

    rsp = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"
    signal = ET.Element(f"{{{rsp}}}Signal", {"CommandId": command_id})
    ET.SubElement(signal, f"{{{rsp}}}Code").text = "powershell/signal/ctrl_c"
    return signal


def test_what_is_listed_as_unequal_exists() -> None:
    assert {*SCRIPTS, *TEXTS, *EXPECTED, *REFUSED} <= set(CASES)
    assert len(CASES) == 57
