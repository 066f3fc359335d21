"""Properties, method calls and indexes of an expression: strict-mode errors, null, and enumeration over collections.

What a single value has is `members`; this decides what happens where a value is null, lacks the
member, or is a collection.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell import ast, members, method_calls
from fleetdeploy.lab.powershell.containers import DictionaryBase
from fleetdeploy.lab.powershell.runtime import language_mode
from fleetdeploy.lab.powershell.runtime.compiled import Code, code_of, value_code
from fleetdeploy.lab.powershell.runtime.errors import ScriptError, runtime_error
from fleetdeploy.lab.powershell.runtime.scope import AUTO_NULL
from fleetdeploy.lab.powershell.runtime.type_names import resolve_type
from fleetdeploy.lab.powershell.runtime.values_ext import (
    ScriptBlockValue,
    from_list,
    is_enumerable,
    iterate,
)
from fleetdeploy.lab.powershell.values import (
    MISSING,
    Hashtable,
    NoteProperty,
    OrderedDictionary,
    PSCustomObject,
    PSRuntimeError,
    PSType,
    type_of,
)

if TYPE_CHECKING:
    from fleetdeploy.lab.powershell.runtime.interp import Interp

_OBJECT_NAMES = ("object", "system.object")


def member_name(rt: Interp, node: ast.Expression) -> str:
    if isinstance(node, ast.StringConstantExpression):
        return node.value
    value = rt.eval(node)
    if isinstance(value, ScriptBlockValue):
        raise NotSimulated("a script block as a member name", node.extent.line)
    return rt.to_string(value)


def property_missing(name: str) -> PSRuntimeError:
    return runtime_error(
        "PropertyNotFoundStrict",
        "NotSpecified",
        f"The property '{name}' cannot be found on this object. Verify that the property exists.",
        exception_type="System.Management.Automation.PropertyNotFoundException",
    )


def get_property(rt: Interp, target: Any, name: str, *, strict: int | None = None) -> Any:
    """`target.name`: own member, else of every element of a collection, else $null or the strict-mode error."""
    if target is None:
        if (rt.scope.strict_version() if strict is None else strict) >= 2:
            raise property_missing(name)
        low = name.lower()
        return 0 if low in ("count", "length") else None
    try:
        value = members.get_member(target, name)
    except ScriptError:
        # A failing getter of a script property reads as null.
        return None
    if value is not MISSING:
        return value
    if strict is None:
        strict = rt.scope.strict_version()
    if is_enumerable(target):
        found: list[Any] = []
        some = False
        for element in iterate(target):
            if element is None:
                if strict >= 2:
                    some = True
                continue
            got = members.get_member(element, name)
            if got is MISSING:
                if is_enumerable(element):
                    got = get_property(rt, element, name, strict=0)
                    if got is None:
                        continue
                    found.extend(iterate(got) if is_enumerable(got) else [got])
                    continue
                some = True
                if isinstance(element, PSCustomObject):
                    found.append(None)
                continue
            if is_enumerable(got):
                found.extend(iterate(got))
            else:
                found.append(got)
        if strict >= 2 and (some or not found):
            raise property_missing(name)
        result = from_list(found)
        return None if result is AUTO_NULL else result
    if strict >= 2:
        raise property_missing(name)
    if name.lower() in ("count", "length") and not isinstance(target, (PSCustomObject, DictionaryBase)):
        return 1
    return None


def name_code(node: ast.Expression) -> Callable[[Interp], str] | str:
    """A member's name where it is written as a word, else the function that says it."""
    if isinstance(node, ast.StringConstantExpression):
        return node.value
    return lambda rt: member_name(rt, node)


def make_member(node: ast.MemberExpression) -> Code:
    if node.static:
        return _static_member(node)
    owner = code_of(node.expression)
    member = name_code(node.member)
    if isinstance(member, str):
        name = member

        def named(rt: Interp) -> Any:
            target = owner(rt)
            kind = type(target)
            if kind is PSCustomObject:
                # The commonest case: a note property of an object from JSON.
                found = target.members.find(name)
                if type(found) is NoteProperty:
                    return found.value
            elif kind is Hashtable or kind is OrderedDictionary:
                if target.extended is None:
                    value = target.get(name, MISSING)
                    if value is not MISSING:
                        return value
            elif target is AUTO_NULL:
                target = None
            return get_property(rt, target, name)

        return named
    say, may_be_key = member, isinstance(node.member, ast.ConstantExpression)

    def computed(rt: Interp) -> Any:
        target = owner(rt)
        if target is AUTO_NULL:
            target = None
        if may_be_key and isinstance(target, DictionaryBase):
            key = rt.eval(node.member)
            if not isinstance(key, str) and target.contains(key):
                return target.get(key)
        return get_property(rt, target, say(rt))

    return computed


