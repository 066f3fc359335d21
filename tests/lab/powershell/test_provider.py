"""Item, content, property and location cmdlets on a simulated host: what the record (made on Linux) cannot show."""

from __future__ import annotations

from typing import Any

import pytest

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.windows.nodes import Access, Share
from tests.lab.powershell import machine as machines
from tests.lab.powershell.recorded import ROOT, Recorder, run_case


def run(text: str, machine: Any = None) -> tuple[list[str | None], list[str], Any]:
    """(texts of the output, error ids, outcome)."""
    recorder: Recorder
    recorder, outcome = run_case(text, machine or machines.fresh(ROOT))
    assert not isinstance(outcome, tuple), outcome
    texts = [one.get("text") for one in recorder.output_values]
    return texts, [str(e["id"]) for e in recorder.errors], outcome


def refused(outcome: Any) -> NotSimulated | None:
    found = outcome if isinstance(outcome, NotSimulated) else outcome.not_simulated
    assert found is None or isinstance(found, NotSimulated)
    return found


def test_registry_values_keep_their_kinds() -> None:
    texts, errors, _ = run(
        r"""
        $k = 'HKLM:\SOFTWARE\Test\Sub'
        $null = New-Item $k -Force
        $null = New-ItemProperty $k -Name Port -Value 8080 -PropertyType DWord
        Set-ItemProperty $k -Name Names -Value ([string[]]('a', 'b'))
        Set-ItemProperty -LiteralPath $k -Name Text -Value 'x'
        Set-ItemProperty $k Text 5
        $p = Get-ItemProperty $k
        $p.Port; $p.Names.Count; $p.Names[1]; $p.Text.GetType().Name
        (Get-ItemProperty $k -Name Port).Port + 1
        (Get-Item $k).GetValueKind('Names')
        (Get-ChildItem HKLM:\SOFTWARE\Test).PSChildName
        (Get-Item $k).Name
        Test-Path $k; Test-Path HKLM:\SOFTWARE\None
        Remove-ItemProperty $k -Name Port
        (Get-Item $k).Property -join ','
        Remove-Item HKLM:\SOFTWARE\Test -Recurse
        Test-Path $k
        """
    )
    assert errors == []
    assert texts == [
        "8080", "2", "b", "String", "8081", "MultiString", "Sub", "HKEY_LOCAL_MACHINE\\SOFTWARE\\Test\\Sub", "True",
        "False", "Names,Text", "False",
    ]  # fmt: skip


def test_missing_registry_value_and_key_have_the_ids_of_5_1() -> None:
    _, errors, _ = run(
        r"""
        $null = New-Item HKLM:\SOFTWARE\Test
        Get-ItemProperty HKLM:\SOFTWARE\Test -Name Nope
        Get-ItemProperty HKLM:\SOFTWARE\None
        Remove-ItemProperty HKLM:\SOFTWARE\Test -Name Nope
        New-Item HKLM:\SOFTWARE\Test
        New-Item HKLM:\SOFTWARE\A\B
        """
    )
    commands = "Microsoft.PowerShell.Commands."
    argument = "System.Management.Automation.PSArgumentException"
    assert errors == [
        f"{argument},{commands}GetItemPropertyCommand",
        f"PathNotFound,{commands}GetItemPropertyCommand",
        f"{argument},{commands}RemoveItemPropertyCommand",
        f"System.IO.IOException,{commands}NewItemCommand",
        f"System.ArgumentException,{commands}NewItemCommand",
    ]


