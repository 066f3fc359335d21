"""Which overload a call takes: argument counts first, then how well each argument fits, then conversion.

An approximation of PowerShell's binder, good for the overloads that ``dotnet/`` declares.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell import convert, types
from fleetdeploy.lab.powershell.spelled import Spelled, plain
from fleetdeploy.lab.powershell.typesystem import Overload, Param
from fleetdeploy.lab.powershell.values import (
    CHAR,
    DECIMAL,
    DOUBLE,
    INT32,
    INT64,
    INTEGER_RANGES,
    OBJECT,
    STRING,
    Char,
    DotNetException,
    EnumValue,
    PSArray,
    PSReference,
    PSRuntimeError,
    PSType,
    type_of,
)

METHOD_EXCEPTION = "System.Management.Automation.MethodException"
_NO_MATCH = 1000
_resolved: dict[str, PSType] = {}


def resolve_name(name: str, owner: PSType) -> PSType:
    """A type name of a signature: T, K and V are the owner's arguments."""
    if not (owner.generic_args or owner.element_type):
        found = _resolved.get(name)
        if found is not None:
            return found
    if name.endswith("[]"):
        from fleetdeploy.lab.powershell.values import array_type

        return array_type(resolve_name(name[:-2], owner))
    if owner.generic_args:
        if name in ("T", "K"):
            return owner.generic_args[0]
        if name == "V":
            return owner.generic_args[1]
    elif name == "T" and owner.element_type is not None:
        return owner.element_type
    found = _resolved.get(name)
    if found is None:
        found = types.resolve(name)
        if found is None:
            raise NotSimulated(f"the type {name} of a parameter")
        _resolved[name] = found
    return found


def no_overload(name: str, count: int) -> PSRuntimeError:
    message = f'Cannot find an overload for "{name}" and the argument count: "{count}".'
    return PSRuntimeError("MethodCountCouldNotFindBest", "NotSpecified", DotNetException(METHOD_EXCEPTION, message))


# How many arguments the overloads of a member take in .NET Framework 4.x, each digit a number. For another number
# there is surely none; of members that are not listed the lab may lack some.
_COUNTS = """
System.String: Substring=12 Insert=2 Remove=12 PadLeft=12 PadRight=12 Contains=1 Replace=2 ToUpper=01 ToLower=01
System.String: StartsWith=123 EndsWith=123 CompareTo=1 Equals=123 ToUpperInvariant=0 ToLowerInvariant=0 Clone=0
System.String: ToCharArray=02 IsNullOrEmpty=1 IsNullOrWhiteSpace=1
System.Collections.ArrayList: .ctor=01 Add=1 AddRange=1 Clear=0 Contains=1 Insert=2 Remove=1 RemoveAt=1 RemoveRange=2
System.Collections.Hashtable: Add=2 Clear=0 ContainsKey=1 ContainsValue=1 Contains=1 Remove=1 Clone=0
System.Collections.Generic.List`1: Add=1 AddRange=1 Clear=0 Contains=1 Insert=2 Remove=1 RemoveAt=1 RemoveRange=2
System.Math: Abs=1 Ceiling=1 Floor=1 Max=2 Min=2 Pow=2 Round=123 Sign=1 Sqrt=1 Truncate=1
System.DateTime: AddDays=1 AddHours=1 AddMinutes=1 AddMonths=1 AddSeconds=1 AddYears=1 IsLeapYear=1 DaysInMonth=2
System.Guid: NewGuid=0 Parse=1
System.IO.File: Exists=1 ReadAllBytes=1 WriteAllBytes=2 Delete=1 Move=2
System.IO.Path: GetFileName=1 GetExtension=1 GetDirectoryName=1 GetFileNameWithoutExtension=1
"""
_ARGUMENTS = {
    (kind, name.lower()): frozenset(int(digit) for digit in digits)
    for kind, _, rest in (line.partition(": ") for line in _COUNTS.strip().splitlines())
    for name, _, digits in (entry.partition("=") for entry in rest.split())
}


def _surely_none(owner: PSType, name: str, count: int) -> bool:
    """Whether .NET has no overload for that many arguments either."""
    kind = owner.generic_definition or owner
    known = _ARGUMENTS.get((kind.full_name, name.lower()))
    return known is not None and count not in known


def _cost(value: Any, target: PSType) -> int:
    if value is None:
        return 20 if target.is_value_type and not types.is_nullable(target) else 1
    if hasattr(value, "invoke_delegate"):
        return 0 if target.full_name in convert._DELEGATES or "`" in target.full_name else 6 if target is OBJECT else 15
    source = type_of(value)
    if source is target:
        return 0
    if target is OBJECT:
        return 6
    if types.is_nullable(target):
        return _cost(value, target.generic_args[0]) + 1
    if source.is_assignable_to(target):
        return 1
    number = isinstance(value, (int, float, Decimal)) and not isinstance(value, bool)
    if number and target in INTEGER_RANGES:
        if isinstance(value, int):
            low, high = INTEGER_RANGES[target]
            if not low <= value <= high:
                return 14
            return 2 if target is INT32 else 3 if target is INT64 else 7
        return 13
    if number and target is DOUBLE:
        return 4
    if number and target is DECIMAL:
        return 5
    if number and target.full_name == "System.Single":
        return 8
    if isinstance(value, Char):
        return 4 if target is STRING else 3 if target is INT32 else 9
    if isinstance(value, str):
        if target is CHAR:
            return 8 if len(value) == 1 else _NO_MATCH
        if target.is_enum:
            return 9
        if target.is_array:
            return 10 if target.element_type is CHAR else 13
        return 14
    if isinstance(value, PSArray):
        if target.is_array:
            return 7
        return 16 if target is STRING else 18
    if target.is_array:
        return 7 if convert.is_collection(value) else 13
    if target is STRING:
        return 11
    return 17


