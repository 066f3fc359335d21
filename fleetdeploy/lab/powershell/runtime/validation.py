"""The Validate… attributes of parameters and variables, as functions that raise for a bad value.

Decides what each attribute accepts; binder.py turns the error into a binding error. Names of attributes it does not
know are for the caller (None), so that an attribute is never ignored by accident.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell import ast, convert, operators
from fleetdeploy.lab.powershell.containers import DictionaryBase
from fleetdeploy.lab.powershell.runtime.errors import ScriptError
from fleetdeploy.lab.powershell.runtime.values_ext import ScriptBlockValue, current, is_enumerable, iterate
from fleetdeploy.lab.powershell.values import DotNetException, PSRuntimeError

if TYPE_CHECKING:
    from fleetdeploy.lab.powershell.runtime.interp import Interp

Check = Callable[[Any], None]
VALIDATION_EXCEPTION = "System.Management.Automation.ValidationMetadataException"


def failure(error_id: str, message: str, inner: DotNetException | None = None) -> PSRuntimeError:
    return PSRuntimeError(error_id, "MetadataError", DotNetException(VALIDATION_EXCEPTION, message, inner))


def variable_validator(check: Check) -> Callable[[Any], Any]:
    def apply(value: Any) -> Any:
        check(value)
        return value

    return apply


def each(check: Check) -> Check:
    """The check applied to every element; null and empty collections are refused."""

    def apply(value: Any) -> None:
        if value is None:
            raise failure("ArgumentIsEmpty", "The argument is null or empty.")
        if is_enumerable(value):
            elements = list(iterate(value))
            for element in elements:
                check(element)
            if not elements:
                raise failure("ArgumentIsEmpty", "The argument is null or empty.")
        else:
            check(value)

    return apply


def name_of(attribute: ast.AttributeBase) -> str:
    name = attribute.type_name.full_name.lower().rsplit(".", 1)[-1]
    return name.removesuffix("attribute")


def arguments(rt: Interp, attribute: ast.Attribute) -> list[Any]:
    return [rt.eval(argument) for argument in attribute.positional_arguments]


def named(rt: Interp, attribute: ast.Attribute) -> dict[str, Any]:
    return {item.argument_name.lower(): rt.eval(item.argument) for item in attribute.named_arguments}


def validator(rt: Interp, attribute: ast.Attribute) -> Check | None:
    """The check an attribute stands for, or None when it is no Validate attribute."""
    maker = _MAKERS.get(name_of(attribute))
    if maker is None:
        return None
    return maker(rt, attribute)


def _set(rt: Interp, attribute: ast.Attribute) -> Check:
    allowed = [convert.to_string(value) for value in arguments(rt, attribute)]
    ignore = named(rt, attribute).get("ignorecase", True)
    return set_check(allowed, ignore_case=convert.to_bool(ignore))


def set_check(allowed: list[str], *, ignore_case: bool = True) -> Check:
    known = {value.lower() for value in allowed} if ignore_case else set(allowed)

    def check(value: Any) -> None:
        if value is None:
            raise failure("ArgumentIsEmpty", "The argument is null.")
        text = convert.to_string(value)
        if (text.lower() if ignore_case else text) not in known:
            shown = ",".join(allowed)
            raise failure(
                "ValidateSetFailure",
                f'The argument "{text}" does not belong to the set "{shown}" specified by the ValidateSet attribute. '
                "Supply an argument that is in the set and then try the command again.",
            )

    return each(check)


def _range(rt: Interp, attribute: ast.Attribute) -> Check:
    bounds = arguments(rt, attribute)
    if len(bounds) != 2:
        raise NotSimulated("ValidateRange by kind", attribute.extent.line)
    return range_check(*bounds)


def range_check(low: Any, high: Any) -> Check:
    def check(value: Any) -> None:
        if value is None or (isinstance(value, (str, DictionaryBase)) and not isinstance(low, str)):
            raise failure(
                "ValidationRangeElementType", "The argument cannot be validated: its type is not the range's."
            )
        if convert.to_bool(operators.binary("Ilt", value, low)):
            raise failure(
                "ValidateRangeSmallerThanMinRangeFailure",
                f"The {convert.to_string(value)} argument is less than the minimum allowed range of "
                f"{convert.to_string(low)}. Supply an argument that is greater than or equal to "
                f"{convert.to_string(low)} and then try the command again.",
            )
        if convert.to_bool(operators.binary("Igt", value, high)):
            raise failure(
                "ValidateRangeGreaterThanMaxRangeFailure",
                f"The {convert.to_string(value)} argument is greater than the maximum allowed range of "
                f"{convert.to_string(high)}. Supply an argument that is less than or equal to "
                f"{convert.to_string(high)} and then try the command again.",
            )

    return each(check)


def _pattern(rt: Interp, attribute: ast.Attribute) -> Check:
    pattern = convert.to_string(arguments(rt, attribute)[0])
    options = named(rt, attribute)
    if options:
        raise NotSimulated("ValidatePattern with options", attribute.extent.line)

    def check(value: Any) -> None:
        text = "" if value is None else convert.to_string(value)
        if not operators.match(text, pattern, False)[0]:
            raise failure(
                "ValidatePatternFailure",
                f'The argument "{text}" does not match the "{pattern}" pattern. Supply an argument that matches '
                f'"{pattern}" and try the command again.',
            )

    return each(check)


def _length(rt: Interp, attribute: ast.Attribute) -> Check:
    low, high = (int(value) for value in arguments(rt, attribute))

    def check(value: Any) -> None:
        if not isinstance(value, str):
            raise failure("ValidateLengthNotString", "The argument is not a string.")
        if len(value) < low:
            raise failure(
                "ValidateLengthMinLengthFailure",
                f"The character length ({len(value)}) of the argument is too short. Specify an argument with a "
                f'length that is greater than or equal to "{low}", and then try the command again.',
            )
        if len(value) > high:
            raise failure(
                "ValidateLengthMaxLengthFailure",
                f"The character length of the {len(value)} argument is too long. Shorten the character length of "
                f'the argument so it is fewer than or equal to "{high}" characters, and then try the command again.',
            )

    return each(check)


def _count(rt: Interp, attribute: ast.Attribute) -> Check:
    low, high = (int(value) for value in arguments(rt, attribute))

    def check(value: Any) -> None:
        if value is None:
            count = 0
        elif is_enumerable(value):
            count = len(list(iterate(value)))
        else:
            raise failure(
                "NotAnArrayParameter", "The ValidateCount attribute cannot be applied to a non-array parameter."
            )
        if count < low:
            raise failure("ValidateCountMinLengthFailure", f"The parameter requires at least {low} value(s).")
        if count > high:
            raise failure("ValidateCountMaxLengthFailure", f"The parameter takes at most {high} value(s).")

    return check


def _script(rt: Interp, attribute: ast.Attribute) -> Check:
    block = arguments(rt, attribute)[0]
    if not isinstance(block, ScriptBlockValue):
        raise NotSimulated("ValidateScript without a block", attribute.extent.line)

    def check(value: Any) -> None:
        try:
            out = current().invoke_block(block, [value], dollar_under=value, propagate=True)
        except ScriptError as error:
            raise failure(
                "RuntimeException",
                f"The attribute cannot be checked: {error.record}",
                error.record.exception,
            ) from error
        passed = convert.to_bool(out[0]) if len(out) == 1 else bool(out)
        if not passed:
            raise failure(
                "ValidateScriptFailure",
                f'The "{block.text}" validation script for the argument with value "{convert.to_string(value)}" did '
                "not return a result of True. Determine why the validation script failed, and then try the command "
                "again.",
            )

    return each(check)


def not_null(value: Any) -> None:
    if value is None:
        raise failure("ArgumentIsNull", "The argument is null. Provide a valid value for the argument, and then try "
                      "running the command again.")  # fmt: skip
    if is_enumerable(value) and any(element is None for element in iterate(value)):
        raise failure("ArgumentIsNull", "The argument is null, or an element of the argument collection contains a "
                      "null value.")  # fmt: skip


def not_null_or_empty(value: Any) -> None:
    if value is None:
        raise failure("ArgumentIsNull", "The argument is null. Provide a valid value for the argument, and then try "
                      "running the command again.")  # fmt: skip
    text = (
        "The argument is null or empty. Provide an argument that is not null or empty, and then try the command again."
    )
    if isinstance(value, str):
        if not value:
            raise failure("ArgumentIsEmpty", text)
    elif is_enumerable(value):
        elements = list(iterate(value))
        if not elements:
            raise failure("ArgumentIsEmpty", text)
        if any(element is None or (isinstance(element, str) and not element) for element in elements):
            raise failure("ArgumentIsNull", text)
    elif isinstance(value, DictionaryBase) and not len(value):
        raise failure("ArgumentIsEmpty", text)


_MAKERS: dict[str, Callable[[Any, ast.Attribute], Check]] = {
    "validateset": _set,
    "validaterange": _range,
    "validatepattern": _pattern,
    "validatelength": _length,
    "validatecount": _count,
    "validatescript": _script,
    "validatenotnull": lambda _rt, _attribute: not_null,
    "validatenotnullorempty": lambda _rt, _attribute: not_null_or_empty,
}
