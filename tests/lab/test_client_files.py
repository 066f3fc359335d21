"""Files over the wire: pypsrp's own copy and fetch, streamed bytes, and locks that die with their shell."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from pypsrp.client import Client
from pypsrp.exceptions import WinRMError
from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.wsman import WSMan

from fleetdeploy.lab.fleet import Lab


def test_an_empty_file_can_be_copied_but_not_fetched(client: Client, windows_lab: Lab, tmp_path: Path) -> None:
    source = tmp_path / "empty.bin"
    source.write_bytes(b"")
    target = client.copy(str(source), r"C:\Windows\Temp\empty.bin")
    assert windows_lab.hosts["web01"].machine.fs.read_bytes(target) == b""
    with pytest.raises(WinRMError, match="TransformFinalBlock"):  # pypsrp's script ends with a null buffer
        client.fetch(target, str(tmp_path / "back.bin"))


@pytest.mark.parametrize("size", [1, 700_000])
def test_copy_and_fetch(client: Client, tmp_path: Path, size: int) -> None:
    source, back = tmp_path / "source.bin", tmp_path / "back.bin"
    source.write_bytes(os.urandom(size))
    target = client.copy(str(source), r"C:\Windows\Temp\target.bin")
    assert target == r"C:\Windows\Temp\target.bin"
    client.fetch(target, str(back))
    assert back.read_bytes() == source.read_bytes()


def test_a_script_with_parameters_and_streamed_bytes(pool: RunspacePool, windows_lab: Lab) -> None:
    script = r"""
[CmdletBinding()]
param([Parameter(Mandatory = $true)][string]$Path, [Parameter(ValueFromPipeline = $true)][byte[]]$Chunk)
begin { $stream = [System.IO.File]::Open($Path, 'Create', 'Write', 'None') }
process { if ($Chunk) { $stream.Write($Chunk, 0, $Chunk.Length) } }
end { $stream.Dispose(); (New-Object System.IO.FileInfo $Path).Length }
"""
    shell = PowerShell(pool)
    shell.add_script(script, use_local_scope=True).add_parameters({"Path": r"C:\Windows\Temp\part.bin"})
    assert shell.invoke([os.urandom(200_000)] for _ in range(5)) == [1_000_000]
    assert windows_lab.hosts["web01"].effects.count("write", r"C:\Windows\Temp\part.bin") == 1


def test_the_handles_of_a_dead_shell_are_released(windows_lab: Lab, pool: RunspacePool) -> None:
    host = windows_lab.hosts["web01"]
    shell = PowerShell(pool)
    shell.add_script(
        r"$global:held = [System.IO.File]::Open('C:\Windows\Temp\l.lock', 'OpenOrCreate', 'Write', 'None'); 1"
    )
    assert shell.invoke() == [1]
    again = r"[System.IO.File]::Open('C:\Windows\Temp\l.lock', 'Open', 'Write', 'None').Dispose(); 'free'"
    second = PowerShell(pool)
    second.add_script(again)
    second.invoke()
    assert "being used by another process" in str(second.streams.error[0])
    host.service.loop.call_soon_threadsafe(host.service.end_all_shells)
    with (
        WSMan(
            host.address, ssl=False, username=windows_lab.user, password=windows_lab.password, auth="negotiate"
        ) as other,
        RunspacePool(other) as fresh,
    ):
        third = PowerShell(fresh)
        assert third.add_script(again).invoke() == ["free"]
    pool.shell.opened = False
