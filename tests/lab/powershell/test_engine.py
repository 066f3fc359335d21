"""Runspace.run: scopes, parameters, input, exit, stop and refusals, as a protocol server uses it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from fleetdeploy.lab.powershell import engine
from fleetdeploy.lab.powershell.engine import CommandSpec, Runspace
from fleetdeploy.lab.powershell.parser import parse
from fleetdeploy.lab.powershell.values import ByteArray, PSCustomObject


class Sink:
    """Keeps what a pipeline writes."""

    def __init__(self) -> None:
        self.out: list[Any] = []
        self.errors: list[str] = []
        self.warnings: list[str] = []
        self.verboses: list[str] = []
        self.exits: list[int] = []
        self.progresses: list[dict[str, Any]] = []

    def output(self, value: Any) -> None:
        self.out.append(value)

    def error(self, record: Any) -> None:
        self.errors.append(record.error_id)

    def warning(self, message: str) -> None:
        self.warnings.append(message)

    def verbose(self, message: str) -> None:
        self.verboses.append(message)

    def debug(self, message: str) -> None: ...

    def information(self, value: Any, tags: Any = ()) -> None: ...

    def progress(self, **record: Any) -> None:
        self.progresses.append(record)

    def set_should_exit(self, code: int) -> None:
        self.exits.append(code)


class Shell:
    """One runspace and its way to run a text."""

    def __init__(self, machine: Any = None, version: str = "5.1") -> None:
        self.runspace = Runspace(machine, version=version)

    def __call__(
        self,
        text: str,
        *parameters: tuple[str | None, Any],
        local: bool | None = None,
        items: list[Any] | None = None,
        stop: threading.Event | None = None,
    ) -> tuple[Sink, Any]:
        sink = Sink()
        spec = CommandSpec(text, use_local_scope=local, parameters=parameters)
        source: Iterator[Any] | None = None if items is None else iter(items)
        outcome = self.runspace.run([spec], source, sink, stop or threading.Event(), no_input=items is None)
        return sink, outcome


@pytest.fixture
def shell() -> Shell:
    return Shell()


def test_the_global_scope_is_shared_between_pipelines(shell: Shell) -> None:
    shell("$x = 5; function Twice($n) { $n * 2 }; $ErrorActionPreference = 'Stop'")
    sink, outcome = shell("Twice $x; [int]'x'; 'never'")
    assert sink.out == [10]
    assert (outcome.state, outcome.error.error_id) == ("Failed", "InvalidCastFromStringToInteger")


def test_a_local_scope_leaves_nothing_behind(shell: Shell) -> None:
    shell("$x = 1")
    sink, _ = shell("$x; $x = 2; $y = 3; function f { 1 }; Set-StrictMode -Version 2", local=True)
    assert sink.out == [1]
    sink, _ = shell("$x; $null -eq $y; [bool](Get-Command f -ErrorAction SilentlyContinue); $null -eq $unset")
    assert sink.out == [1, True, False, True]


def test_parameters_bind_to_the_param_block(shell: Shell) -> None:
    text = '[CmdletBinding()] param([Parameter(Mandatory = $true)][string]$Name, [int]$Port = 80) "${Name}:$Port"'
    assert shell(text, ("Name", "web"), ("Port", "8080"))[0].out == ["web:8080"]
    assert shell(text, (None, "db"))[0].out == ["db:80"]
    _, outcome = shell(text, ("Nmae", "x"))
    assert (outcome.state, outcome.error.error_id) == ("Failed", "NamedParameterNotFound")
    _, outcome = shell(text)
    assert outcome.error.error_id == "MissingMandatoryParameter"


def test_a_failed_conversion_ends_the_pipeline_before_any_output(shell: Shell) -> None:
    sink, outcome = shell("param([int]$n) 'before'; $n", ("n", "abc"))
    assert (sink.out, outcome.state) == ([], "Failed")
    assert outcome.error.error_id == "ParameterArgumentTransformationError"


def test_input_runs_process_once_per_item_and_bytes_stay_whole(shell: Shell) -> None:
    chunk = ByteArray(b"abc")
    sink, _ = shell("process { $_.GetType().Name; $_.Length }", items=[chunk, "xy"])
    assert sink.out == ["Byte[]", 3, "String", 2]
    sink, _ = shell(
        "[CmdletBinding()] param([Parameter(ValueFromPipeline = $true)][byte[]]$Chunk) "
        "begin { $n = 0 } process { $n += $Chunk.Length } end { $n }",
        items=[ByteArray(b"abcd"), ByteArray(b"ef")],
    )
    assert sink.out == [6]


def test_an_input_stream_without_an_item_runs_process_once(shell: Shell) -> None:
    sink, _ = shell("begin { 'b' } process { \"[$_]\" } end { 'e' }", items=[])
    assert sink.out == ["b", "[]", "e"]


def test_advanced_script_without_pipeline_parameter_reports_each_item(shell: Shell) -> None:
    sink, outcome = shell("[CmdletBinding()] param() 'ran'", items=[1, 2])
    assert sink.errors == ["InputObjectNotBound", "InputObjectNotBound"]
    assert (sink.out, outcome.state) == (["ran"], "Completed")


def test_exit_tells_the_code_and_completes(shell: Shell) -> None:
    sink, outcome = shell("try { 'a'; exit 3 } finally { 'f' }; 'never'")
    assert (sink.out, sink.exits, outcome.state) == (["a", "f"], [3], "Completed")


def test_uncaught_throw_fails_and_other_errors_go_on(shell: Shell) -> None:
    sink, outcome = shell("[int]'x'; No-Such; $null.Trim(); 'on'; throw 'bad'; 'never'")
    assert sink.errors == ["InvalidCastFromStringToInteger", "CommandNotFoundException", "InvokeMethodOnNull"]
    assert sink.out == ["on"]
    assert (outcome.state, str(outcome.error)) == ("Failed", "bad")


def test_a_parse_error_names_its_ids(shell: Shell) -> None:
    _, outcome = shell("'a'\n1 +* 2\n")
    assert outcome.error.exception.type_name == "System.Management.Automation.ParseException"
    listed = list(outcome.error.exception.properties["Errors"])
    assert listed[0] == (outcome.error.error_id, 2)


def test_what_is_not_simulated_passes_every_catch(shell: Shell) -> None:
    sink, outcome = shell(
        "trap { 'trapped'; continue }\n"
        "try { 'x'; Get-Acl C:\\ -ErrorAction SilentlyContinue } catch { 'caught' } finally { 'finally' }\n'after'"
    )
    assert sink.out == ["x", "finally"]
    assert outcome.state == "Failed"
    assert "Get-Acl" in outcome.not_simulated.construct
    assert outcome.not_simulated.line == 2


def test_stop_ends_a_sleeping_pipeline_and_runs_finally(shell: Shell) -> None:
    stop = threading.Event()
    threading.Timer(0.2, stop.set).start()
    began = time.monotonic()
    sink, outcome = shell("try { 'a'; Start-Sleep -Seconds 30 } finally { $script:done = 1 }", stop=stop)
    assert (sink.out, outcome.state) == (["a"], "Stopped")
    assert time.monotonic() - began < 20
    assert shell("$done")[0].out == [1]


def test_stop_ends_a_busy_loop(shell: Shell) -> None:
    stop = threading.Event()
    threading.Timer(0.2, stop.set).start()
    _, outcome = shell("while ($true) { $n++ }", stop=stop)
    assert outcome.state == "Stopped"


def test_the_version_table_is_the_host_s() -> None:
    assert str(Shell(version="4.0")("$PSVersionTable.PSVersion")[0].out[0]) == "4.0"
    sink, _ = Shell()("$PSVersionTable.PSVersion.Major, $PSVersionTable.PSEdition")
    assert sink.out == [5, "Desktop"]


def test_streams_follow_preferences_and_progress(shell: Shell) -> None:
    sink, _ = shell(
        "[CmdletBinding()] param() Write-Warning w; Write-Verbose v; Write-Progress -Activity a -PercentComplete 5",
        ("Verbose", True),
    )
    assert (sink.warnings, sink.verboses) == (["w"], ["v"])
    assert sink.progresses[0]["activity"] == "a"


def test_a_command_that_is_no_script(shell: Shell) -> None:
    sink = Sink()
    commands = [
        CommandSpec("Write-Output", is_script=False, parameters=((None, "b"),)),
        CommandSpec("ForEach-Object", is_script=False, parameters=(("MemberName", "ToUpper"),)),
    ]
    outcome = shell.runspace.run(commands, None, sink, threading.Event(), no_input=True)
    assert (sink.out, outcome.state) == (["B"], "Completed")


def test_objects_come_out_as_values(shell: Shell) -> None:
    sink, _ = shell("[pscustomobject]@{ Name = 'svc'; List = 1, 2 }; @{ a = 1 }")
    made = sink.out[0]
    assert isinstance(made, PSCustomObject)
    assert (made.get("Name"), list(made.get("List"))) == ("svc", [1, 2])


def test_many_runs_of_one_text_are_parsed_once(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "param($n) $s = 0; foreach ($i in 1..200) { $s += $i * $n }; $s"
    parsed: list[str] = []
    monkeypatch.setattr(engine, "parse", lambda text, *more: (parsed.append(text), parse(text, *more))[1])
    for number in range(20):
        assert shell(text, ("n", number))[0].out == [20100 * number]
    assert parsed == [text]
