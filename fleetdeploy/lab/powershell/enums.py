"""Casts to enums: names, unambiguous prefixes, comma lists, arrays, numbers."""

from __future__ import annotations

from typing import Any

from fleetdeploy.lab.powershell.values import DotNetException, EnumValue, PSArray, PSType

_DISAMBIGUATION = "SubstringDisambiguationEnumParseThrewAnException"


def is_defined(target: PSType, number: int) -> bool:
    """Whether PowerShell lets the number become the enum: a member, or for flags a union of members."""
    table = target.enum_values or {}
    if number in table.values():
        return True
    if not target.is_flags:
        return False
    union = 0
    for member in table.values():
        union |= member
    return number & ~union == 0


def to_enum(value: Any, target: PSType) -> EnumValue:
    from fleetdeploy.lab.powershell import convert_errors

    if isinstance(value, EnumValue):
        if value.type is target:
            return value
        raise convert_errors.final_error(value, target)
    if isinstance(value, str):
        return from_text(str(value), target)
    if isinstance(value, PSArray):
        if len(value) and all(isinstance(item, str) for item in value):
            return from_text(",".join(value.items), target)
        raise convert_errors.final_error(value, target)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        number = round(value)
        if is_defined(target, number):
            return EnumValue(target, number)
        raise _undefined(value, target)
    raise convert_errors.final_error(value, target)


def _undefined(value: Any, target: PSType) -> Any:
    from fleetdeploy.lab.powershell import convert, convert_errors

    names = ",".join(target.enum_values or {})
    return convert_errors.cast_error(
        "UndefinedIntegerToEnum",
        f'Cannot convert value "{convert.to_string(value)}" to type "{target.full_name}" due to enumeration values'
        " that are not valid. Specify one of the following enumeration values and try again. The possible"
        f' enumeration values are "{names}".',
    )


def from_text(text: str, target: PSType) -> EnumValue:
    table = target.enum_values or {}
    total = 0
    for piece in text.split(","):
        name = piece.strip()
        if name.lstrip("+-").isdigit() and len(text.split(",")) == 1:
            if is_defined(target, int(name)):
                return EnumValue(target, int(name))
            raise _undefined(text, target)
        total |= table[_member(name, text, target)]
    if "," in text and not target.is_flags:
        raise _undefined(text, target)
    return EnumValue(target, total)


def _member(name: str, text: str, target: PSType) -> str:
    table = target.enum_values or {}
    for known in table:
        if known.lower() == name.lower():
            return known
    matches = [known for known in table if known.lower().startswith(name.lower())]
    if len(matches) == 1:
        return matches[0]
    if matches:
        reason = (
            f"The identifier name {name} cannot be processed because it is either too similar or identical to the"
            f" following enumerator names: {', '.join(matches)}. Use a more specific identifier name."
        )
    else:
        reason = (
            f"Unable to match the identifier name {name} to a valid enumerator name. Specify one of the following"
            f" enumerator names and try again:\n{', '.join(table)}"
        )
    from fleetdeploy.lab.powershell import convert_errors

    raise convert_errors.cast_error(
        _DISAMBIGUATION,
        f'Cannot convert value "{text}" to type "{target.full_name}". Error: "{reason}"',
        DotNetException("System.Management.Automation.RuntimeException", reason),
    )
