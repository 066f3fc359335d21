"""The scripts: one constant text per verb, parseable, made of commands and parameters that 4.0 and 5.1 both have."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fleetdeploy.errors import FleetdeployError
from fleetdeploy.hosts.scripts import VERBS, ScriptLibrary, shared_library, shipped_folder
from fleetdeploy.hosts.session import Script, ScriptResult
from fleetdeploy.hosts.verbs import HostVerbs
from fleetdeploy.lab.powershell import ast
from fleetdeploy.lab.powershell.parser import parse
from fleetdeploy.model.verbs import AppRef

DATA = Path(__file__).parent.parent / "data" / "hosts"
NATIVE = {"sc.exe"}
COMMON = {"erroraction", "verbose", "warningaction", "errorvariable", "outvariable"}


@pytest.fixture(scope="module")
def commands() -> dict[str, dict[str, Any]]:
    table: dict[str, dict[str, Any]] = json.loads(gzip.decompress((DATA / "powershell-commands.json.gz").read_bytes()))
    return {
        version: {name.lower(): entry for name, entry in entries.items()}
        for version, entries in table.items()
        if version.startswith(("5.1", "4.0"))
    }


class _Recording:
    """A session that keeps what it was asked and answers with its nonce."""

    def __init__(self) -> None:
        self.scripts: list[Script] = []
        self.idle_s, self.may_be_changing = 0.0, False

    def run(self, script: Script, *, feed: Iterator[bytes | str] | None = None, deadline_s: float) -> ScriptResult:
        self.scripts.append(script)
        return ScriptResult((json.dumps({"nonce": script.parameters["Nonce"], "ok": True, "result": {}}),))

    def close(self) -> None:
        pass


@pytest.mark.parametrize("verb", VERBS)
def test_two_fleets_run_the_same_text(verb: str) -> None:
    texts = []
    for host, app in (
        ("web01", AppRef("shop", "Shop", "C:\\fd")),
        ("db'07", AppRef('o"range', "O$range", "D:\\a b")),
    ):
        session = _Recording()
        verbs = HostVerbs(host, lambda session=session: session, app, library=ScriptLibrary())
        verbs._call(verb, {"claim": {"rollout": host}})
        texts.append(session.scripts[0].text)
        assert session.scripts[0].parameters["App"] == app.app
        assert app.app not in session.scripts[0].text
    assert texts[0] == texts[1]


@pytest.mark.parametrize("verb", VERBS)
def test_text_parses_and_declares_its_parameters(verb: str) -> None:
    text = shared_library().text(verb)
    result = parse(text)
    assert result.errors == ()
    assert text.lstrip().startswith("[CmdletBinding()]"), "a plain param() swallows unknown parameters"
    assert "{{" not in text
    assert "{%" not in text
    assert text.isascii(), "5.1 reads other bytes by its own code page"


@pytest.mark.parametrize("verb", VERBS)
def test_commands_and_parameters_exist_in_both_versions(verb: str, commands: dict[str, dict[str, Any]]) -> None:
    root = parse(shared_library().text(verb)).script_block
    functions = {node.name.lower() for node in root.walk() if isinstance(node, ast.FunctionDefinition)}
    seen = 0
    for node in root.walk():
        if not isinstance(node, ast.Command):
            continue
        head = node.command_elements[0]
        if not isinstance(head, ast.StringConstantExpression):
            continue
        name = head.value.lower()
        if name in functions or name in NATIVE:
            continue
        seen += 1
        for version, table in commands.items():
            assert name in table, f"{head.value} is no command of {version}: aliases and newer commands are not used"
            known = {parameter.lower() for parameter in table[name]["parameters"]} | COMMON
            for element in node.command_elements[1:]:
                if isinstance(element, ast.CommandParameter):
                    wanted = element.parameter_name.lower()
                    assert wanted in known, f"{head.value} -{element.parameter_name} is not in {version}"
    assert seen > 3


@pytest.mark.parametrize("verb", VERBS)
def test_every_function_that_is_called_is_there(verb: str) -> None:
    root = parse(shared_library().text(verb)).script_block
    functions = {node.name.lower() for node in root.walk() if isinstance(node, ast.FunctionDefinition)}
    called = {
        node.command_elements[0].value
        for node in root.walk()
        if isinstance(node, ast.Command) and isinstance(node.command_elements[0], ast.StringConstantExpression)
    }
    assert {name for name in called if "-Fd" in name and name.lower() not in functions} == set()


@pytest.mark.parametrize("verb", VERBS)
def test_nothing_newer_than_windows_powershell(verb: str) -> None:
    text = "\n".join(line for line in shared_library().text(verb).splitlines() if not line.lstrip().startswith("#"))
    for newer in (
        r"::new\(",
        r"\?\?=|\s\?\?\s",
        r"\?\.",
        r"-AsHashtable",
        r"\bclass\s+\w+\s*\{",
        r"&&",
        r"\|\|",
        r"\$script:",
    ):
        assert re.search(newer, text) is None, newer
    assert "Get-Content" not in text, "its strings carry note properties that ConvertTo-Json writes out"


def test_project_may_replace_one_script(tmp_path: Path) -> None:
    folder = tmp_path / "powershell"
    folder.mkdir()
    (folder / "beat.ps1.j2").write_text("{% include 'parts/basics.ps1.j2' %}\n# ours\n")
    library = ScriptLibrary(tmp_path)
    assert "# ours" in library.text("beat")
    assert library.text("observe") == shared_library().text("observe")


def test_unknown_script_and_unknown_variable_are_errors(tmp_path: Path) -> None:
    folder = tmp_path / "powershell"
    folder.mkdir()
    (folder / "beat.ps1.j2").write_text("{{ host }}")
    library = ScriptLibrary(tmp_path)
    with pytest.raises(FleetdeployError, match="does not compose"):
        library.text("beat")
    with pytest.raises(FleetdeployError, match="no template"):
        library.text("reboot")


def test_shipped_folder_holds_every_verb() -> None:
    assert {path.name for path in (shipped_folder() / "powershell").glob("*.ps1.j2")} == {f"{v}.ps1.j2" for v in VERBS}
