"""The recorded syntax trees and the texts they were made of."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

from fleetdeploy.lab.powershell import ast

DATA = Path(__file__).parents[2] / "data" / "powershell"
_CASE = re.compile(r"^#== (?P<head>[^\n]*)\n(?P<body>.*?)(?=^#== |\Z)", re.MULTILINE | re.DOTALL)


def texts() -> dict[str, str]:
    """Every case's script, as the recorder cut it."""
    found: dict[str, str] = {}
    for path in sorted((DATA / "cases").glob("*.ps1")):
        text = path.read_text(encoding="utf-8-sig").replace("\r\n", "\n")
        for match in _CASE.finditer(text):
            name = re.split(r"\s*\|\s*", match["head"], maxsplit=2)[0].strip()
            found[f"{path.stem}/{name}"] = match["body"].rstrip("\n") + "\n"
    return found


def records() -> list[dict[str, Any]]:
    """What the real parser made of them."""
    with (DATA / "syntax.jsonl").open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def _number(value: object) -> str:
    if isinstance(value, bool):
        return "True" if value else "False"
    if isinstance(value, float):
        text = format(value, ".15G")
        if "E" in text:
            mantissa, exponent = text.split("E")
            return f"{mantissa}E{exponent[0]}{exponent[1:].zfill(2)}"
        return text
    if isinstance(value, Decimal):
        return format(value, "f")
    return str(int(value)) if isinstance(value, int) else str(value)


def detail(node: ast.Node) -> str | None:
    """What the recorder wrote in the last column."""
    match node:
        case ast.BinaryExpression() | ast.AssignmentStatement():
            return node.operator
        case ast.UnaryExpression():
            return node.token_kind
        case ast.StringConstantExpression() | ast.ExpandableStringExpression():
            return f"{node.string_constant_type}:{node.value}"
        case ast.ConstantExpression():
            return f"{node.type_name}:{_number(node.value)}"
        case ast.VariableExpression():
            return ("@" if node.splatted else "") + node.variable_path
        case ast.Command():
            return node.invocation_operator
        case ast.CommandParameter():
            return node.parameter_name
        case ast.TypeExpression() | ast.AttributeBase():
            return node.type_name.full_name
        case ast.NamedAttributeArgument():
            return node.argument_name + ("?" if node.expression_omitted else "")
        case ast.MemberExpression():
            return "::" if node.static else "."
        case ast.FunctionDefinition():
            return ("filter " if node.is_filter else "function ") + node.name
        case ast.Parameter():
            return node.name.variable_path
        case ast.SwitchStatement():
            return ", ".join(node.flags) or "None"
        case ast.ForEachStatement():
            return node.label or ""
        case ast.NamedBlock():
            return "unnamed" if node.unnamed else node.block_kind
        case ast.FileRedirection():
            return node.from_stream + (">>" if node.append else ">")
        case ast.MergingRedirection():
            return f"{node.from_stream}>&{node.to_stream}"
    return None


def nodes(tree: ast.ScriptBlock) -> list[tuple[int, str, int, int, str | None]]:
    """The tree as the recorder wrote it (not in its order)."""
    found: list[tuple[int, str, int, int, str | None]] = []

    def visit(node: ast.Node, depth: int) -> None:
        extent = node.extent
        found.append((depth, type(node).__name__, extent.utf16_start, extent.utf16_end, detail(node)))
        for child in node.children():
            visit(child, depth + 1)

    visit(tree, 0)
    return found
