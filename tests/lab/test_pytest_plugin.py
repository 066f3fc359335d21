"""The lab as a library for others: the fixture ``windows_fleet``, the README's example, and what importing it costs."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import winrm
from pypsrp.client import Client

import fleetdeploy.lab
from fleetdeploy.lab import Lab, WindowsFleet
from fleetdeploy.lab.windows.errors import Win32Error

ROOT = Path(__file__).resolve().parents[2]

MORE_TESTS = """
from pypsrp.client import Client

REFUSED = "Get-WmiObject -List"

def ask(fleet):
    with Client(**fleet.host().pypsrp()) as client:
        client.execute_ps(REFUSED)

def test_refused(windows_fleet):
    ask(windows_fleet)

def test_tolerated(windows_fleet):
    ask(windows_fleet)
    windows_fleet.tolerate_not_simulated()
    assert "Get-WmiObject" in windows_fleet.not_simulated[0]
"""


def example() -> str:
    """The README's code under its heading, to the letter."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    section = text.split("### Your own scripts against it\n")[1].split("\n## ")[0]
    (code,) = re.findall(r"```python\n(.*?)```", section, re.DOTALL)
    return str(code)


class Reports:
    """A plugin that keeps how each phase of each test ended, and what it said."""

    def __init__(self) -> None:
        self.ended: dict[tuple[str, str], str] = {}
        self.said = ""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.ended[report.location[2], report.when] = report.outcome
        self.said += report.longreprtext


def test_the_example_of_the_readme_passes_and_what_is_not_simulated_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = example()
    assert len([line for line in code.splitlines() if line.startswith("    ")]) <= 10
    (tmp_path / "test_readme.py").write_text(code, encoding="utf-8")
    (tmp_path / "test_more.py").write_text(MORE_TESTS, encoding="utf-8")
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    without = [part for name in ("cacheprovider", "faulthandler", "logging") for part in ("-p", f"no:{name}")]
    options = ["-W", "error", "--import-mode=importlib", "--capture=no", "--rootdir", str(tmp_path)]
    reports = Reports()
    # In this process, for the imports are here already; with the plugin named, as if nobody had installed it.
    pytest.main(["-p", "fleetdeploy.lab.pytest_plugin", *without, *options, str(tmp_path)], plugins=[reports])
    readme = "test_the_new_settings_are_taken_with_one_restart"
    calls = {test: outcome for (test, when), outcome in reports.ended.items() if when == "call"}
    assert calls == {readme: "passed", "test_refused": "passed", "test_tolerated": "passed"}, reports.said
    ends = {test: outcome for (test, when), outcome in reports.ended.items() if when == "teardown"}
    assert ends == {readme: "passed", "test_refused": "failed", "test_tolerated": "passed"}
    assert "the lab does not simulate all that was asked of it:" in reports.said
    assert "web01: not simulated by the lab: Get-WmiObject" in reports.said


def test_importing_it_costs_nothing_before_it_is_used() -> None:
    code = (
        "import sys, pytest; before = set(sys.modules); import fleetdeploy.lab.pytest_plugin, fleetdeploy.lab;"
        "print(sorted(m for m in set(sys.modules) - before if not m.startswith('_')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert eval(done.stdout) == ["fleetdeploy", "fleetdeploy.lab", "fleetdeploy.lab.pytest_plugin"]


def test_pytest_finds_it_by_its_entry_point() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["entry-points"]["pytest11"] == {"fleetdeploy-lab": "fleetdeploy.lab.pytest_plugin"}


def test_every_public_name_is_there_and_documented() -> None:
    for name in fleetdeploy.lab.__all__:
        found = getattr(fleetdeploy.lab, name)
        assert found.__doc__, name
        assert name in dir(fleetdeploy.lab)
    with pytest.raises(AttributeError, match="nonesuch"):
        _ = fleetdeploy.lab.nonesuch


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WindowsFleet]:
    with Lab.start() as lab:
        made = WindowsFleet(lab, tmp_path_factory.mktemp("fleet"))
        made.host("web01", accounts={"second": "pw-second"})
        yield made
        assert made.unexpected == []


def test_each_client_gets_in_with_the_arguments_it_is_given(
    fleet: WindowsFleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", "*")
    host = fleet["web01"]
    host.account("reader", "pw-reader", admin=False)
    for tls in (False, True):
        with Client(**host.pypsrp(tls=tls)) as client:
            assert client.execute_ps("$env:COMPUTERNAME")[0] == "WEB01"
        session = winrm.Session(**host.pywinrm(tls=tls, user="second", password="pw-second"))
        assert session.run_cmd("hostname").std_out.strip().lower() == b"web01"
        session.protocol.transport.close_session()
    assert host.effects.targets("logon").keys() == {fleet.user, "second"}


def test_a_host_has_the_quotas_it_is_given(fleet: WindowsFleet) -> None:
    with pytest.raises(ValueError, match=r"no such limit: MaxProcesses \(there are: .*MaxProcessesPerShell"):
        fleet.host("none", limits={"MaxProcesses": 3})
    small = fleet.host("small", limits={"MaxProcessesPerShell": 4})
    refused = small.lab_host.not_simulated
    with Client(**small.pypsrp()) as client:
        for _ in range(3):  # what has ended is not counted
            assert client.execute_ps("hostname; Start-Process hostname.exe -Wait; cmd /c hostname")[0] == "small\nsmall"
        assert [str(one) for one in refused] == []
        client.execute_ps(
            "cmd /c cmd /c hostname"
        )  # three at once, the shell and its console: may be too many for four
        assert "hostname where a shell may have 4 processes (MaxProcessesPerShell)" in str(refused.pop())
    del fleet.hosts["small"]


def test_the_scene_counts_as_nothing_done(fleet: WindowsFleet) -> None:
    host = fleet["web01"]
    host.write(r"C:\deep\er\x.txt", "ä").service("app", arguments="--x", running=False)
    assert host.read(r"C:\deep\er\x.txt") == "ä".encode()
    assert (host.state("app"), host.service("other").state("other")) == ("STOPPED", "RUNNING")
    assert host.effects.history == []
    with pytest.raises(Win32Error):
        host.state("nonesuch")
    assert (len(fleet), [each.name for each in fleet]) == (1, ["web01"])
    assert "pw-" not in repr(host)
