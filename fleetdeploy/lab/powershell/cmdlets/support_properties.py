"""What Select-, Sort-, Group-, Measure-Object and others share: properties by name, wildcard, block or table.

No cmdlets here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell import convert, members
from fleetdeploy.lab.powershell.cmdlets.registry import CmdletContext
from fleetdeploy.lab.powershell.containers import DictionaryBase
from fleetdeploy.lab.powershell.runtime.errors import runtime_error
from fleetdeploy.lab.powershell.runtime.scope import AUTO_NULL
from fleetdeploy.lab.powershell.runtime.values_ext import ScriptBlockValue, from_list
from fleetdeploy.lab.powershell.values import MISSING, PSCustomObject, type_of
from fleetdeploy.lab.powershell.wildcard import has_wildcards, like


@dataclass(frozen=True, slots=True)
class Key:
    """One -Property entry: an expression, its label, and Sort-Object's options."""

    expression: Any
    label: str | None = None
    descending: bool | None = None


def key_of(ctx: CmdletContext, entry: Any, allowed: tuple[str, ...]) -> Key:
    if not isinstance(entry, DictionaryBase):
        return Key(entry)
    expression: Any = None
    label: str | None = None
    descending: bool | None = None
    for name, value in entry.items():
        wanted = [one for one in allowed if one.startswith(convert.to_string(name).lower())]
        if len(wanted) != 1 and convert.to_string(name).lower() not in allowed:
            raise runtime_error(
                "DictionaryKeyUnknown" if not wanted else "DictionaryKeyAmbiguous",
                "InvalidArgument",
                f"The {convert.to_string(name)} key is not valid.",
                exception_type="System.NotSupportedException",
            )
        chosen = convert.to_string(name).lower() if convert.to_string(name).lower() in allowed else wanted[0]
        if chosen == "expression":
            expression = value
        elif chosen in ("name", "label"):
            label = convert.to_string(value)
        elif chosen == "descending":
            descending = convert.to_bool(value)
        elif chosen == "ascending":
            descending = not convert.to_bool(value)
    if expression is None and label is not None:
        expression = label
    if expression is None:
        raise NotSimulated("a property table without an expression", ctx.line)
    return Key(expression, label, descending)


def property_value(ctx: CmdletContext, item: Any, name: str) -> Any:
    """The property, or MISSING; a dictionary answers its keys."""
    if isinstance(item, DictionaryBase) and item.contains(name):
        return item.get(name)
    return members.get_member(item, name)


def evaluate(ctx: CmdletContext, expression: Any, item: Any) -> Any:
    """An expression of a key for one object: $null for a missing property."""
    if isinstance(expression, ScriptBlockValue):
        from fleetdeploy.lab.powershell.runtime.errors import ScriptError

        try:
            out = ctx.interp.invoke_block(expression, (), dollar_under=item, same_scope=True, propagate=True)
        except ScriptError:
            return None
        value = from_list(out)
        return None if value is AUTO_NULL else value
    if item is None:
        return None
    name = convert.to_string(expression)
    if has_wildcards(name):
        raise NotSimulated("a wildcard property", ctx.line)
    value = property_value(ctx, item, name)
    return None if value is MISSING else value


def property_names(item: Any, line: int = 0) -> list[str]:
    """All property names of an object, in order."""
    if isinstance(item, PSCustomObject):
        return item.names()
    if isinstance(item, DictionaryBase):
        raise NotSimulated("the properties of a dictionary by wildcard", line)
    kind = type_of(item)
    if isinstance(item, str):
        return ["Length"]
    names = [prop.name for current in kind.ancestry() for prop in current.properties.values()]
    if not names:
        raise NotSimulated(f"the properties of {kind.full_name} by wildcard", line)
    raise NotSimulated(f"the properties of {kind.full_name} by wildcard", line)


def chosen_properties(ctx: CmdletContext, item: Any, entries: list[Any], exclude: list[str]) -> list[tuple[str, Any]]:
    """Select-Object -Property: names, wildcards, and tables with Name and Expression."""
    pairs: list[tuple[str, Any]] = []
    for entry in entries:
        key = key_of(ctx, entry, ("expression", "name", "label"))
        expression = key.expression
        if isinstance(expression, ScriptBlockValue):
            label = key.label if key.label is not None else str(expression.text)
            pairs.append((label, evaluate(ctx, expression, item)))
            continue
        name = convert.to_string(expression)
        if has_wildcards(name):
            for known in property_names(item, ctx.line):
                excluded = any(like(known, one) for one in exclude)
                if like(known, name) and not excluded and known.lower() not in (one.lower() for one, _ in pairs):
                    pairs.append((known, members.get_member(item, known)))
            continue
        if any(like(name, one) for one in exclude):
            continue
        value = MISSING if item is None else property_value(ctx, item, name)
        label = key.label or true_name(item, name)
        pairs.append((label, None if value is MISSING else value))
    return pairs


def true_name(item: Any, name: str) -> str:
    """The declared spelling of a property, or the one asked for."""
    if isinstance(item, PSCustomObject):
        member = item.members.find(name)
        return name if member is None else member.name
    if item is None or isinstance(item, DictionaryBase):
        return name
    found = members.find_property(type_of(item), name)
    return name if found is None else found.name
