"""PSRP with unmodified pypsrp: streams, input, parameters, ends of each kind, scope, several pipelines."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
from pypsrp.complex_objects import PSInvocationState
from pypsrp.host import PSHost
from pypsrp.powershell import PowerShell, RunspacePool

from fleetdeploy.lab.fleet import LabHost
from fleetdeploy.lab.wsman.psrp import PowerShellShell
from tests.lab.wsman.conftest import Connect
from tests.lab.wsman.doubles import EchoEngine
from tests.lab.wsman.test_shells import wait_until


@pytest.fixture
def pool(connect: Connect) -> Iterator[RunspacePool]:
    with RunspacePool(connect()) as opened:
        yield opened


def run(pool: RunspacePool, script: str) -> PowerShell:
    shell = PowerShell(pool)
    shell.add_script(script)
    shell.invoke()
    return shell


def test_every_stream_arrives(pool: RunspacePool) -> None:
    shell = run(pool, "say out\nerror bad\nwarning w\nverbose v\ndebug d\ninformation i\nprogress")
    assert shell.output == ["out"]
    assert [e.fq_error for e in shell.streams.error] == ["bad"]
    assert [str(w) for w in shell.streams.warning] == ["w"]
    assert [str(v) for v in shell.streams.verbose] == ["v"]
    assert [str(d) for d in shell.streams.debug] == ["d"]
    assert [i.message_data for i in shell.streams.information] == ["i"]
    assert [(p.activity, p.percent_complete) for p in shell.streams.progress] == [("A", 50)]
    assert shell.state == PSInvocationState.COMPLETED
    assert not shell.had_errors


def test_null_is_an_output_of_its_own(pool: RunspacePool) -> None:
    assert run(pool, "null\nsay x").output == ["", "x"]  # a null is an empty message; pypsrp reads ""


def test_a_terminating_error_fails_the_pipeline(pool: RunspacePool) -> None:
    shell = run(pool, "say before\nthrow boom\nsay never")
    assert shell.output == ["before"]
    assert shell.had_errors
    assert shell.state == PSInvocationState.FAILED
    assert shell.streams.error[-1].fq_error == "boom"


def test_what_is_not_simulated_fails_the_pipeline_and_is_recorded(pool: RunspacePool, host: LabHost) -> None:
    shell = run(pool, "refuse Get-Moon")
    assert shell.had_errors
    assert shell.streams.error[-1].fq_error == "NotSimulated"
    assert "Get-Moon (line 1)" in str(shell.streams.error[-1]) + str(host.not_simulated)
    assert len(host.not_simulated) == 1


def test_a_defect_of_the_engine_is_loud(pool: RunspacePool, host: LabHost) -> None:
    shell = run(pool, "crash oops")
    assert shell.had_errors
    assert "defect of the lab" in str(host.not_simulated[0])


def test_exit_reaches_the_clients_host(connect: Connect) -> None:
    local = PSHost(None, None, False, "tests", None, None, "1.0")
    with RunspacePool(connect(), host=local) as pool:
        shell = run(pool, "exit 3")
        assert shell.state == PSInvocationState.COMPLETED
        assert local.rc == 3


def test_many_outputs_come_in_order_and_few_requests(pool: RunspacePool) -> None:
    assert run(pool, "many 5000").output == list(range(5000))


@pytest.mark.parametrize("size", [1, 99_000, 100_000, 400_000, 3_000_000])
def test_one_big_output_is_whole(pool: RunspacePool, size: int) -> None:
    assert [len(o) for o in run(pool, f"big {size}").output] == [size]


@pytest.mark.parametrize("size", [1, 283_000, 382_757, 5_000_000])
def test_bytes_stream_into_a_pipeline(pool: RunspacePool, size: int) -> None:
    shell = PowerShell(pool)
    shell.add_script("input")

    def chunks() -> Iterator[list[bytes]]:
        for _ in range(3):
            yield [b"\x00" * size]

    assert shell.invoke(chunks()) == [size, size, size]


def test_a_script_longer_than_an_envelope_arrives_whole(pool: RunspacePool, engine: EchoEngine) -> None:
    text = "say " + "y" * 1_500_000
    assert [len(o) for o in run(pool, text).output] == [1_500_000]
    assert engine.ran == [[text]]


def test_parameters_and_scope_arrive(pool: RunspacePool) -> None:
    shell = PowerShell(pool)
    shell.add_script("parameters\nscope", use_local_scope=True).add_parameters({"Name": "a b", "Count": 3})
    assert shell.invoke() == [["Name=a b", "Count=3"], "True"]


def test_pipelines_of_a_pool_share_its_runspace(pool: RunspacePool) -> None:
    run(pool, "set x=1")
    assert run(pool, "get x").output == ["1"]


def test_a_runspace_that_waits_holds_nothing_of_its_last_pipeline(pool: RunspacePool, host: LabHost) -> None:
    """A thousand sessions that wait each kept a whole pipeline, with its input and what it had received."""
    assert run(pool, "say x").output == ["x"]
    (shell,) = host.service.shells.values()
    assert isinstance(shell, PowerShellShell)
    wait_until(lambda: shell._idle)
    (runspace,) = shell._idle
    assert (runspace.client_host, runspace.lift_receive_quota) == (None, None)


def test_a_new_pool_has_a_new_runspace(connect: Connect) -> None:
    client = connect()
    with RunspacePool(client) as first:
        run(first, "set x=1")
        with RunspacePool(client) as second:
            assert run(second, "get x").output == [""]


def test_stop_ends_a_running_pipeline(pool: RunspacePool, host: LabHost) -> None:
    shell = PowerShell(pool)
    shell.add_script("say started\nsleep 60\nsay never")
    shell.begin_invoke()
    while not shell.output:
        shell.poll_invoke(timeout=1)
    begun = time.monotonic()
    shell.stop()
    assert run(pool, "say next").output == ["next"]
    assert time.monotonic() - begun < 30
    assert shell.output == ["started"]


def test_a_second_pipeline_waits_for_the_runspace(pool: RunspacePool, engine: EchoEngine) -> None:
    engine.gates["go"] = threading.Event()
    first, second = PowerShell(pool), PowerShell(pool)
    first.add_script("wait-for go\nset x=2").begin_invoke()
    second.add_script("get x").begin_invoke()
    wait_until(lambda: engine.ran)
    time.sleep(0.1)
    assert engine.ran == [["wait-for go\nset x=2"]]
    engine.gates["go"].set()
    second.end_invoke()
    first.end_invoke()
    assert second.output == ["2"]


def test_a_pool_of_two_runs_two_at_once(connect: Connect, engine: EchoEngine) -> None:
    engine.gates["go"] = threading.Event()
    with RunspacePool(connect(), max_runspaces=2) as pool:
        first, second = PowerShell(pool), PowerShell(pool)
        first.add_script("wait-for go\nsay 1").begin_invoke()
        second.add_script("say 2").begin_invoke()
        second.end_invoke()
        engine.gates["go"].set()
        first.end_invoke()
        assert (first.output, second.output) == (["1"], ["2"])


def test_the_pool_tells_its_versions(pool: RunspacePool) -> None:
    table = pool.application_private_data.data["PSVersionTable"]
    assert str(table["PSVersion"]) == "5.1.20348.1"
    assert pool.protocol_version == "2.3"


def test_secure_strings_can_be_exchanged(pool: RunspacePool) -> None:
    pool.exchange_keys()
    shell = PowerShell(pool)
    shell.add_script("say ok")
    assert shell.invoke() == ["ok"]


def test_a_scripts_sleep_blocks_no_other_host(pool: RunspacePool, lab: object, connect: Connect) -> None:
    sleeper = PowerShell(pool)
    sleeper.add_script("sleep 60").begin_invoke()
    begun = time.monotonic()
    with RunspacePool(connect()) as other:
        assert run(other, "say quick").output == ["quick"]
    assert time.monotonic() - begun < 30
    sleeper.stop()


def test_output_that_nobody_fetches_holds_the_script_back(
    connect: Connect, host: LabHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fleetdeploy.lab.wsman import shells

    monkeypatch.setattr(shells, "MAX_BUFFERED", 1_000_000)
    with RunspacePool(connect()) as pool:
        shell = PowerShell(pool)
        shell.add_script("\n".join(["big 400000"] * 10)).begin_invoke()
        time.sleep(0.3)
        (lab_shell,) = host.service.shells.values()
        (command,) = lab_shell.commands.values()
        assert not command.queue.finished
        shell.end_invoke()
        assert [len(o) for o in shell.output] == [400_000] * 10