def test_a_locked_file_is_not_removed_written_or_hashed() -> None:
    machine = machines.fresh(ROOT)
    machine.fs.write_bytes(ROOT + "\\a.txt", b"x")
    handle = machine.fs.open(ROOT + "\\a.txt", "Open", Access.READ, Share.NONE)
    try:
        _, errors, _ = run(
            "$f = \"$root\\a.txt\"; Remove-Item $f; Get-Content $f; Add-Content $f 'y'; Get-FileHash $f",
            machine,
        )
    finally:
        handle.close()
    commands = "Microsoft.PowerShell.Commands."
    assert errors == [
        f"RemoveFileSystemItemIOError,{commands}RemoveItemCommand",
        f"GetContentReaderIOError,{commands}GetContentCommand",
        f"GetContentWriterIOError,{commands}AddContentCommand",
        "FileReadError,Get-FileHash",
    ]


def test_a_failed_pipeline_leaves_no_file_open() -> None:
    machine = machines.fresh(ROOT)
    texts, errors, _ = run(
        """
        $f = "$root/a.txt"
        try { 1, 2, 3 | ForEach-Object { if ($_ -eq 2) { throw 'x' }; $_ } | Set-Content $f } catch { 'caught' }
        try { 1, 2, 3 | ForEach-Object { if ($_ -eq 2) { throw 'x' }; $_ } | Out-File $root/b.txt } catch { 'caught' }
        1..3 | ForEach-Object { "$_" } | Set-Content $root/c.txt
        Get-Content $root/c.txt | Select-Object -First 1
        Remove-Item $f, $root/b.txt, $root/c.txt
        """,
        machine,
    )
    assert (texts, errors) == (["caught", "caught", "1"], [])
    assert machine.fs.list(ROOT) == []


def test_unknown_drive_is_an_error_but_no_path() -> None:
    texts, errors, _ = run("Test-Path Q:\\x; Get-Item Q:\\x; Test-Path HKLM:\\SOFTWARE")
    assert texts == ["False", "True"]
    assert errors == ["DriveNotFound,Microsoft.PowerShell.Commands.GetItemCommand"]


def test_default_encodings_are_those_of_5_1() -> None:
    machine = machines.fresh(ROOT)
    run("Set-Content $root\\a.txt ([string][char]0xe9); 'b' | Out-File $root\\b.txt; 'c' > $root\\c.txt", machine)
    assert machine.fs.read_bytes(ROOT + "\\a.txt") == b"\xe9\r\n"
    assert machine.fs.read_bytes(ROOT + "\\b.txt") == b"\xff\xfeb\0\r\0\n\0"
    assert machine.fs.read_bytes(ROOT + "\\c.txt") == b"\xff\xfec\0\r\0\n\0"


@pytest.mark.parametrize(
    "script",
    [
        "New-Item $root\\d -ItemType Directory; Set-Content $root\\d\\f x; Remove-Item $root\\d",
        "Get-Item Cert:\\LocalMachine",
        "Test-Path \\\\server\\share",
        "New-Item $root\\l -ItemType SymbolicLink -Value $root",
    ],
)
def test_what_would_prompt_or_is_not_modelled_is_refused(script: str) -> None:
    _, _, outcome = run(script)
    assert refused(outcome) is not None


def test_paths_of_windows() -> None:
    texts, errors, _ = run(
        r"""
        Join-Path 'C:\a\' '\b.txt'; Join-Path C:\a b
        Split-Path 'C:\a\b.txt'; Split-Path 'C:\a'; Split-Path 'C:\a\b.txt' -Leaf; Split-Path 'C:\a' -Qualifier
        Set-Location $root; (Get-Location).Path; $PWD.Path
        Set-Content rel.txt 'x'; (Resolve-Path rel.txt).Path; (Get-Item rel.txt).DirectoryName
        (Get-ChildItem C:\root -Name); "$(Get-ChildItem C:\root)"; "$(Get-Item C:\root\rel.txt)"
        """
    )
    assert errors == []
    assert texts == [
        "C:\\a\\b.txt", "C:\\a\\b", "C:\\a", "C:\\", "b.txt", "C:", "<root>", "<root>", "<root>\\rel.txt",
        "<root>", "rel.txt", "rel.txt", "<root>\\rel.txt",
    ]  # fmt: skip
