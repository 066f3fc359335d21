"""Cmdlets for properties of items (registry values; times and read-only of files) and Get-FileHash."""

from __future__ import annotations

import hashlib
from typing import Any

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell import members, wildcard
from fleetdeploy.lab.powershell.cmdlets import provider_paths as pp
from fleetdeploy.lab.powershell.cmdlets import provider_registry as reg
from fleetdeploy.lab.powershell.cmdlets.provider_items import get_object, with_drive
from fleetdeploy.lab.powershell.cmdlets.registry import Cmdlet, CmdletContext, Param, cmdlet
from fleetdeploy.lab.powershell.dotnet.io_items import file_exception
from fleetdeploy.lab.powershell.dotnet.io_streams import Stream
from fleetdeploy.lab.powershell.values import DotNetException, ErrorRecord, PSCustomObject
from fleetdeploy.lab.windows.errors import FileError, FileErrorKind
from fleetdeploy.lab.windows.nodes import Access, Share

_ARGUMENT = "System.Management.Automation.PSArgumentException"
_PATHS = (
    Param("Path", "string[]", position=0, mandatory=True, pipeline=True, by_property=True, sets=("Path",)),
    Param("LiteralPath", "string[]", mandatory=True, by_property=True, aliases=("PSPath",), sets=("LiteralPath",)),
)
_FILTERS = (
    Param("Filter", unsupported=True),
    Param("Include", unsupported=True),
    Param("Exclude", unsupported=True),
    Param("Credential", unsupported=True),
    Param("UseTransaction", unsupported=True),
)
_KIND = Param(
    "PropertyType",
    "string",
    by_property=True,
    aliases=("Type",),
    validate_set=("String", "ExpandString", "Binary", "DWord", "MultiString", "QWord", "Unknown"),
)


def _missing_property(ctx: CmdletContext, name: str, target: pp.Target) -> None:
    text = f"Property {name} does not exist at path {target.path}."
    ctx.error(ErrorRecord(DotNetException(_ARGUMENT, text), _ARGUMENT, "InvalidArgument", name))


def _stored_name(name: str) -> str:
    return "" if name.lower() == "(default)" else name


def _read(ctx: CmdletContext, target: pp.Target, names: list[str]) -> tuple[Any, list[str]]:
    """(object with the properties, names that are missing)."""
    if target.provider == pp.REGISTRY:
        return reg.properties(ctx, target, names)
    if target.provider != pp.FILE:
        raise NotSimulated(f"{ctx.command_name} on the drive {target.drive}:", ctx.line)
    item = with_drive(get_object(ctx, target), target.drive)
    if not names:
        return item, []
    extra = [(m.name, m.value) for m in item.extended or () if m.name.startswith("PS") and m.name != "PSIsContainer"]
    return PSCustomObject([*((n, members.get_member(item, n)) for n in names), *extra]), []


@cmdlet("Get-ItemProperty", aliases=("gp",))
class GetItemProperty(pp.PathCmdlet):
    parameters = (*_PATHS, Param("Name", "string[]", position=1, aliases=("PSProperty",)), *_FILTERS)
    default_set = "Path"

    def process(self, ctx: CmdletContext) -> None:
        names = [str(n) for n in self.get("Name") or ()]
        if any(wildcard.has_wildcards(n) for n in names):
            raise NotSimulated("Get-ItemProperty with wildcards in -Name", ctx.line)
        for target in self.existing(ctx):
            found, missing = _read(ctx, target, names)
            for name in missing:
                _missing_property(ctx, name, target)
            if len(missing) < len(names) or (not names and _has_any(found, target)):
                ctx.write(found)


def _has_any(found: Any, target: pp.Target) -> bool:
    """A key without values gives nothing."""
    if target.provider != pp.REGISTRY or not isinstance(found, PSCustomObject):
        return True
    return any(not name.startswith("PS") for name in found.names())


@cmdlet("Get-ItemPropertyValue", aliases=("gpv",))
class GetItemPropertyValue(pp.PathCmdlet):
    parameters = (
        Param("Path", "string[]", position=0, pipeline=True, by_property=True, sets=("Path",)),
        Param("LiteralPath", "string[]", mandatory=True, by_property=True, aliases=("PSPath",), sets=("LiteralPath",)),
        Param("Name", "string[]", position=1, mandatory=True, aliases=("PSProperty",)),
        *_FILTERS,
    )
    default_set = "Path"

    def process(self, ctx: CmdletContext) -> None:
        names = [str(n) for n in self.get("Name")]
        for target in self.existing(ctx):
            found, missing = _read(ctx, target, names)
            for name in missing:
                _missing_property(ctx, name, target)
            for name in names:
                if name not in missing:
                    ctx.write(members.get_member(found, name))