def _static_member(node: ast.MemberExpression) -> Code:
    owner, extent = value_code(node.expression), node.extent

    def run(rt: Interp) -> Any:
        target = owner(rt)
        name = member_name(rt, node.member)
        if isinstance(target, str):
            target = resolve_type(rt, target, extent.line)
        if not isinstance(target, PSType):
            if target is None:
                return get_property(rt, None, name)
            target = type_of(target)
        value = method_calls.get_static(target, name, rt.machine)
        if value is MISSING:
            if rt.scope.strict_version() >= 2:
                raise property_missing(name)
            return None
        return value

    return run


def make_invoke(node: ast.InvokeMemberExpression) -> Code:
    owner = value_code(node.expression)
    member = name_code(node.member)
    codes = [value_code(argument) for argument in node.arguments]
    static, extent = node.static, node.extent

    def run(rt: Interp) -> Any:
        target = owner(rt)
        name = member if isinstance(member, str) else member(rt)
        args = [code(rt) for code in codes]
        rt.check_stop()
        if static:
            if isinstance(target, str):
                target = resolve_type(rt, target, extent.line)
            if isinstance(target, PSType):
                if rt.constrained:
                    language_mode.check_static_call(target, name)
                special = rt.static_special(target, name, args, node)
                if special is not MISSING:
                    return special
                if name.lower() == "new":
                    return method_calls.construct(target, args, rt.machine)
                return method_calls.invoke_static(target, name, args, rt.machine)
            if target is not None:
                if rt.constrained:
                    language_mode.check_call(type_of(target), name)
                return method_calls.invoke_static(type_of(target), name, args, rt.machine)
        return invoke_method(rt, target, name, args, node)

    return run


def invoke_method(rt: Interp, target: Any, name: str, args: list[Any], node: ast.Node | None) -> Any:
    if target is None:
        raise runtime_error(
            "InvokeMethodOnNull", "InvalidOperation", "You cannot call a method on a null-valued expression."
        )
    if rt.constrained:
        language_mode.check_call(type_of(target), name)
    special = rt.method_special(target, name, args, node)
    if special is not MISSING:
        return special
    try:
        return method_calls.invoke(target, name, args, rt.machine)
    except PSRuntimeError as error:
        if error.error_id != "MethodNotFound" or not is_enumerable(target) or not len(list(iterate(target))):
            raise
        out: list[Any] = []
        for element in iterate(target):
            value = invoke_method(rt, element, name, args, node)
            if value is AUTO_NULL:
                continue
            out.extend(iterate(value) if is_enumerable(value) else [value])
        return from_list(out)


def make_index(node: ast.IndexExpression) -> Code:
    target_code, index_code = value_code(node.target), value_code(node.index)
    # [object]1 makes the number a key instead of a position.
    as_key = isinstance(node.index, ast.ConvertExpression) and node.index.type_name.full_name.lower() in _OBJECT_NAMES

    def run(rt: Interp) -> Any:
        target = target_code(rt)
        index = index_code(rt)
        if as_key and isinstance(target, OrderedDictionary):
            return target.get(index)
        return get_index(rt, target, index)

    return run


def get_index(rt: Interp, target: Any, index: Any) -> Any:
    if target is None:
        raise runtime_error("NullArray", "InvalidOperation", "Cannot index into a null array.")
    if index is None and not isinstance(target, DictionaryBase):
        raise runtime_error(
            "NullArrayIndex", "InvalidOperation", "Index operation failed; the array index evaluated to null."
        )
    strict = rt.scope.strict_version()
    try:
        value = members.index(target, index, strict >= 3)
    except PSRuntimeError as error:
        # An index that is no number reads as null, except under strict mode 3.
        if strict >= 3 or not error.error_id.startswith("InvalidCast") or isinstance(target, DictionaryBase):
            raise
        return None
    return None if value is MISSING else value
