"""Cmdlets that look at items and make or remove them: Test-Path, Get-Item, Get-ChildItem, New-Item, Remove-Item.

Decides as the file system and registry providers of 5.1 do; copying and moving are in provider_transfer.py. What would
ask the user (a prompt) is refused.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell import wildcard
from fleetdeploy.lab.powershell.cmdlets import provider_paths as pp
from fleetdeploy.lab.powershell.cmdlets import provider_registry as reg
from fleetdeploy.lab.powershell.cmdlets import provider_session as session
from fleetdeploy.lab.powershell.cmdlets.registry import CmdletContext, Param, cmdlet
from fleetdeploy.lab.powershell.convert import to_string
from fleetdeploy.lab.powershell.dotnet.io_items import file_exception, item_of
from fleetdeploy.lab.powershell.dotnet.windows_common import utc_time
from fleetdeploy.lab.powershell.values import DateTime, DotNetException, ErrorRecord, NoteProperty, PropertyBag
from fleetdeploy.lab.windows import paths
from fleetdeploy.lab.windows.errors import FileError, FileErrorKind
from fleetdeploy.lab.windows.files import Info
from fleetdeploy.lab.windows.nodes import HIDDEN, READ_ONLY, SYSTEM, Access, Share

IO_EXCEPTION = "System.IO.IOException"


def get_object(ctx: CmdletContext, target: pp.Target) -> Any:
    """What Get-Item gives for an existing item."""
    if target.provider == pp.FILE:
        # the names as typed: 5.1 does not look up how they are stored
        info = ctx.machine.fs.stat(target.path)
        return item_of(ctx.machine, replace(info, path=target.path, name=paths.name(target.path) or target.path))
    if target.provider == pp.REGISTRY:
        return reg.key_object(ctx, target)
    return session.get(ctx, target)


def with_drive(item: Any, name: str) -> Any:
    """Add the PSDrive property, as for items reached by a path with a drive."""
    if isinstance(getattr(item, "extended", None), PropertyBag):
        item.extended.add(NoteProperty("PSDrive", name))
    return item


@cmdlet("Test-Path")
class TestPath(pp.PathCmdlet):
    parameters = (
        *pp.PATH_PARAMETERS,
        Param("PathType", "string", aliases=("Type",), validate_set=("Any", "Container", "Leaf")),
        Param("IsValid", unsupported=True),
        Param("NewerThan", "datetime"),
        Param("OlderThan", "datetime"),
        *(param for param in pp.FILTERS if param.name != "Force"),
    )
    default_set = "Path"

    def process(self, ctx: CmdletContext) -> None:
        texts, is_literal = self.texts()
        kind = (self.get("PathType") or "Any").lower()
        for text in texts:
            ctx.write(any(self._fits(ctx, t, kind) for t in self._found(ctx, text, is_literal)))

    def _found(self, ctx: CmdletContext, text: str, is_literal: bool) -> list[pp.Target]:
        if not text.strip():
            return []
        try:
            targets, wild = ([pp.literal(ctx, text)], False) if is_literal else pp.expand(ctx, text)
        except pp.DriveMissing:
            return []
        except FileError as error:
            if error.kind is not FileErrorKind.BAD_PATH:
                raise NotSimulated(f"Test-Path with the path {text}", ctx.line) from None
            pp.file_failure(ctx, error, "ItemExistsArgumentError", "InvalidArgument", text)
            return []
        return [t for t in targets if pp.exists(ctx, t) and self.filtered(paths.name(t.path), wild)]

    def _fits(self, ctx: CmdletContext, target: pp.Target, kind: str) -> bool:
        if kind != "any" and pp.is_container(ctx, target) != (kind == "container"):
            return False
        newer, older = self.get("NewerThan"), self.get("OlderThan")
        if newer is None and older is None:
            return True
        if target.provider != pp.FILE:
            raise NotSimulated("Test-Path -NewerThan outside of the file system", ctx.line)
        modified = ctx.machine.fs.stat(target.path).modified
        if isinstance(newer, DateTime) and not modified > utc_time(ctx.machine, newer):
            return False
        return not (isinstance(older, DateTime) and not modified < utc_time(ctx.machine, older))


@cmdlet("Get-Item", aliases=("gi",))
class GetItem(pp.PathCmdlet):
    parameters = (*pp.PATH_PARAMETERS, *pp.FILTERS, Param("Stream", unsupported=True))
    default_set = "Path"

    def process(self, ctx: CmdletContext) -> None:
        for target in self.existing(ctx):
            ctx.write(with_drive(get_object(ctx, target), target.drive))


@cmdlet("Get-ChildItem", aliases=("dir", "gci", "ls"))
class GetChildItem(pp.PathCmdlet):
    parameters = (
        Param("Path", "string[]", position=0, pipeline=True, by_property=True, sets=("Items",)),
        Param("LiteralPath", "string[]", mandatory=True, by_property=True, aliases=("PSPath",), sets=("LiteralItems",)),
        Param("Filter", "string", position=1),
        Param("Include", "string[]"),
        Param("Exclude", "string[]"),
        Param("Recurse", "switch", aliases=("s",)),
        Param("Depth", "int"),
        Param("Force", "switch"),
        Param("Name", "switch"),
        Param("Directory", "switch", aliases=("ad", "d")),
        Param("File", "switch", aliases=("af",)),
        Param("Hidden", unsupported=True),
        Param("ReadOnly", unsupported=True),
        Param("System", unsupported=True),
        Param("Attributes", unsupported=True),
        Param("UseTransaction", unsupported=True),
    )
    default_set = "Items"

    def process(self, ctx: CmdletContext) -> None:
        texts, is_literal = self.texts()
        recurse = self.get("Recurse") or self.bound("Depth")
        depth = int(self.get("Depth")) if self.bound("Depth") else 1 << 30
        for text in texts or [pp.location(ctx)]:
            ctx.check_stop()
            text = wildcard.escape(text) if not texts else text
            if recurse and not is_literal and wildcard.has_wildcards(text):
                raise NotSimulated("Get-ChildItem -Recurse with a wildcard in the path", ctx.line)
            try:
                targets, wild = ([pp.literal(ctx, text)], False) if is_literal else pp.expand(ctx, text)
            except pp.DriveMissing as missing:
                pp.drive_missing(ctx, missing.drive)
                continue
            except FileError as error:
                pp.provider_failure(ctx, file_exception(error), text)
                return
            for target in targets:
                if not pp.exists(ctx, target):
                    pp.not_found(ctx, target.shown)
                elif target.provider == pp.REGISTRY:
                    self._keys(ctx, target, recurse)
                elif target.provider == pp.FILE:
                    self._files(ctx, target, wild, depth if recurse else 0)
                elif target.path:
                    ctx.write(session.get(ctx, target))
                elif target.provider == pp.FUNCTION:
                    raise NotSimulated("a list of all functions", ctx.line)
                else:
                    for name in pp.session_names(ctx, target.provider):
                        ctx.write(session.get(ctx, pp.Target(target.provider, name, target.drive)))

    def _keys(self, ctx: CmdletContext, target: pp.Target, recurse: bool) -> None:
        if recurse or self.get("Filter") or self.get("Include") or self.get("Exclude"):
            raise NotSimulated("Get-ChildItem with -Recurse or filters in the registry", ctx.line)
        for name in pp.child_names(ctx, target):
            child = target.child(name)
            ctx.write(name if self.get("Name") else with_drive(reg.key_object(ctx, child), target.drive))

    def _files(self, ctx: CmdletContext, target: pp.Target, wild: bool, depth: int) -> None:
        fs = ctx.machine.fs
        info = replace(fs.stat(target.path), path=target.path, name=paths.name(target.path))
        include = self.get("Include")
        if wild:
            # the wildcard names the items themselves
            if self._shows(info, include):
                self._write(ctx, info, target, info.path, info.name)
            return
        if not info.is_dir:
            if include and not depth:
                return
            if self._shows(info, include):
                self._write(ctx, info, target, info.path, info.name)
            return
        if include and not depth:
            return
        if self.get("Exclude") and not depth and self.get("Name"):
            raise NotSimulated("Get-ChildItem -Name -Exclude", ctx.line)
        self._below(ctx, target, target.path, "", depth, include)

    def _below(self, ctx: CmdletContext, target: pp.Target, path: str, prefix: str, depth: int, include: Any) -> None:
        """The items of a directory, directories first as the provider lists them, then what is below."""
        try:
            children = ctx.machine.fs.list(path)
        except FileError as error:
            pp.file_failure(ctx, error, *pp.failure_ids(error, "Dir", "ReadError"), path)
            return
        base = path.rstrip("\\")
        children = [replace(child, path=f"{base}\\{child.name}") for child in children]
        ordered = [c for c in children if c.is_dir] + [c for c in children if not c.is_dir]
        for child in ordered:
            ctx.check_stop()
            if self._shows(child, include):
                self._write(ctx, child, target, child.name, prefix + child.name)
        if depth > 0:
            for child in ordered:
                if child.is_dir and (self.get("Force") or not child.attributes & HIDDEN):
                    self._below(ctx, target, child.path, f"{prefix}{child.name}\\", depth - 1, include)

    def _shows(self, info: Info, include: Any) -> bool:
        if info.attributes & (HIDDEN | SYSTEM) and not self.get("Force"):
            return False
        if (self.get("Directory") and not info.is_dir) or (self.get("File") and info.is_dir):
            return False
        return self.filtered(info.name, bool(include))

    def _write(self, ctx: CmdletContext, info: Info, target: pp.Target, shown: str, name: str) -> None:
        if self.get("Name"):
            ctx.write(name)
        else:
            ctx.write(with_drive(item_of(ctx.machine, info, shown), target.drive))


@cmdlet("New-Item", aliases=("ni",))
class NewItem(pp.PathCmdlet):
    parameters: ClassVar[tuple[Param, ...]] = (
        Param("Path", "string[]", position=0, by_property=True, mandatory_in=("pathSet",)),
        Param("Name", "string", by_property=True, mandatory=True, sets=("nameSet",)),
        Param("ItemType", "string", by_property=True, aliases=("Type",)),
        Param("Value", "object", pipeline=True, by_property=True, aliases=("Target",), allow_null=True),
        Param("Force", "switch"),
        Param("Credential", unsupported=True),
        Param("UseTransaction", unsupported=True),
    )
    default_set = "pathSet"
    supports_should_process = True

    def process(self, ctx: CmdletContext) -> None:
        name = self.get("Name")
        for item in self.get("Path") or [pp.location(ctx)]:
            text = str(item)
            if name:
                text = text.rstrip("\\/") + "\\" + str(name)
            try:
                target = pp.literal(ctx, text)
            except pp.DriveMissing as missing:
                pp.drive_missing(ctx, missing.drive)
                continue
            except FileError as error:
                pp.provider_failure(ctx, file_exception(error), text)
                return
            if target.provider == pp.REGISTRY:
                reg.new_key(ctx, target, force=bool(self.get("Force")), value=self.get("Value"))
            elif target.provider == pp.FILE:
                self._make(ctx, target)
            else:
                if pp.exists(ctx, target) and not self.get("Force"):
                    raise NotSimulated("New-Item over an item of the session", ctx.line)
                session.put(ctx, target, self.get("Value"))
                if target.provider != pp.VARIABLE:
                    ctx.write(session.get(ctx, target))
                else:
                    ctx.write(ctx.interp.scope.find(target.path.lower()))

    def _make(self, ctx: CmdletContext, target: pp.Target) -> None:
        kind = str(self.get("ItemType") or "file").lower()
        is_dir = kind != "" and ("directory".startswith(kind) or "container".startswith(kind))
        if not is_dir and not "file".startswith(kind):
            raise NotSimulated(f"New-Item -ItemType {kind}", ctx.line)
        action = "Create Directory" if is_dir else "Create File"
        if not ctx.should_process(f"Destination: {target.path}", action):
            return
        fs = ctx.machine.fs
        force = bool(self.get("Force"))
        try:
            if is_dir:
                if fs.exists(target.path) and not (force and fs.is_dir(target.path)):
                    text = f"An item with the specified name {target.path} already exists."
                    exception = DotNetException(IO_EXCEPTION, text, hresult=-2146232800)
                    ctx.error(ErrorRecord(exception, "DirectoryExist", "ResourceExists", target.path))
                    return
                fs.mkdir(target.path)
            else:
                if force:
                    fs.mkdir(paths.parent(target.path))
                if fs.is_dir(target.path):
                    raise FileError(FileErrorKind.DENIED, target.path)
                handle = fs.open(target.path, "Create" if force else "CreateNew", Access.WRITE, Share.NONE)
                try:
                    value = self.get("Value")
                    if value is not None:
                        handle.write(to_string(value).encode("utf-8"))
                finally:
                    handle.close()
        except FileError as error:
            stem = "CreateDirectory" if is_dir else "NewItem"
            pp.file_failure(ctx, error, *pp.failure_ids(error, stem), target.path)
            return
        ctx.write(with_drive(item_of(ctx.machine, fs.stat(target.path)), target.drive))


@cmdlet("Remove-Item", aliases=("del", "erase", "rd", "ri", "rm", "rmdir"))
class RemoveItem(pp.PathCmdlet):
    parameters = (
        *pp.PATH_PARAMETERS,
        *pp.FILTERS,
        Param("Recurse", "switch"),
        Param("Stream", unsupported=True),
    )
    default_set = "Path"
    supports_should_process = True

    def process(self, ctx: CmdletContext) -> None:
        for target in self.existing(ctx):
            if target.provider == pp.REGISTRY:
                if pp.child_names(ctx, target) and not self.get("Recurse"):
                    raise NotSimulated("Remove-Item of a key with sub-keys, without -Recurse (a prompt)", ctx.line)
                if ctx.should_process(f"Item: {target.path}", "Remove Key"):
                    ctx.machine.registry.delete(target.path)
            elif target.provider == pp.FILE:
                self._remove(ctx, target.path)
            else:
                session.remove(ctx, target)

    def _remove(self, ctx: CmdletContext, path: str) -> None:
        fs = ctx.machine.fs
        try:
            info = fs.stat(path)
        except FileError:
            # went with a directory named before it
            pp.not_found(ctx, path)
            return
        if info.is_dir:
            children = fs.list(path)
            if children and not self.get("Recurse"):
                raise NotSimulated("Remove-Item of a filled directory without -Recurse (a prompt)", ctx.line)
            if not ctx.should_process(path, "Remove Directory"):
                return
            for child in children:
                ctx.check_stop()
                self._remove(ctx, child.path)
        elif not ctx.should_process(path, "Remove File"):
            return
        if info.attributes & (READ_ONLY | HIDDEN | SYSTEM) and not self.get("Force"):
            text = "You do not have sufficient access rights to perform this operation."
            exception = DotNetException(IO_EXCEPTION, text, hresult=-2146232800)
            self._fail(ctx, exception, "RemoveFileSystemItemUnAuthorizedAccess", "PermissionDenied", info)
            return
        try:
            if info.attributes & READ_ONLY:
                fs.set_attributes(path, info.attributes & ~READ_ONLY)
            if info.is_dir:
                fs.rmdir(path)
            else:
                fs.delete(path)
        except FileError as error:
            denied = error.kind is FileErrorKind.DENIED
            error_id = "RemoveFileSystemItemUnAuthorizedAccess" if denied else "RemoveFileSystemItemIOError"
            self._fail(ctx, file_exception(error), error_id, "PermissionDenied" if denied else "WriteError", info)

    def _fail(self, ctx: CmdletContext, exception: DotNetException, error_id: str, category: str, info: Info) -> None:
        record = ErrorRecord(exception, error_id, category, item_of(ctx.machine, info))
        record.details = f"Cannot remove item {info.path}: {exception.message}"
        ctx.error(record)