class _Changing(pp.PathCmdlet):
    """Base of cmdlets that change one property."""

    supports_should_process = True
    default_set = "Path"

    def registry_targets(self, ctx: CmdletContext) -> list[pp.Target]:
        found = self.existing(ctx)
        for target in found:
            if target.provider != pp.REGISTRY:
                raise NotSimulated(f"{ctx.command_name} outside of the registry", ctx.line)
        return found


@cmdlet("Set-ItemProperty", aliases=("sp",))
class SetItemProperty(_Changing):
    parameters = (
        Param("Path", "string[]", position=0, mandatory=True, by_property=True, pipeline=True, sets=("Path",)),
        Param("LiteralPath", "string[]", mandatory=True, by_property=True, aliases=("PSPath",), sets=("LiteralPath",)),
        Param("Name", "string", position=1, mandatory=True, by_property=True, aliases=("PSProperty",)),
        Param("Value", "object", position=2, mandatory=True, by_property=True, allow_null=True),
        Param("InputObject", unsupported=True),
        Param(
            "Type",
            "string",
            by_property=True,
            validate_set=("String", "ExpandString", "Binary", "DWord", "MultiString", "QWord", "Unknown"),
        ),
        Param("PassThru", "switch"),
        Param("Force", "switch"),
        *_FILTERS,
    )

    def process(self, ctx: CmdletContext) -> None:
        name = str(self.get("Name"))
        value = self.get("Value")
        for target in self.existing(ctx):
            if not ctx.should_process(f"Item: {target.path} Property: {name}", "Set Property"):
                continue
            if target.provider == pp.REGISTRY:
                old = ctx.machine.registry.get(target.path, _stored_name(name))
                asked = self.get("Type")
                kind, data = reg.from_value(ctx, value, str(asked) if asked else None, old.kind if old else None)
                ctx.machine.registry.set(target.path, _stored_name(name), kind, data)
            elif target.provider == pp.FILE:
                members.set_member(get_object(ctx, target), name, value)
            else:
                raise NotSimulated(f"Set-ItemProperty on the drive {target.drive}:", ctx.line)
            if self.get("PassThru"):
                ctx.write(_read(ctx, target, [name])[0])


@cmdlet("New-ItemProperty")
class NewItemProperty(_Changing):
    parameters = (
        Param("Path", "string[]", position=0, mandatory=True, sets=("Path",)),
        Param("LiteralPath", "string[]", mandatory=True, by_property=True, aliases=("PSPath",), sets=("LiteralPath",)),
        Param("Name", "string", position=1, mandatory=True, by_property=True, aliases=("PSProperty",)),
        _KIND,
        Param("Value", "object", by_property=True, allow_null=True),
        Param("Force", "switch"),
        *_FILTERS,
    )

    def process(self, ctx: CmdletContext) -> None:
        name = str(self.get("Name"))
        for target in self.registry_targets(ctx):
            if not ctx.should_process(f"Item: {target.path} Property: {name}", "New Property"):
                continue
            registry = ctx.machine.registry
            if registry.get(target.path, _stored_name(name)) is not None and not self.get("Force"):
                exception = DotNetException("System.IO.IOException", "The property already exists.")
                ctx.error(ErrorRecord(exception, "System.IO.IOException", "ResourceExists", target.path))
                continue
            asked = self.get("PropertyType")
            kind, data = reg.from_value(ctx, self.get("Value"), str(asked) if asked else None, None)
            registry.set(target.path, _stored_name(name), kind, data)
            ctx.write(reg.properties(ctx, target, [name])[0])


