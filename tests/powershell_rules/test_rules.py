"""Each rule refuses what it must and lets the rest pass; every shipped script passes all of them."""

from __future__ import annotations

import pytest

from fleetdeploy.hosts.scripts import VERBS, shared_library
from fleetdeploy.lab.powershell import ast
from fleetdeploy.lab.powershell.parser import parse
from fleetdeploy.powershell_rules import RULES, check, check_parameters, versions_for
from fleetdeploy.powershell_rules.aliases import ALIASES, CONFUSED
from fleetdeploy.powershell_rules.command_table import commands
from fleetdeploy.powershell_rules.findings import VERSIONS
from fleetdeploy.powershell_rules.member_table import ASSEMBLIES, INSTANCE, NAMESPACES, STATIC, TYPES, Missing
from fleetdeploy.powershell_rules.newer_commands import ALIASES_OF_PARAMETERS, PARAMETERS_SINCE_6, SINCE_5, SINCE_6
from fleetdeploy.powershell_rules.script import PROGRAMS
from fleetdeploy.powershell_rules.variables import OWN, READ_ONLY, SINCE
from tests.powershell_rules.checks import CHECKS
from tests.powershell_rules.examples import EXAMPLES, HEAD, Whole


def whole(text: str) -> str:
    return text if isinstance(text, Whole) else HEAD + text + "\n"


def test_every_rule_has_examples() -> None:
    assert set(EXAMPLES) == set(RULES)
    assert all(example.bad and example.good for example in EXAMPLES.values())


@pytest.mark.parametrize("name", EXAMPLES)
def test_what_a_rule_refuses(name: str) -> None:
    for text in EXAMPLES[name].bad:
        found = [finding for finding in check(whole(text), path="x.ps1") if finding.rule == name]
        assert found, text
        for finding in found:
            assert finding.path == "x.ps1"
            assert 1 <= finding.line <= whole(text).count("\n") + 1
            assert finding.column >= 1
            assert len(finding.message) > 20
            assert len(finding.next) > 5
            assert str(finding).startswith(f"x.ps1:{finding.line}: ")


@pytest.mark.parametrize("name", EXAMPLES)
def test_what_passes(name: str) -> None:
    for text in EXAMPLES[name].good:
        assert [str(finding) for finding in check(whole(text), path="x.ps1")] == [], text


@pytest.mark.parametrize(("said", "text"), CHECKS)
def test_what_is_said_of_a_check(said: str, text: str) -> None:
    found = sorted({f"{finding.rule} {finding.level}" for finding in check(text, path="c.ps1", kind="check")})
    assert found == ([said] if said else [])


def test_every_rule_says_what_it_is_in_a_check() -> None:
    seen = {said.split()[0] for said, _ in CHECKS if said}
    assert seen == {rule.name for rule in RULES.values() if rule.in_checks is not None}
    assert all(rule.because for rule in RULES.values() if rule.in_checks != "error")
    # Each of the others finds something in a text that a check may hold.
    quiet = {rule.name for rule in RULES.values() if rule.in_checks is None}
    for name in quiet:
        assert [f for f in check(whole(EXAMPLES[name].bad[0]), path="x", kind="check") if f.rule == name] == []


def test_the_version_that_a_script_says_it_needs() -> None:
    assert versions_for("$true") == versions_for("#requires -Version 3\n$true") == VERSIONS
    assert versions_for("#Requires -Version 5.1\n$true") == versions_for("\n #requires -version 5\n") == ("5.1",)
    assert versions_for("#requires -Version 6.0\n$true") == VERSIONS


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("$true", ["warning 1:1 it is given -Port and declares none"]),
        ("$args.Length -eq 2", []),
        ("[CmdletBinding()]param()\n$args", ["error 1:18 it is given -Port and declares none: it would not run"]),
        ("param($Name)\n$true", ["warning 1:1 it is given -Port and declares Name: the value is lost"]),
        ("param([string]$port)\n$true", []),
        ("param([Alias('Port')][int]$Number)\n$true", []),
        ("param(\n  [switch]$Port)\n$true", ["error 2:3 -Port is [switch], and a value of fleetdeploy.yml is text"]),
        ("param([Parameter(Mandatory)]$Port)", []),
        (
            "param($Port, [Parameter(Mandatory = $true)][string]$Name)\n$true",
            ["error 1:14 -Name is mandatory and not given"],
        ),
        ("param($Port, [Parameter(Mandatory = $false)][string]$Name)\n$true", []),
        ("if (", []),
    ],
)
def test_parameters_of_a_check(text: str, said: list[str]) -> None:
    found = check_parameters(text, ("Port",), path="c.ps1")
    shown = [f"{f.level} {f.line}:{f.column} {f.message}" for f in found]
    assert [line for line, wanted in zip(shown, said, strict=True) if not line.startswith(wanted)] == []


