"""The arguments of a command as it is called: how each is evaluated and what a splatted value becomes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fleetdeploy.lab.powershell import ast, convert
from fleetdeploy.lab.powershell.containers import DictionaryBase
from fleetdeploy.lab.powershell.runtime.compiled import Code, value_code
from fleetdeploy.lab.powershell.runtime.values_ext import ArgName, is_enumerable, iterate
from fleetdeploy.lab.powershell.spelled import spelled
from fleetdeploy.lab.powershell.values import is_number

if TYPE_CHECKING:
    from fleetdeploy.lab.powershell.runtime.interp import Interp


NO_ARGUMENT: Any = object()


@dataclass(slots=True)
class Arg:
    """One argument: `name` for `-Name`, `text` how that is written; `value` NO_ARGUMENT when `-Name` stands alone
    (so far)."""

    value: Any
    name: str | None = None
    text: str | None = None
    colon: bool = False
    splatted: bool = False


MakeArgs = Callable[["Interp", list[Arg]], None]


def argument_makers(elements: Sequence[ast.Node]) -> list[MakeArgs]:
    """What evaluates the arguments of a command, each putting its own into a list."""
    return [_argument(element) for element in elements]


def _argument(element: ast.Node) -> MakeArgs:
    if isinstance(element, ast.CommandParameter):
        name = element.parameter_name
        if element.argument is None:
            alone = Arg(NO_ARGUMENT, name, element.extent.text)  # never written to: one serves all calls
            return lambda _rt, args: args.append(alone)
        given = _value(element.argument)
        text = element.extent.source.text[element.extent.start : element.error_position.end].rstrip(":") + ":"
        return lambda rt, args: args.append(Arg(given(rt), name, text, True))
    code = _value(element)
    if isinstance(element, ast.VariableExpression) and element.splatted:
        return lambda rt, args: args.extend(splat(rt, code(rt)))
    return lambda rt, args: args.append(Arg(code(rt)))


def _value(node: ast.Node) -> Code:
    """An argument's value: a number that is not written as its own text remembers how it is written."""
    if isinstance(node, ast.ConstantExpression) and is_number(node.value):
        text = node.extent.text
        if text != convert.to_string(node.value):
            number = spelled(node.value, text)
            return lambda _rt: number
    return value_code(node)


def splat(rt: Interp, value: Any) -> list[Arg]:
    if value is None:
        return []
    if isinstance(value, DictionaryBase):
        # PipelineOps.GetParameterText: as if it were written with a colon.
        return [Arg(item, rt.to_string(key), f"-{rt.to_string(key)}:", True, True) for key, item in value.items()]
    if is_enumerable(value):
        args: list[Arg] = []
        for item in iterate(value):
            if isinstance(item, ArgName):
                text = str(item)
                args.append(Arg(NO_ARGUMENT, text.lstrip("-").rstrip(":"), text))
            else:
                args.append(Arg(item))
        return args
    return [Arg(value)]