def _expand(overload: Overload, args: list[Any], owner: PSType) -> list[tuple[Param, PSType, Any]] | None:
    """Pairs of parameter and argument, or None where the counts do not fit."""
    params = overload.params
    if params and params[-1].is_params:
        head, last = params[:-1], params[-1]
        if len(args) < len(head):
            return None
        target = resolve_name(last.type_name, owner)
        pairs = [(param, resolve_name(param.type_name, owner), arg) for param, arg in zip(head, args, strict=False)]
        rest = args[len(head) :]
        whole = convert.is_collection(rest[0]) if len(rest) == 1 else False
        if len(rest) == 1 and isinstance(rest[0], str) and target.element_type is CHAR:
            whole = True
        if whole:
            pairs.append((last, target, rest[0]))
        else:
            pairs.append((last, target, PSArray(rest)))
        return pairs
    if len(params) != len(args):
        return None
    return [(param, resolve_name(param.type_name, owner), arg) for param, arg in zip(params, args, strict=True)]


def _exact(overloads: list[Overload], args: list[Any], owner: PSType) -> Overload | None:
    """The overload whose parameters are of the very types of the arguments, if there is one."""
    kinds = [None if arg is None else type_of(arg) for arg in args]
    count = len(args)
    for overload in overloads:
        params = overload.params
        if len(params) != count or (params and params[-1].is_params):
            continue
        for kind, param in zip(kinds, params, strict=True):
            if kind is None or param.is_ref or kind is not resolve_name(param.type_name, owner):
                break
        else:
            return overload
    return None


def _without_text(converted: Any) -> bool:
    """Whether no text was made of a number on its way to a parameter: PSInvokeMemberBinder takes some arguments out
    of their PSObject, and a text is made of others with it."""
    if isinstance(converted, PSArray):
        return all(_without_text(item) for item in converted)
    return isinstance(converted, (int, float, Decimal, EnumValue))


def _choose_by_number(
    overloads: list[Overload], args: list[Any], owner: PSType, name: str
) -> tuple[Overload, list[Any]]:
    chosen, converted = choose(overloads, [plain(arg) for arg in args], owner, name)
    for arg, made in zip(args, converted, strict=False):
        if isinstance(arg, Spelled) and not _without_text(made):
            raise NotSimulated(f"a number written as an argument, as text for {owner.full_name}.{chosen.name}")
    return chosen, converted


def choose(overloads: list[Overload], args: list[Any], owner: PSType, name: str) -> tuple[Overload, list[Any]]:
    """The best overload and its converted arguments."""
    for arg in args:
        if isinstance(arg, Spelled):
            return _choose_by_number(overloads, args, owner, name)
    exact = _exact(overloads, args, owner)
    if exact is not None:
        return exact, args
    # Costs are compared from the first argument on: its exact type decides ([math]::Min(2, 1.5) is Min(int, int)).
    # A form that needs no params array goes before one that does.
    candidates: list[tuple[tuple[bool, bool, tuple[int, ...], int], Overload, list[tuple[Param, PSType, Any]]]] = []
    for at, overload in enumerate(overloads):
        pairs = _expand(overload, args, owner)
        if pairs is None:
            continue
        costs: list[int] = []
        for param, target, value in pairs:
            if param.is_ref != isinstance(value, PSReference):
                costs.append(0 if target is OBJECT and not param.is_ref else _NO_MATCH)
            elif not param.is_ref:
                costs.append(_cost(value, target) + (3 if param.is_params else 0))
        expanded = bool(overload.params) and overload.params[-1].is_params
        hopeless = any(cost >= _NO_MATCH for cost in costs)
        candidates.append(((hopeless, expanded, tuple(costs), at), overload, pairs))
    if not candidates:
        if not _surely_none(owner, overloads[0].name, len(args)):
            raise NotSimulated(f"{owner.full_name}.{overloads[0].name} with {len(args)} arguments")
        raise no_overload(overloads[0].name, len(args))
    candidates.sort(key=lambda candidate: candidate[0])
    failure: PSRuntimeError | None = None
    for order, overload, pairs in candidates:
        if order[0] and len(candidates) > 1 and failure is not None:
            continue
        try:
            return overload, [_convert(param, target, value, name) for param, target, value in pairs]
        except PSRuntimeError as problem:
            failure = failure or problem
    assert failure is not None  # noqa: S101 - at least one candidate was tried
    raise failure


def _convert(param: Param, target: PSType, value: Any, name: str) -> Any:
    if param.is_ref:
        if not isinstance(value, PSReference):
            message = f'Argument: "{param.name}" should be a System.Management.Automation.PSReference. Use [ref].'
            raise PSRuntimeError(
                "NonRefArgumentToRefParameterMsg", "NotSpecified", DotNetException(METHOD_EXCEPTION, message)
            )
        return value
    try:
        if value is None and not target.is_value_type and target is not STRING:
            return None
        if target is STRING and type(value).__name__ == "NullString":
            return None
        return convert.to_type(value, target)
    except PSRuntimeError as failure:
        text = convert.to_string(value)
        message = (
            f'Cannot convert argument "{param.name}", with value: "{text}", for "{name}" to type'
            f' "{target.full_name}": "{failure.message}"'
        )
        exception = DotNetException(METHOD_EXCEPTION, message, failure.exception.inner_exception)
        raise PSRuntimeError("MethodArgumentConversionInvalidCastArgument", "NotSpecified", exception) from None
