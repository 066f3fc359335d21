"""Utility cmdlets: New-Object, Add-Member, Get-Member, dates, waiting, JSON, types, secure strings."""

from __future__ import annotations

import secrets
import uuid
from typing import Any

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell import convert, convert_numbers, members, method_calls
from fleetdeploy.lab.powershell.cmdlets.registry import Cmdlet, CmdletContext, Param, cmdlet
from fleetdeploy.lab.powershell.containers import DictionaryBase
from fleetdeploy.lab.powershell.runtime import language_mode
from fleetdeploy.lab.powershell.runtime.type_names import resolve_type
from fleetdeploy.lab.powershell.runtime.values_ext import ScriptBlockValue
from fleetdeploy.lab.powershell.values import (
    AliasProperty,
    DotNetException,
    ExtendedStr,
    Guid,
    NetError,
    NoteProperty,
    PropertyBag,
    PSCustomObject,
    PSRuntimeError,
    ScriptMethod,
    ScriptProperty,
    SecureString,
    type_of,
)

_NOT_SUPPORTED = "System.Management.Automation.PSNotSupportedException"


@cmdlet("New-Object")
class NewObject(Cmdlet):
    default_set = "Net"
    parameters = (
        Param("TypeName", "string", position=0, mandatory=True, sets=("Net",)),
        Param("ArgumentList", "object[]", position=1, sets=("Net",), aliases=("Args",), allow_null=True),
        Param("Property", "object"),
        Param("ComObject", unsupported=True, sets=("Com",)),
        Param("Strict", unsupported=True, sets=("Com",)),
    )

    def process(self, ctx: CmdletContext) -> None:
        name = self.get("TypeName")
        try:
            kind = resolve_type(ctx.interp, name, ctx.line)
        except PSRuntimeError:
            ctx.fail("TypeNotFound", "InvalidType", "System.Management.Automation.PSArgumentException",
                     f"Cannot find type [{name}]: verify that the assembly containing this type is loaded.",
                     terminating=True)  # fmt: skip
            return
        if ctx.interp.constrained and not language_mode.is_core(kind):
            ctx.fail("CannotCreateTypeConstrainedLanguage", "PermissionDenied", _NOT_SUPPORTED,
                     "Cannot create type. Only core types are supported in this language mode.",
                     terminating=True)  # fmt: skip
            return
        given = self.get("ArgumentList")
        args = list(given) if given is not None else []
        if (
            kind.full_name in ("System.Management.Automation.PSObject", "System.Management.Automation.PSCustomObject")
            and not args
        ):
            made: Any = PSCustomObject()
        else:
            try:
                made = method_calls.construct_unwrapped(kind, args, ctx.machine)
            except NetError as failure:
                inner = failure.exception
                raise PSRuntimeError(
                    "ConstructorInvokedThrowException",
                    "InvalidOperation",
                    DotNetException(
                        "System.Management.Automation.MethodInvocationException",
                        f'Exception calling ".ctor" with "{len(args)}" argument(s): "{inner.message}"',
                        inner,
                    ),
                ) from None
            except PSRuntimeError as failure:
                if failure.error_id in ("MethodCountCouldNotFindBest", "MethodArgumentConversionInvalidCastArgument"):
                    failure.error_id = "ConstructorInvokedThrowException"
                    failure.category = "InvalidOperation"
                raise
        table = self.get("Property")
        if isinstance(table, DictionaryBase):
            for key, value in table.items():
                text = convert.to_string(key)
                if isinstance(made, PSCustomObject):
                    made.members.add(NoteProperty(text, value))
                else:
                    self._set(ctx, made, text, value)
        ctx.write(made)

    @staticmethod
    def _set(ctx: CmdletContext, made: Any, name: str, value: Any) -> None:
        try:
            members.set_member(made, name, value)
        except PSRuntimeError as failure:
            if failure.error_id not in ("PropertyNotFound", "PropertyAssignmentException"):
                raise
            ctx.fail("InvalidOperationException", "InvalidOperation", "System.InvalidOperationException",
                     f'The member "{name}" was not found for the specified .NET object.')  # fmt: skip


def bag_for(ctx: CmdletContext, target: Any) -> PropertyBag:
    if isinstance(target, PSCustomObject):
        return target.members
    if not hasattr(target, "extended"):
        raise NotSimulated(f"Add-Member on a {type_of(target).full_name}", ctx.line)
    if target.extended is None:
        target.extended = PropertyBag()
    bag: PropertyBag = target.extended
    return bag


