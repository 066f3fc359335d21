"""Pipelines that differ only in script and arguments are read from a model: nothing of one may stick to the next."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.wsman import WSMan

from fleetdeploy.lab.fleet import HostSpec, Lab
from fleetdeploy.lab.wsman import pipeline_messages

SCRIPT = 'param($a, $b) "{0}/{1}/{2}" -f $a, $b, @($a).Count'


@pytest.fixture(scope="module")
def pool() -> Iterator[RunspacePool]:
    with (
        Lab.start([HostSpec("web01")]) as lab,
        WSMan(
            lab.hosts["web01"].address, ssl=False, username=lab.user, password=lab.password, auth="ntlm", no_proxy=True
        ) as client,
        RunspacePool(client) as opened,
    ):
        yield opened


def said(pool: RunspacePool, script: str, **arguments: object) -> list[object]:
    return list(PowerShell(pool).add_script(script).add_parameters(arguments).invoke())


def test_each_pipeline_has_its_own_script_and_arguments(pool: RunspacePool) -> None:
    pipeline_messages._known.clear()
    assert said(pool, SCRIPT, a="x", b=1) == ["x/1/1"]
    assert said(pool, SCRIPT, a="y", b=None) == ["y//1"]
    assert len(pipeline_messages._known) == 1
    assert said(pool, SCRIPT, b=True) == ["/True/1"]
    assert said(pool, SCRIPT) == ["//1"]
    assert said(pool, "'another'") == ["another"]
    # A list is more than a plain value: psrpcore reads such a message whole, and no model is made of it.
    known = len(pipeline_messages._known)
    assert said(pool, SCRIPT, a=[1, 2], b="z") == ["System.Object[]/z/2"]
    assert said(pool, SCRIPT, a="last", b=2) == ["last/2/1"]
    assert len(pipeline_messages._known) == known


def test_several_statements_and_commands(pool: RunspacePool) -> None:
    shell = PowerShell(pool).add_script("'one'").add_statement().add_script("'two'")
    assert list(shell.invoke()) == ["one", "two"]
    shell = PowerShell(pool).add_cmdlet("Write-Output").add_argument("piped").add_cmdlet("Out-String")
    assert [str(item).strip() for item in shell.invoke()] == ["piped"]
