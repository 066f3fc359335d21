"""Copy-Item, Move-Item and Rename-Item in the file system (the registry is refused)."""

from __future__ import annotations

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell.cmdlets import provider_paths as pp
from fleetdeploy.lab.powershell.cmdlets.provider_items import IO_EXCEPTION, get_object, with_drive
from fleetdeploy.lab.powershell.cmdlets.registry import CmdletContext, Param, cmdlet
from fleetdeploy.lab.powershell.dotnet.io_items import file_exception, item_of
from fleetdeploy.lab.powershell.values import DotNetException, ErrorRecord
from fleetdeploy.lab.windows import paths
from fleetdeploy.lab.windows.errors import FileError, FileErrorKind
from fleetdeploy.lab.windows.nodes import READ_ONLY


def _files_only(ctx: CmdletContext, *targets: pp.Target) -> None:
    for target in targets:
        if target.provider != pp.FILE:
            raise NotSimulated(f"{ctx.command_name} outside of the file system", ctx.line)


class _Transfer(pp.PathCmdlet):
    """What Copy-Item and Move-Item share: the destination."""

    def destination(self, ctx: CmdletContext) -> pp.Target | None:
        text = str(self.get("Destination") or pp.location(ctx))
        try:
            target = pp.literal(ctx, text)
        except pp.DriveMissing as missing:
            pp.drive_missing(ctx, missing.drive)
            return None
        except FileError as error:
            pp.provider_failure(ctx, file_exception(error), text)
            return None
        _files_only(ctx, target)
        return target

    def passed(self, ctx: CmdletContext, path: str, drive: str) -> None:
        if self.get("PassThru"):
            ctx.write(with_drive(get_object(ctx, pp.Target(pp.FILE, path, drive)), drive))


_DESTINATION = (
    Param("Destination", "string", position=1, by_property=True),
    Param("PassThru", "switch"),
)


@cmdlet("Copy-Item", aliases=("copy", "cp", "cpi"))
class CopyItem(_Transfer):
    parameters = (
        *pp.PATH_PARAMETERS,
        *_DESTINATION,
        *pp.FILTERS,
        Param("Recurse", "switch"),
        Param("Container", "switch", default=True),
        Param("FromSession", unsupported=True),
        Param("ToSession", unsupported=True),
    )
    default_set = "Path"
    supports_should_process = True

    def process(self, ctx: CmdletContext) -> None:
        if not self.get("Container"):
            raise NotSimulated("Copy-Item -Container:$false", ctx.line)
        sources = self.existing(ctx)
        if not sources:
            return
        target = self.destination(ctx)
        if target is None:
            return
        for source in sources:
            _files_only(ctx, source)
            into = ctx.machine.fs.is_dir(target.path)
            path = target.child(paths.name(source.path)).path if into else target.path
            if ctx.machine.fs.is_dir(source.path):
                self._directory(ctx, source.path, path, target.drive)
            else:
                self._file(ctx, source.path, path, target.drive)

    def _directory(self, ctx: CmdletContext, source: str, path: str, drive: str) -> None:
        fs = ctx.machine.fs
        if not ctx.should_process(f"Item: {source} Destination: {path}", "Copy Directory"):
            return
        if fs.is_file(path):
            raise NotSimulated("Copy-Item of a directory onto a file", ctx.line)
        if f"{path}\\".lower().startswith(f"{source}\\".lower()):
            raise NotSimulated("Copy-Item of a directory into itself", ctx.line)
        if fs.is_dir(path) and not self.get("Force"):
            exception = DotNetException(
                IO_EXCEPTION, f"An item with the specified name {path} already exists.", hresult=-2146232800
            )
            ctx.error(ErrorRecord(exception, "DirectoryExist", "ResourceExists", path))
        try:
            fs.mkdir(path)
        except FileError as error:
            pp.file_failure(ctx, error, *pp.failure_ids(error, "CreateDirectory"), path)
            return
        self.passed(ctx, path, drive)
        if not self.get("Recurse"):
            return
        for child in fs.list(source):
            ctx.check_stop()
            if child.is_dir:
                self._directory(ctx, child.path, f"{path}\\{child.name}", drive)
            elif self.filtered(child.name, True):
                self._file(ctx, child.path, f"{path}\\{child.name}", drive)

    def _file(self, ctx: CmdletContext, source: str, path: str, drive: str) -> None:
        fs = ctx.machine.fs
        if not ctx.should_process(f"Item: {source} Destination: {path}", "Copy File"):
            return
        if source.lower() == path.lower():
            exception = DotNetException(IO_EXCEPTION, f"Cannot overwrite the item {source} with itself.")
            ctx.error(ErrorRecord(exception, "CopyError", "WriteError", source))
            return
        try:
            if self.get("Force") and fs.is_file(path) and fs.stat(path).attributes & READ_ONLY:
                fs.set_attributes(path, fs.stat(path).attributes & ~READ_ONLY)
            fs.copy(source, path, overwrite=True)
        except FileError as error:
            if error.kind is FileErrorKind.NO_DIRECTORY:
                pp.provider_failure(ctx, file_exception(error), source)
                return
            shown = item_of(ctx.machine, fs.stat(source)) if fs.exists(source) else source
            pp.file_failure(ctx, error, *pp.failure_ids(error, "CopyFileInfoItem"), shown)
            return
        self.passed(ctx, path, drive)


