"""Wrong answers on demand: HTTP pages, WS-Management faults, slow lines and shells, a WinRM service that restarts."""

from __future__ import annotations

import time

import pytest
from pypsrp.exceptions import WinRMTransportError, WSManFaultError
from pypsrp.powershell import PowerShell, RunspacePool

from fleetdeploy.hosts import faults as product
from fleetdeploy.lab.fleet import LabHost
from fleetdeploy.lab.windows.fault_kinds import FORMS, FaultError
from fleetdeploy.lab.wsman import soap
from fleetdeploy.lab.wsman.fault_table import FAULTS, fault_of
from tests.lab.wsman.conftest import Connect
from tests.lab.wsman.doubles import EchoEngine
from tests.lab.wsman.test_injection import invoke


@pytest.mark.parametrize("do", ["begin", "receive"])
def test_a_page_instead_of_an_answer(connect: Connect, host: LabHost, engine: EchoEngine, do: str) -> None:
    host.faults.add("http-error", pattern="activate", code="503", do=do)
    pool = RunspacePool(connect())
    pool.open()
    with pytest.raises(WinRMTransportError) as broken:
        PowerShell(pool).add_script("say activate").invoke()
    assert broken.value.code == 503
    assert "<HTML>" in broken.value.response_text
    assert len(engine.ran) == (do == "receive"), "before the effect, or after it"
    assert product.parse(broken.value.response_text, broken.value.code).meaning is product.Meaning.BUSY
    assert invoke(connect, "say activate") == ["activate"]


def test_a_page_on_an_operation(connect: Connect, host: LabHost) -> None:
    host.faults.add("http-error", pattern="^Create$", code="404")
    with pytest.raises(WinRMTransportError):
        RunspacePool(connect()).open()
    assert not host.service.shells


def test_a_fault_by_name_and_by_number(connect: Connect, host: LabHost, engine: EchoEngine) -> None:
    host.faults.add("wsman-fault", pattern="activate", code="busy")
    with pytest.raises(WSManFaultError) as broken:
        invoke(connect, "say activate")
    assert broken.value.code == 170
    host.faults.add("wsman-fault", pattern="^Create$", code="2150859173")
    with pytest.raises(WSManFaultError) as quota:
        RunspacePool(connect()).open()
    assert "w:QuotaLimit" in str(quota.value), "MSFT_WmiError: pypsrp does not read its number"
    assert engine.ran == []


@pytest.mark.parametrize("name", FAULTS)
def test_what_the_product_reads_of_each(name: str) -> None:
    row = FAULTS[name]
    for form in ("", *FORMS):
        read = product.parse(soap.envelope(soap.FAULT_ACTION, fault_of(name, form).xml("web01")), 500)
        assert read.code == row.code
        assert read.text
    assert fault_of(str(row.code)).code == row.code
    with pytest.raises(FaultError, match="did you mean"):
        fault_of(f"{name}x")


def test_a_shell_that_is_slow_to_start(connect: Connect, host: LabHost) -> None:
    host.faults.add("slow-shell", seconds=60.0)
    with pytest.raises(WSManFaultError) as slow:
        RunspacePool(connect(operation_timeout=1)).open()
    assert slow.value.code == product.OPERATION_TIMED_OUT
    host.faults.add("slow-shell", seconds=0.2)
    assert invoke(connect, "say hello") == ["hello"]


def test_a_slow_line(connect: Connect, host: LabHost) -> None:
    host.faults.add("slow-link", seconds=0.01, jitter=0.01, bandwidth=100_000)
    begun = time.monotonic()
    assert invoke(connect, "say hello") == ["hello"]
    assert time.monotonic() - begun > 0.1, "some 20 kB went over it"
    assert [kind.value for kind, _ in host.faults.fired] == ["slow-link"], "told once"


def test_winrm_is_restarted(connect: Connect, host: LabHost) -> None:
    with RunspacePool(connect()) as pool:
        host.machine.on_winrm_restart[0](0.0)
        with pytest.raises(Exception, match=r"."), PowerShell(pool) as shell:
            shell.add_script("say hello").invoke()
        pool.close = lambda: None  # type: ignore[method-assign]
    assert not host.service.shells
    deadline = time.monotonic() + 20
    while not host.server.open and time.monotonic() < deadline:
        time.sleep(0.02)
    assert invoke(connect, "say hello") == ["hello"]
