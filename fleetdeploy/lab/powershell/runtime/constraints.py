"""Types and validations that stick to a variable: what `[int]$x = …` or `[ValidateRange(1, 9)]$x = …` leaves there."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell import ast, convert
from fleetdeploy.lab.powershell.runtime import language_mode, validation
from fleetdeploy.lab.powershell.runtime.type_names import type_from
from fleetdeploy.lab.powershell.runtime.values_ext import current
from fleetdeploy.lab.powershell.spelled import Spelled
from fleetdeploy.lab.powershell.values import DotNetException, PSRuntimeError, PSType

if TYPE_CHECKING:
    from fleetdeploy.lab.powershell.runtime.interp import Interp


def constraint_of(rt: Interp, node: ast.AttributedExpression) -> Callable[[Any], Any]:
    if isinstance(node, ast.ConvertExpression):
        kind = type_from(rt, node.type_name, node.extent.line)
        if kind.full_name == "System.String":
            return lambda value: convert.written(value) if isinstance(value, Spelled) else current().to_string(value)
        plain = type_constraint(kind, wrapped=rt.dotted)
        if not rt.constrained or language_mode.is_core(kind):
            return plain
        return lambda value: plain(value) if language_mode.allows_conversion(value, kind) else _refuse_constraint(kind)
    if isinstance(node.attribute, ast.Attribute):
        check = validation.validator(rt, node.attribute)
        if check is None:
            raise NotSimulated(f"[{node.attribute.type_name.full_name}()] on a variable", node.extent.line)
        return validation.variable_validator(check)
    raise NotSimulated("this attribute on a variable", node.extent.line)


def _refuse_constraint(kind: PSType) -> Any:
    raise NotSimulated(f"a variable of the type {kind.full_name} in {language_mode.CONSTRAINED}")


def type_constraint(kind: PSType, *, wrapped: bool) -> Callable[[Any], Any]:
    """`wrapped`: at the top of a script the error is the converter attribute's, inside functions the plain one."""

    def apply(value: Any) -> Any:
        try:
            return convert.to_type(value, kind)
        except PSRuntimeError as error:
            if not wrapped:
                raise
            raise PSRuntimeError(
                "RuntimeException",
                "MetadataError",
                DotNetException(
                    "System.Management.Automation.ArgumentTransformationMetadataException",
                    error.exception.message,
                    error.exception.inner_exception or error.exception,
                ),
            ) from error

    return apply
