"""Get-Member: all of a custom object's members; of a .NET type only those that are asked for by name.

The lab's tables do not hold all members of a type, so a list of them is refused.
"""

from __future__ import annotations

from typing import Any

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell import convert, members, unsimulated
from fleetdeploy.lab.powershell.cmdlets.registry import Cmdlet, CmdletContext, Param, cmdlet
from fleetdeploy.lab.powershell.containers import DictionaryBase
from fleetdeploy.lab.powershell.typesystem import REGISTRY
from fleetdeploy.lab.powershell.values import EnumValue, PSCustomObject, ScriptProperty, type_names_of, type_of
from fleetdeploy.lab.powershell.wildcard import has_wildcards, like

_DEFINITION = "Microsoft.PowerShell.Commands.MemberDefinition"
# Types whose members are all .NET's own: the types file adds none, or those named here.
_ADDED = {"System.DateTime": {"datetime"}, "System.Guid": {"guid"}}
_NAMES = """
String Int32 Int64 Byte Double Single Decimal Boolean Char DateTime TimeSpan Guid Version Collections.Hashtable
"""
_PLAIN = frozenset(f"System.{name}" for name in _NAMES.split())


@cmdlet("Get-Member", aliases=("gm",))
class GetMember(Cmdlet):
    parameters = (
        Param("InputObject", "object", pipeline=True),
        Param("Name", "string[]", position=0),
        Param("MemberType", "string[]", aliases=("Type",)),
        Param("Static", unsupported=True),
        Param("Force", unsupported=True),
        Param("View", unsupported=True),
    )

    def begin(self, ctx: CmdletContext) -> None:
        self.seen: set[str] = set()

    def process(self, ctx: CmdletContext) -> None:
        if not self.bound("InputObject") or self.get("InputObject") is None:
            return
        target = self.get("InputObject")
        first = type_names_of(target)[0]
        if first in self.seen:
            return
        self.seen.add(first)
        if isinstance(target, PSCustomObject):
            self._custom(ctx, target)
        else:
            self._net(ctx, target)

    def _wanted_kind(self, kind: str) -> bool:
        """Whether -MemberType lets a member of this kind through."""
        kinds = [one.lower() for one in self.get("MemberType") or ()]
        groups = {kind.lower(), "all"}
        if kind.endswith("Property"):
            groups.add("properties")
        if kind.endswith("Method"):
            groups.add("methods")
        return not kinds or bool(groups & set(kinds))

    def _custom(self, ctx: CmdletContext, target: PSCustomObject) -> None:
        wanted = list(self.get("Name") or ("*",))
        kinds = [one.lower() for one in self.get("MemberType") or ()]
        if (not kinds and "*" in wanted) or {"method", "methods", "all"} & set(kinds):
            raise NotSimulated("Get-Member with methods", ctx.line)
        found = [one for one in target.members if any(like(one.name, name) for name in wanted)]
        for member in sorted(found, key=lambda one: one.name.lower()):
            kind = member.member_type if hasattr(member, "member_type") else "ScriptMethod"
            if not self._wanted_kind(kind):
                continue
            value = getattr(member, "value", None)
            label = "object" if value is None else convert.type_text(type_of(value))
            text = f"{label} {member.name}={'null' if value is None else convert.to_string(value)}"
            _write(ctx, type_names_of(target)[0], member.name, kind, text)

    def _net(self, ctx: CmdletContext, target: Any) -> None:
        kind = type_of(target)
        names = list(self.get("Name") or ())
        plain = kind.full_name in _PLAIN and getattr(target, "extended", None) is None
        if not plain or not names or any(has_wildcards(name) for name in names):
            raise NotSimulated(f"Get-Member of a {kind.full_name}", ctx.line)
        for name in sorted(names, key=str.lower):
            if name.lower() in _ADDED.get(kind.full_name, ()):
                raise NotSimulated(f"Get-Member {name} of a {kind.full_name}", ctx.line)
            found = members.find_property(kind, name)
            if found is not None:
                shown, member_kind = found.name, "Property"
            elif members.has_method(target, name):
                method = next(one for current in kind.ancestry() for one in current.methods.get(name.lower(), []))
                shown, member_kind = method.name, "Method"
            elif name.lower() in unsimulated.METHODS | unsimulated.PROPERTIES or not _complete(target):
                raise NotSimulated(f"Get-Member {name} of a {kind.full_name}", ctx.line)
            else:
                continue
            if self._wanted_kind(member_kind):
                _write(ctx, kind.full_name, shown, member_kind, None)

    def end(self, ctx: CmdletContext) -> None:
        if not self.seen:
            ctx.fail("NoObjectInGetMember", "CloseError", "System.InvalidOperationException",
                     "You must specify an object for the Get-Member cmdlet.")  # fmt: skip


def _complete(target: Any) -> bool:
    """Whether what the lab does not know of the type does not exist."""
    kind = type_of(target)
    return isinstance(target, DictionaryBase) or (kind.generic_definition or kind).closed


def _write(ctx: CmdletContext, type_name: str, name: str, kind: str, definition: str | None) -> None:
    enum = REGISTRY["system.management.automation.psmembertypes"]
    value = EnumValue(enum, (enum.enum_values or {})[kind])
    made = PSCustomObject(
        [("TypeName", type_name), ("Name", name), ("MemberType", value)], [_DEFINITION, "System.Object"]
    )
    if definition is not None:
        made.set("Definition", definition)
    else:
        made.members.add(ScriptProperty("Definition", _Unknown(f"the definition of {type_name}.{name}")))
    ctx.write(made)


class _Unknown:
    """Stands for a text that the lab does not know."""

    text = ""

    def __init__(self, what: str) -> None:
        self.what = what

    def invoke_delegate(self, args: list[Any], this: Any = None) -> Any:
        raise NotSimulated(self.what)