_TYPES_OF_MEMBERS = """
aliasproperty codeproperty property noteproperty scriptproperty properties propertyset method codemethod scriptmethod
methods parameterizedproperty memberset event dynamic all
"""
_MEMBER_TYPES = frozenset(_TYPES_OF_MEMBERS.split())


@cmdlet("Add-Member")
class AddMember(Cmdlet):
    default_set = "TypeNameSet"
    parameters = (
        Param("InputObject", "object", mandatory=True, pipeline=True),
        # Objects, because the first positional argument decides by its value what it is: see process().
        Param("MemberType", "object", position=0, mandatory=True, sets=("MemberSet",), aliases=("Type",)),
        Param("Name", "object", position=1, sets=("MemberSet",), allow_null=True),
        Param("Value", "object", position=2, sets=("MemberSet",), allow_null=True),
        Param("SecondValue", "object", position=3, sets=("MemberSet",)),
        Param("NotePropertyName", "string", position=0, mandatory=True, sets=("NotePropertySingleMemberSet",)),
        Param("NotePropertyValue", "object", position=1, mandatory=True, allow_null=True,
              sets=("NotePropertySingleMemberSet",)),
        Param("NotePropertyMembers", "hashtable", position=0, mandatory=True, sets=("NotePropertyMultiMemberSet",)),
        Param("TypeName", "string", sets=("TypeNameSet", "MemberSet", "NotePropertySingleMemberSet",
                                          "NotePropertyMultiMemberSet")),
        Param("Force", "switch"),
        Param("PassThru", "switch"),
    )  # fmt: skip

    def process(self, ctx: CmdletContext) -> None:
        target = self.get("InputObject")
        if isinstance(target, str) and not isinstance(target, ExtendedStr) and self.get("PassThru"):
            target = ExtendedStr(target)
        members_, name, value = self.get("NotePropertyMembers"), self.get("NotePropertyName"), None
        if self.bound("NotePropertyName"):
            value = self.get("NotePropertyValue")
        kind = self.get("MemberType") if self.bound("MemberType") else None
        if isinstance(kind, DictionaryBase):
            members_ = kind
        elif kind is not None and convert.to_string(kind).lower() not in _MEMBER_TYPES:
            # Add-Member NAME VALUE; a name that is a member type's is taken for the type.
            if not self.bound("Name") or self.bound("Value"):
                raise NotSimulated(f"Add-Member -MemberType {convert.to_string(kind)}", ctx.line)
            name, value = convert.to_string(kind), self.get("Name")
        elif kind is not None:
            if not self.bound("Name"):
                raise NotSimulated("a prompt for Add-Member -Name", ctx.line)
            self._add(ctx, target, self._member(ctx))
        if members_ is not None:
            for key, one in members_.items():
                self._add(ctx, target, NoteProperty(convert.to_string(key), one))
        elif name is not None:
            self._add(ctx, target, NoteProperty(name, value))
        if self.bound("TypeName"):
            from fleetdeploy.lab.powershell.values import type_names_of

            target.type_names = [self.get("TypeName"), *type_names_of(target)]
        if self.get("PassThru"):
            ctx.write(target)

    def _member(self, ctx: CmdletContext) -> Any:
        kind = convert.to_string(self.get("MemberType")).lower()
        name, value, second = convert.to_string(self.get("Name")), self.get("Value"), self.get("SecondValue")
        if kind == "noteproperty":
            return NoteProperty(name, value)
        if kind == "aliasproperty":
            return AliasProperty(name, convert.to_string(value))
        if kind == "scriptproperty" and isinstance(value, ScriptBlockValue):
            return ScriptProperty(name, value, second if isinstance(second, ScriptBlockValue) else None)
        if kind == "scriptmethod" and isinstance(value, ScriptBlockValue):
            return ScriptMethod(name, value)
        raise NotSimulated(f"Add-Member -MemberType {kind}", ctx.line)

    def _add(self, ctx: CmdletContext, target: Any, member: Any) -> None:
        bag = bag_for(ctx, target)
        if bag.find(member.name) is not None and not self.get("Force"):
            ctx.fail("MemberAlreadyExists", "InvalidOperation", "System.InvalidOperationException",
                     f"Cannot add a member with the name \"{member.name}\" because a member with that name "
                     "already exists. To overwrite the member anyway, add the Force parameter to your command.",
                     target=target)  # fmt: skip
            return
        bag.add(member)