@cmdlet("Remove-ItemProperty", aliases=("rp",))
class RemoveItemProperty(_Changing):
    parameters = (
        *_PATHS,
        Param("Name", "string[]", position=1, mandatory=True, by_property=True, aliases=("PSProperty",)),
        Param("Force", "switch"),
        *_FILTERS,
    )

    def process(self, ctx: CmdletContext) -> None:
        for target in self.registry_targets(ctx):
            for item in self.get("Name"):
                name = str(item)
                if wildcard.has_wildcards(name):
                    raise NotSimulated("Remove-ItemProperty with wildcards in -Name", ctx.line)
                if ctx.machine.registry.get(target.path, _stored_name(name)) is None:
                    _missing_property(ctx, name, target)
                elif ctx.should_process(f"Item: {target.path} Property: {name}", "Remove Property"):
                    ctx.machine.registry.delete_value(target.path, _stored_name(name))


@cmdlet("Get-FileHash", implementing="Get-FileHash")
class GetFileHash(Cmdlet):
    """In 5.1 a function: its errors carry its own name."""

    parameters = (
        Param("Path", "string[]", position=0, mandatory=True, pipeline=True, by_property=True, sets=("Path",)),
        Param("LiteralPath", "string[]", mandatory=True, by_property=True, aliases=("PSPath",), sets=("LiteralPath",)),
        Param("InputStream", "object", mandatory=True, sets=("Stream",)),
        Param(
            "Algorithm",
            "string",
            default="SHA256",
            validate_set=("SHA1", "SHA256", "SHA384", "SHA512", "MACTripleDES", "MD5", "RIPEMD160"),
        ),
    )
    default_set = "Path"

    def process(self, ctx: CmdletContext) -> None:
        algorithm = str(self.get("Algorithm")).upper()
        if algorithm not in ("SHA1", "SHA256", "SHA384", "SHA512", "MD5"):
            raise NotSimulated(f"Get-FileHash -Algorithm {algorithm}", ctx.line)
        if self.bound("InputStream"):
            stream = self.get("InputStream")
            if not isinstance(stream, Stream):
                raise NotSimulated("Get-FileHash -InputStream of something else than a stream", ctx.line)
            self._result(ctx, algorithm, _digest(algorithm, stream.read()), None)
            return
        is_literal = self.bound("LiteralPath")
        for item in self.get("LiteralPath") if is_literal else self.get("Path"):
            text = str(item)
            try:
                targets, wild = ([pp.literal(ctx, text)], False) if is_literal else pp.expand(ctx, text)
            except pp.DriveMissing as missing:
                pp.drive_missing(ctx, missing.drive)
                continue
            except FileError as error:
                pp.provider_failure(ctx, file_exception(error), text)
                continue
            for target in targets:
                if target.provider != pp.FILE:
                    raise NotSimulated("Get-FileHash outside of the file system", ctx.line)
                if not wild and not pp.exists(ctx, target):
                    # a function around Resolve-Path: the error is that cmdlet's
                    exception = DotNetException(
                        pp.ITEM_NOT_FOUND, f"Cannot find path '{target.shown}' because it does not exist."
                    )
                    ctx.error(ErrorRecord(exception, "PathNotFound", "ObjectNotFound", target.shown))
                elif not pp.is_container(ctx, target):
                    self._hash(ctx, target, algorithm)

    def _hash(self, ctx: CmdletContext, target: pp.Target, algorithm: str) -> None:
        fs = ctx.machine.fs
        try:
            fs.open(target.path, "Open", Access.READ, Share.READ).close()
            digest = fs.sha256(target.path) if algorithm == "SHA256" else _digest(algorithm, fs.blob(target.path).data)
        except FileError as error:
            if error.kind is FileErrorKind.DENIED:
                raise NotSimulated("Get-FileHash of a file that may not be read", ctx.line) from None
            exception = DotNetException(
                "Microsoft.PowerShell.Commands.WriteErrorException",
                f"The file '{target.path}' cannot be read: {error.message}",
            )
            ctx.error(ErrorRecord(exception, "FileReadError", "ReadError", target.path))
            return
        self._result(ctx, algorithm, digest, target.path)

    def _result(self, ctx: CmdletContext, algorithm: str, digest: str, path: str | None) -> None:
        names = [
            "Microsoft.Powershell.Utility.FileHash",
            "System.Management.Automation.PSCustomObject",
            "System.Object",
        ]
        ctx.write(PSCustomObject([("Algorithm", algorithm), ("Hash", digest.upper()), ("Path", path)], names))


def _digest(algorithm: str, data: bytes) -> str:
    return hashlib.new(algorithm.lower(), data, usedforsecurity=False).hexdigest()
