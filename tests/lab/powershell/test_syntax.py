"""The lab's parser against the record of a real one: what it refuses, its trees, its tokens."""

from __future__ import annotations

import contextlib
import json
import random
import time
from collections import Counter

import pytest

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell import ast
from fleetdeploy.lab.powershell.parser import parse
from tests.lab.powershell.syntax_cases import DATA, nodes, records, texts

# the real scanner reads the end of the input twice here
_TOKENS_DIFFER = {"parse-errors/unclosed-block"}


def _tokens(result: ast.ParseResult) -> list[list[object]]:
    source = result.script_block.extent.source
    return [[t.kind, source.utf16_offset(t.start), source.utf16_offset(t.end)] for t in result.tokens]


def test_all_recorded_scripts_parse_as_recorded() -> None:
    scripts = texts()
    wrong: list[str] = []
    counts: Counter[str] = Counter()
    for record in records():
        case = record["case"]
        result = parse(scripts[case], "7")
        if [[e.error_id, e.extent.utf16_start] for e in result.errors] != record["errors"]:
            wrong.append(f"{case}: errors {[e.error_id for e in result.errors]}")
        ours = Counter(nodes(result.script_block))
        theirs = Counter(tuple(node) for node in record["nodes"])
        if ours != theirs:
            wrong.append(f"{case}: nodes {list(ours - theirs)[:3]} for {list(theirs - ours)[:3]}")
        if _tokens(result) != record["tokens"] and case not in _TOKENS_DIFFER:
            wrong.append(f"{case}: tokens")
        counts["scripts"] += 1
        counts["nodes"] += sum(theirs.values())
        counts["refused"] += bool(record["errors"])
    print(dict(counts), "wrong:", len(wrong))
    assert counts["scripts"] == 859
    assert wrong == []


def test_parse_errors_have_the_recorded_ids_and_lines() -> None:
    scripts = texts()
    seen = 0
    with (DATA / "recorded.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            record = json.loads(line)
            terminating = record["terminating"]
            if not record["case"].startswith("parse-errors/") or not terminating or "parse" not in terminating:
                continue
            errors = parse(scripts[record["case"]], "7").errors
            seen += 1
            if errors[0].incomplete_input:
                assert terminating["parse"] == [], record["case"]
                assert terminating["id"] == errors[0].error_id
            else:
                assert terminating["parse"] == [e.error_id for e in errors], record["case"]
                assert terminating["line"] == [e.extent.line for e in errors], record["case"]
    assert seen > 50


def test_every_recorded_script_has_the_same_errors_in_5_1() -> None:
    differ = []
    for case, text in texts().items():
        try:
            old = parse(text)
        except NotSimulated:
            differ.append(case)
            continue
        new = parse(text, "7")
        if [e.error_id for e in old.errors] != [e.error_id for e in new.errors]:
            differ.append(case)
    assert differ == []


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("Get-Date && Get-Date", ["InvalidEndOfLine"]),
        ("$a || $b", ["InvalidEndOfLine", "ExpressionsMustBeFirstInPipeline"]),
        ("$x = $a ? 1 : 2", ["UnexpectedToken"]),
        ("$x = $a ?? 1", ["UnexpectedToken"]),
        ("ping.exe &", ["AmpersandNotAllowed"]),
        ("'a'\n| Out-Null", ["EmptyPipeElement"]),
        ("[byte]$b = 1; $b.x = 3; @{}.y = 4", []),
        ("try { } catch { } catch [Exception] { }", ["EmptyCatchNotLast"]),
        ("foreach ($i in 1) { try { } finally { break } }", ["ControlLeavingFinally"]),
        ("function f($a) { param($b) }", ["OnlyOneParameterListAllowed"]),
        ("f @x, 1", ["SplattingNotPermittedInArgumentList"]),
        ("$x = [ordered]1", ["OrderedAttributeOnlyOnHashLiteralNode"]),
    ],
)
def test_what_windows_powershell_refuses(text: str, ids: list[str]) -> None:
    assert [e.error_id for e in parse(text).errors] == ids


@pytest.mark.parametrize(
    ("text", "value", "type_name"),
    [
        ("0xFFFFFFFF", -1, "Int32"),
        ("0xFFFFFFFFL", 4294967295, "Int64"),
        ("0x7fffffffffffffff", 2**63 - 1, "Int64"),
        ("10kb", 10240, "Int32"),
        ("4gb", 4 * 2**30, "Int64"),
        ("1.5kb", 1536.0, "Double"),
        ("-5l", -5, "Int64"),
        ("1e3", 1000.0, "Double"),
        (".5", 0.5, "Double"),
    ],
)
def test_numbers(text: str, value: object, type_name: str) -> None:
    statement = parse(text).script_block.end_block
    assert statement is not None
    pipeline = statement.statements[0]
    assert isinstance(pipeline, ast.Pipeline)
    element = pipeline.pipeline_elements[0]
    assert isinstance(element, ast.CommandExpression)
    assert isinstance(element.expression, ast.ConstantExpression)
    assert (element.expression.value, element.expression.type_name) == (value, type_name)


@pytest.mark.parametrize("text", ["1u", "7n", "5uy"])
def test_suffixes_of_powershell_7_make_a_command_name_in_5_1(text: str) -> None:
    assert any(isinstance(n, ast.Command) for n in parse(text).script_block.walk())
    assert not any(isinstance(n, ast.Command) for n in parse(text, "7").script_block.walk())


def test_parts_of_an_expandable_string() -> None:
    tree = parse('"a `$ $x.y $($h[""k""]) `"z"').script_block
    string = next(n for n in tree.walk() if isinstance(n, ast.ExpandableStringExpression))
    assert string.parts == ("a $ ", 0, ".y ", 1, ' "z')
    assert isinstance(string.nested_expressions[0], ast.VariableExpression)
    inner = next(n for n in string.nested_expressions[1].walk() if isinstance(n, ast.StringConstantExpression))
    assert inner.value == "k"


@pytest.mark.parametrize("text", ["class A { }", "enum E { a }", "workflow w { }", "configuration c { }"])
def test_what_the_lab_does_not_parse_is_not_simulated(text: str) -> None:
    with pytest.raises(NotSimulated):
        parse("\n" + text)


def test_damaged_scripts_always_end_in_a_result() -> None:
    chosen = random.Random(7)
    scripts = list(texts().values())
    for _ in range(600):
        text = chosen.choice(scripts)
        for _ in range(chosen.randint(1, 4)):
            at = chosen.randrange(len(text) + 1)
            text = text[:at] + chosen.choice(["", *"(){}[]'\"`$@;,|&<>=+-.: \n#"]) + text[at + chosen.randint(0, 1) :]
        with contextlib.suppress(NotSimulated):
            result = parse(text)
            assert all(error.message and error.extent.line >= 1 for error in result.errors)


def test_a_script_of_400_lines_parses_fast() -> None:
    block = "function f { param([string]$a, [int]$b = 1)\n"
    block += "  if ($a -eq 'x') { Get-Item -Path \"$a\\$b\" | ForEach-Object { $_.Name } }\n}\n"
    text = block * 134
    started = time.process_time()
    assert parse(text).errors == ()
    assert time.process_time() - started < 1.5