@cmdlet("Start-Sleep", aliases=("sleep",))
class StartSleep(Cmdlet):
    default_set = "Seconds"
    parameters = (
        Param("Seconds", "double", position=0, mandatory=True, pipeline=True, sets=("Seconds",)),
        Param("Milliseconds", "int", mandatory=True, sets=("Milliseconds",), aliases=("ms",)),
    )

    def process(self, ctx: CmdletContext) -> None:
        if self.bound("Milliseconds"):
            ctx.sleep(self.get("Milliseconds") / 1000)
        else:
            # Windows PowerShell takes whole seconds: [int] conversion rounds half to even.
            ctx.sleep(float(convert_numbers.round_half_even(self.get("Seconds"))))


@cmdlet("Get-Random", aliases=())
class GetRandom(Cmdlet):
    parameters = (
        Param("Maximum", "object", position=0),
        Param("Minimum", "object"),
        Param("InputObject", "object[]", pipeline=True),
        Param("Count", "int", default=1),
        Param("SetSeed", unsupported=True),
    )

    def begin(self, ctx: CmdletContext) -> None:
        self.items: list[Any] = []

    def process(self, ctx: CmdletContext) -> None:
        if self.bound("InputObject"):
            self.items.extend(self.get("InputObject") or ())

    def end(self, ctx: CmdletContext) -> None:
        generator = secrets.SystemRandom()
        if self.items:
            for item in generator.sample(self.items, min(self.get("Count"), len(self.items))):
                ctx.write(item)
            return
        low = self.get("Minimum") if self.bound("Minimum") else 0
        high = self.get("Maximum") if self.bound("Maximum") else 2147483647
        low, high = convert_numbers.to_number(low), convert_numbers.to_number(high)
        if isinstance(low, float) or isinstance(high, float):
            ctx.write(generator.uniform(float(low), float(high)))
            return
        if low >= high:
            ctx.fail("MinGreaterThanOrEqualMax", "InvalidArgument", "System.ArgumentException",
                     f"The Minimum value ({low}) cannot be greater than or equal to the Maximum value ({high}).",
                     terminating=True)  # fmt: skip
        ctx.write(generator.randrange(int(low), int(high)))


@cmdlet("New-Guid")
class NewGuid(Cmdlet):
    def process(self, ctx: CmdletContext) -> None:
        ctx.write(Guid(uuid.uuid4()))


_ASSEMBLIES = (
    "system.io.compression",
    "system.net.http",
    "system.serviceprocess",
    "system.web",
    "system.security",
    "system.core",
    "system.numerics",
    "system.xml",
)


@cmdlet("Add-Type")
class AddType(Cmdlet):
    """Only known assemblies, whose types the lab has anyway; where the language is constrained, no definitions."""

    default_set = "FromSource"
    parameters = (
        Param("AssemblyName", "string[]", mandatory=True, aliases=("AN",), sets=("FromAssemblyName",)),
        Param("TypeDefinition", "string", mandatory=True, position=0, sets=("FromSource",)),
        Param("Path", unsupported=True, sets=("FromPath",)),
        Param("Name", "string", mandatory=True, position=0, sets=("FromMember",)),
        Param("MemberDefinition", "string[]", mandatory=True, position=1, sets=("FromMember",)),
        Param("Namespace", "string", aliases=("NS",), sets=("FromMember",)),
        Param("PassThru", unsupported=True),
    )

    def process(self, ctx: CmdletContext) -> None:
        defines = not self.bound("AssemblyName")
        if ctx.interp.constrained and defines:
            ctx.fail("CannotDefineNewType", "PermissionDenied", _NOT_SUPPORTED,
                     "Cannot add type. Definition of new types is not supported in this language mode.",
                     terminating=True)  # fmt: skip
            return
        if ctx.interp.constrained or defines:
            # Of assemblies in a constrained session no record says what happens.
            raise NotSimulated("Add-Type with these parameters", ctx.line)
        for name in self.get("AssemblyName"):
            if not name.lower().startswith(_ASSEMBLIES):
                raise NotSimulated(f"Add-Type -AssemblyName {name}", ctx.line)


@cmdlet("ConvertTo-SecureString")
class ConvertToSecureString(Cmdlet):
    parameters = (
        Param("String", "string", position=0, mandatory=True, pipeline=True),
        Param("AsPlainText", "switch", position=1),
        Param("Force", "switch", position=2),
        Param("Key", unsupported=True),
        Param("SecureKey", unsupported=True),
    )

    def process(self, ctx: CmdletContext) -> None:
        if not (self.get("AsPlainText") and self.get("Force")):
            raise NotSimulated("ConvertTo-SecureString of encrypted text", ctx.line)
        ctx.write(SecureString(self.get("String")))