@cmdlet("Move-Item", aliases=("mi", "move", "mv"))
class MoveItem(_Transfer):
    parameters = (*pp.PATH_PARAMETERS, *_DESTINATION, *pp.FILTERS)
    default_set = "Path"
    supports_should_process = True

    def process(self, ctx: CmdletContext) -> None:
        sources = self.existing(ctx)
        if not sources:
            return
        target = self.destination(ctx)
        if target is None:
            return
        fs = ctx.machine.fs
        for source in sources:
            _files_only(ctx, source)
            into = fs.is_dir(target.path)
            path = target.child(paths.name(source.path)).path if into else target.path
            is_dir = fs.is_dir(source.path)
            if not ctx.should_process(
                f"Item: {source.path} Destination: {path}", "Move Directory" if is_dir else "Move File"
            ):
                continue
            try:
                if not is_dir and self.get("Force") and fs.is_file(path) and path.lower() != source.path.lower():
                    attributes = fs.stat(path).attributes
                    if attributes & READ_ONLY:
                        fs.set_attributes(path, attributes & ~READ_ONLY)
                    fs.move(source.path, path, overwrite=True)
                else:
                    fs.move(source.path, path)
            except FileError as error:
                stem = "MoveDirectoryItem" if is_dir else "MoveFileInfoItem"
                shown = item_of(ctx.machine, fs.stat(source.path))
                pp.file_failure(ctx, error, *pp.failure_ids(error, stem), shown)
                continue
            self.passed(ctx, path, target.drive)


@cmdlet("Rename-Item", aliases=("ren", "rni"))
class RenameItem(pp.PathCmdlet):
    parameters = (
        Param("Path", "string", position=0, mandatory=True, pipeline=True, by_property=True, sets=("ByPath",)),
        Param("LiteralPath", "string", mandatory=True, by_property=True, aliases=("PSPath",), sets=("ByLiteralPath",)),
        Param("NewName", "string", position=1, mandatory=True, by_property=True),
        Param("Force", "switch"),
        Param("PassThru", "switch"),
        Param("Credential", unsupported=True),
        Param("UseTransaction", unsupported=True),
    )
    default_set = "ByPath"
    supports_should_process = True

    def process(self, ctx: CmdletContext) -> None:
        literal = self.bound("LiteralPath")
        text = str(self.get("LiteralPath") if literal else self.get("Path"))
        try:
            targets = [pp.literal(ctx, text)] if literal else pp.expand(ctx, text)[0]
        except pp.DriveMissing as missing:
            pp.drive_missing(ctx, missing.drive)
            return
        if len(targets) != 1 or not pp.exists(ctx, targets[0]):
            if len(targets) > 1:
                raise NotSimulated("Rename-Item with several matches", ctx.line)
            shown = targets[0].shown if targets else text
            ctx.fail(
                "InvalidOperation",
                "InvalidOperation",
                "System.Management.Automation.PSInvalidOperationException",
                f"Cannot rename because item at '{text}' does not exist.",
                target=shown,
            )
            return
        source = targets[0]
        _files_only(ctx, source)
        name = str(self.get("NewName"))
        if any(c in name for c in "\\/:*?"):
            raise NotSimulated("Rename-Item to a path", ctx.line)
        fs = ctx.machine.fs
        path = pp.Target(pp.FILE, paths.parent(source.path), source.drive).child(name).path
        is_dir = fs.is_dir(source.path)
        if not ctx.should_process(
            f"Item: {source.path} Destination: {path}", "Rename Directory" if is_dir else "Rename File"
        ):
            return
        try:
            fs.move(source.path, path)
        except FileError as error:
            pp.file_failure(ctx, error, *pp.failure_ids(error, "RenameItem"), source.path)
            return
        if self.get("PassThru"):
            ctx.write(with_drive(get_object(ctx, pp.Target(pp.FILE, path, source.drive)), source.drive))
