"""Casts by a class's own means: Parse, a constructor, settable properties from a table, XML."""

from __future__ import annotations

from typing import Any

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell import types
from fleetdeploy.lab.powershell.convert_errors import cast_error, final_error
from fleetdeploy.lab.powershell.convert_errors import value_error as value_error
from fleetdeploy.lab.powershell.text_forms import custom_object_text as custom_object_text
from fleetdeploy.lab.powershell.text_forms import is_collection as is_collection
from fleetdeploy.lab.powershell.text_forms import net_to_string as net_to_string
from fleetdeploy.lab.powershell.text_forms import to_string as to_string
from fleetdeploy.lab.powershell.text_forms import type_text as type_text
from fleetdeploy.lab.powershell.values import (
    MISSING,
    OBJECT,
    Char,
    DictionaryBase,
    EnumValue,
    NetError,
    PSCustomObject,
    PSType,
)


def _machine() -> Any:
    """The host of the running script; None outside of one."""
    from fleetdeploy.lab.powershell.runtime.values_ext import current

    try:
        return current().machine
    except NotSimulated:
        return None


def by_class(value: Any, target: PSType) -> Any:
    from fleetdeploy.lab.powershell import method_calls

    parse = target.static_methods.get("parse")
    if isinstance(value, str) and not isinstance(value, Char) and parse:
        try:
            return method_calls.call_static(target, "Parse", [str(value)], _machine())
        except NetError as failure:
            raise value_error(
                "InvalidCastParseTargetInvocation",
                value,
                target,
                failure.exception.message,
                failure.exception.type_name,
            ) from None
    if target.full_name == "System.Uri" and isinstance(value, str):
        kind = types.resolve("System.UriKind")
        return method_calls.construct_unwrapped(target, [str(value), EnumValue(kind or OBJECT, 0)], None)
    if target.full_name == "System.Xml.XmlDocument":
        from fleetdeploy.lab.powershell.dotnet import xml

        return xml.cast(value)
    for overload in target.constructors or (
        target.generic_definition.constructors if target.generic_definition else []
    ):
        if len(overload.params) != 1:
            continue
        converted = method_calls.implicit_argument(value, overload.params[0], target)
        if converted is MISSING:
            continue
        try:
            return method_calls.construct_unwrapped(target, [converted], _machine())
        except NetError as failure:
            message = (
                f'Cannot convert value "{to_string(value)}" to type "{target.full_name}".'
                f' Error: "{failure.exception.message}"'
            )
            raise cast_error("InvalidCastConstructorException", message, failure.exception) from None
    if isinstance(value, (DictionaryBase, PSCustomObject)) and target.constructors:
        if isinstance(value, PSCustomObject) and not any(not o.params for o in target.constructors):
            raise final_error(value, target)
        return _from_table(value, target)
    raise final_error(value, target)


def _from_table(value: Any, target: PSType) -> Any:
    from fleetdeploy.lab.powershell import members, method_calls

    if target.full_name.startswith("System.Collections."):
        message = final_error(value, target).message
        text = f'Cannot convert value "{to_string(value)}" to type "{target.full_name}". Error: "{message}"'
        raise cast_error("InvalidCastConstructorException", text)
    result = method_calls.construct_unwrapped(target, [], _machine())
    for key, held in value.items():
        name = to_string(key)
        prop = members.find_property(target, name)
        if prop is None or prop.setter is None:
            settable = ", ".join(
                f"[{known.name} <{known.type_name}>]"
                for known in target.properties.values()
                if known.setter is not None
            )
            message = (
                f"Cannot create object of type \"{target.full_name}\". The property '{name}' was not found for the"
                f" '{target.full_name}' object. The settable properties are: {settable}."
            )
            raise cast_error("ObjectCreationError", message)
        members.set_member(result, name, held)
    return result