def test_a_finding_says_where() -> None:
    found = check(HEAD + "$x = 1\n  $script:y = 2\n", path="a/b.ps1")
    assert [(f.rule, f.line, f.column) for f in found] == [("shared-variable", 8, 3)]
    assert str(found[0]).startswith("a/b.ps1:8: $script:y is the runspace's")


def test_versions_apart() -> None:
    text = HEAD + "$x = [Guid]::new('a'); $y = New-Guid; Write-Information -MessageData 'a'\n"
    assert check(text, path="x", versions=("5.1",)) == ()
    assert [f.rule for f in check(text, path="x", versions=("4.0",))] == [
        "needs-5.0",
        "unknown-command",
        "unknown-command",
    ]
    assert "4.0 (Windows Server 2012 R2)" in check(text, path="x")[1].message
    # What the parser here does not do cannot be called checked, also where the version has it.
    assert [f.rule for f in check(HEAD + "class A { }\n", path="x", versions=("5.1",))] == ["not-walked"]
    with pytest.raises(ValueError, match=r"not 7\.4"):
        check(text, path="x", versions=("7.4",))


def test_a_text_that_does_not_parse_is_said_once() -> None:
    found = check(HEAD + "$x = $Any ? 1 : 2\n$y = )\nWrite-Host 'a'\n", path="x")
    assert {f.rule for f in found} == {"newer-syntax"}


def test_the_tables_are_of_one_piece() -> None:
    assert len(commands("5.1")) > 1600
    assert len(commands("4.0")) > 1200
    assert "depth" in commands("5.1")["get-childitem"].parameters
    assert "depth" not in commands("4.0")["get-childitem"].parameters
    assert commands("4.0")["get-item"].parameters == commands("5.1")["get-item"].parameters
    programs = {"help", "mkdir", "powershell_ise.exe"}
    absent = {c for c in ALIASES.values() if c.lower() not in commands("5.1")} - programs
    assert absent <= {"Clear-Host"}, "an alias of nothing"


def lines_found(rule: str, lines: list[str]) -> list[str]:
    """Those of the lines that the rule refuses."""
    found = check(HEAD + "\n".join(lines) + "\n", path="x")
    return [lines[at - HEAD.count("\n") - 1] for at in sorted({f.line for f in found if f.rule == rule})]


def test_every_row_of_the_tables_is_found() -> None:
    types = [f"$x = [System.{name}]" for name in TYPES] + [f"$x = [System.{name}Any]" for name in NAMESPACES]
    assert lines_found("missing-type", types) == types
    assemblies = [f"$x = [System.{name}{'Any' if name.endswith('.') else ''}]" for name in ASSEMBLIES]
    assert lines_found("missing-assembly", assemblies) == assemblies
    static = [f"$x = [{kind}]::{name}{called(missing)}" for (kind, name), missing in STATIC.items()]
    instance = [f"$x = $Any.{name}{called(missing)}" for name, missing in INSTANCE.items()]
    assert lines_found("missing-member", static + instance) == static + instance
    aliases = [f"{alias} -X 1" for alias in ALIASES if alias not in ("foreach", "%")]
    confused = [line for line in aliases if line.split()[0] in CONFUSED]
    assert lines_found("alias-of-program", aliases) == confused
    assert lines_found("alias", aliases) == [line for line in aliases if line not in confused]
    programs = [f"{name} -X" for name in sorted(PROGRAMS)]
    assert lines_found("program-name", programs) == programs
    newer = [f"$x = {name}" for name in sorted(SINCE_5 | SINCE_6)]
    assert lines_found("unknown-command", newer) == newer
    parameters = [f"$x = {call} -{name} 1" for call, names in PARAMETERS_SINCE_6.items() for name in sorted(names)]
    assert lines_found("unknown-parameter", parameters) == parameters
    others = [f"$x = {call} -{name} 1" for call, names in ALIASES_OF_PARAMETERS.items() for name in sorted(names)]
    assert lines_found("unknown-parameter", others) == []
    variables = [f"$x = ${name}" for name in SINCE]
    assert lines_found("newer-variable", variables) == variables
    own = [f"${name} = 1" for name in sorted(OWN)]
    assert lines_found("automatic-variable", own) == own
    assert READ_ONLY <= OWN


def called(missing: Missing) -> str:
    return "" if missing.arguments is None else f"({', '.join('1' * missing.arguments)})"


@pytest.mark.parametrize("verb", VERBS)
def test_shipped_scripts_pass(verb: str) -> None:
    text = shared_library().text(verb)
    assert [f"{finding} -> {finding.next}" for finding in check(text, path=f"{verb}.ps1")] == []
    assert "{{" not in text
    assert "{%" not in text


def test_the_walk_of_a_shipped_script_sees_something() -> None:
    root = parse(shared_library().text("beat")).script_block
    called = [node for node in root.walk() if isinstance(node, ast.Command)]
    assert len(called) > 20
    spoilt = shared_library().text("beat").replace("Get-CimInstance -ClassName", "Get-CimInstance -Klass")
    assert {f.rule for f in check(spoilt, path="beat.ps1")} == {"unknown-parameter"}
