"""Cmdlets that write files: Set-, Add-, Clear-Content and Out-File.

Decides defaults of 5.1 (ANSI; Out-File UTF-16), line ends, which handle is open while. Objects that Out-File would
have to lay out as tables or lists are refused.
"""

from __future__ import annotations

from typing import Any

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell.cmdlets import provider_encodings as enc
from fleetdeploy.lab.powershell.cmdlets import provider_paths as pp
from fleetdeploy.lab.powershell.cmdlets.registry import Cmdlet, CmdletContext, Param, cmdlet
from fleetdeploy.lab.powershell.convert import is_collection, written
from fleetdeploy.lab.powershell.dotnet.io_items import file_exception
from fleetdeploy.lab.powershell.values import (
    ByteArray,
    DotNetException,
    ErrorRecord,
    PSArray,
    is_number,
)
from fleetdeploy.lab.windows.errors import FileError, FileErrorKind
from fleetdeploy.lab.windows.nodes import READ_ONLY, Access, Share

_COMMON = (*pp.FILTERS, enc.ENCODING_PARAMETER, Param("Stream", unsupported=True))


class _Writing(pp.PathCmdlet):
    """Set-Content and Add-Content: the files are opened with the first value and closed at the end."""

    default_set = "Path"
    supports_should_process = True
    append = False

    def begin(self, ctx: CmdletContext) -> None:
        self.open_files: list[tuple[Any, str, bytes]] | None = None
        pp.at_close(ctx, self._close)

    def process(self, ctx: CmdletContext) -> None:
        if self.open_files is None:
            self.open_files = []
            try:
                for target in self._files(ctx):
                    self._open(ctx, target)
            except BaseException:
                self._close()
                raise
        try:
            for handle, codec, mark in self.open_files:
                self._write(ctx, handle, codec, mark)
        except FileError as error:
            self._close()
            pp.provider_failure(ctx, file_exception(error), None)
        except BaseException:
            self._close()
            raise
        if self.get("PassThru") and self.open_files:
            ctx.write(self.get("Value"), unroll=True)

    def end(self, ctx: CmdletContext) -> None:
        self._close()

    def _close(self) -> None:
        for handle, _, _ in self.open_files or ():
            handle.close()
        self.open_files = []

    def _files(self, ctx: CmdletContext) -> list[pp.Target]:
        texts, is_literal = self.texts()
        found: list[pp.Target] = []
        for text in texts:
            try:
                targets, wild = ([pp.literal(ctx, text)], False) if is_literal else pp.expand(ctx, text)
            except pp.DriveMissing as missing:
                pp.drive_missing(ctx, missing.drive)
                continue
            except FileError as error:
                pp.provider_failure(ctx, file_exception(error), text)
                continue
            if wild and len(targets) != 1:
                raise NotSimulated(f"{ctx.command_name} with several matches", ctx.line)
            for target in targets:
                if target.provider != pp.FILE:
                    raise NotSimulated(f"{ctx.command_name} on the drive {target.drive}:", ctx.line)
                found.append(target)
        return found

    def _open(self, ctx: CmdletContext, target: pp.Target) -> None:
        fs = ctx.machine.fs
        path = target.path
        if not ctx.should_process(f"Path: {path}", "Add Content" if self.append else "Set Content"):
            return
        name = enc.encoding_of(self, ctx, "default")
        codec, mark = enc.ENCODINGS.get(name, ("", b""))
        try:
            if self.get("Force") and fs.is_file(path) and fs.stat(path).attributes & READ_ONLY:
                fs.set_attributes(path, fs.stat(path).attributes & ~READ_ONLY)
            if self.append and not self.bound("Encoding") and fs.is_file(path):
                codec, mark = enc.detect(fs.read_bytes(path)[:4], "default")
            if not self.append and fs.is_file(path) and not self._clear(ctx, path):
                return
            mode = "Append" if self.append else "OpenOrCreate"
            handle = fs.open(path, mode, Access.WRITE, Share.WRITE)
        except FileError as error:
            self._open_failed(ctx, error, path)
            return
        if self.open_files is not None:
            self.open_files.append((handle, codec, mark))

    def _clear(self, ctx: CmdletContext, path: str) -> bool:
        """Set-Content empties what is there first."""
        try:
            ctx.machine.fs.open(path, "Truncate", Access.WRITE, Share.WRITE).close()
        except FileError as error:
            if error.kind is FileErrorKind.DENIED:
                pp.file_failure(ctx, error, "ClearContentUnauthorizedAccessError", "PermissionDenied", path)
            else:
                pp.provider_failure(ctx, file_exception(error), path)
            return False
        return True

    def _open_failed(self, ctx: CmdletContext, error: FileError, path: str) -> None:
        if error.kind is FileErrorKind.NO_DIRECTORY:
            error_id, category = "GetContentWriterDirectoryNotFoundError", "ObjectNotFound"
        else:
            error_id, category = pp.failure_ids(error, "GetContentWriter")
        pp.file_failure(ctx, error, error_id, category, path)

    def _write(self, ctx: CmdletContext, handle: Any, codec: str, mark: bytes) -> None:
        value = self.get("Value")
        if not codec:
            if not isinstance(value, ByteArray):
                items = list(value) if isinstance(value, PSArray) else [value]
                if not all(isinstance(i, int) and 0 <= i <= 255 for i in items):
                    raise NotSimulated("-Encoding Byte with something else than bytes", ctx.line)
                handle.write(bytes(int(i) for i in items))
            else:
                handle.write(bytes(value.data))
            return
        end = "" if self.get("NoNewline") else "\r\n"
        text = "".join(piece + end for piece in _flat(value))
        if text:
            data = enc.encode(text, codec)
            handle.write(mark + data if handle.length == 0 else data)


def _flat(value: Any) -> list[str]:
    """The texts of a value: collections item by item, $null nothing."""
    if value is None:
        return []
    if isinstance(value, PSArray) or is_collection(value):
        return [text for item in value for text in _flat(item)]
    return [written(value)]  # FileSystemContentReaderWriter writes each object's ToString


_VALUE = Param(
    "Value",
    "object[]",
    position=1,
    mandatory=True,
    pipeline=True,
    by_property=True,
    allow_null=True,
    allow_empty_collection=True,
)
_WRITE_PARAMETERS = (
    Param("Path", "string[]", position=0, mandatory=True, by_property=True, sets=("Path",)),
    Param("LiteralPath", "string[]", mandatory=True, by_property=True, aliases=("PSPath",), sets=("LiteralPath",)),
    _VALUE,
    Param("PassThru", "switch"),
    Param("NoNewline", "switch"),
    *_COMMON,
)


@cmdlet("Set-Content", aliases=("sc",))
class SetContent(_Writing):
    parameters = _WRITE_PARAMETERS


@cmdlet("Add-Content", aliases=("ac",))
class AddContent(_Writing):
    parameters = _WRITE_PARAMETERS
    append = True


@cmdlet("Clear-Content", aliases=("clc",))
class ClearContent(pp.PathCmdlet):
    parameters = (
        Param("Path", "string[]", position=0, mandatory=True, by_property=True, sets=("Path",)),
        Param("LiteralPath", "string[]", mandatory=True, by_property=True, aliases=("PSPath",), sets=("LiteralPath",)),
        *pp.FILTERS,
        Param("Stream", unsupported=True),
    )
    default_set = "Path"
    supports_should_process = True

    def process(self, ctx: CmdletContext) -> None:
        for target in self.existing(ctx):
            if target.provider != pp.FILE:
                raise NotSimulated(f"Clear-Content on the drive {target.drive}:", ctx.line)
            if not ctx.should_process(f"Item: {target.path}", "Clear Content"):
                continue
            try:
                ctx.machine.fs.open(target.path, "Truncate", Access.WRITE, Share.WRITE).close()
            except FileError as error:
                if error.kind is FileErrorKind.DENIED:
                    pp.file_failure(ctx, error, "ClearContentUnauthorizedAccessError", "PermissionDenied", target.path)
                else:
                    pp.file_failure(ctx, error, "ClearContentIOError", "WriteError", target.path)


@cmdlet("Out-File")
class OutFile(Cmdlet):
    parameters = (
        Param("FilePath", "string", position=0, mandatory=True, sets=("ByPath",)),
        Param("LiteralPath", "string", mandatory=True, by_property=True, aliases=("PSPath",), sets=("ByLiteralPath",)),
        Param(
            "Encoding",
            "string",
            position=1,
            validate_set=(
                "unknown",
                "string",
                "unicode",
                "bigendianunicode",
                "utf8",
                "utf7",
                "utf32",
                "ascii",
                "default",
                "oem",
            ),
        ),
        Param("Append", "switch"),
        Param("Force", "switch"),
        Param("NoClobber", "switch", aliases=("NoOverwrite",)),
        Param("Width", unsupported=True),
        Param("NoNewline", "switch"),
        Param("InputObject", "object", pipeline=True, allow_null=True),
    )
    default_set = "ByPath"
    supports_should_process = True

    def begin(self, ctx: CmdletContext) -> None:
        self.handle: Any = None
        pp.at_close(ctx, self._close)
        is_literal = self.bound("LiteralPath")
        text = str(self.get("LiteralPath") if is_literal else self.get("FilePath"))
        try:
            targets = [pp.literal(ctx, text)] if is_literal else pp.expand(ctx, text)[0]
        except pp.DriveMissing as missing:
            pp.drive_missing(ctx, missing.drive)
            return
        except FileError as error:
            self._failed(ctx, error, text)
            return
        if len(targets) != 1 or targets[0].provider != pp.FILE:
            raise NotSimulated("Out-File to this path", ctx.line)
        path = targets[0].path
        fs = ctx.machine.fs
        self.codec, self.mark = enc.ENCODINGS[enc.encoding_of(self, ctx, "unicode")]
        if not ctx.should_process(path, "Output to File"):
            return
        try:
            if self.get("NoClobber") and not self.get("Append") and fs.exists(path):
                exception = DotNetException("System.IO.IOException", f"The file '{path}' already exists.")
                ctx.error(ErrorRecord(exception, "NoClobber", "ResourceExists", path), terminating=True)
                return
            if self.get("Force") and fs.is_file(path) and fs.stat(path).attributes & READ_ONLY:
                fs.set_attributes(path, fs.stat(path).attributes & ~READ_ONLY)
            mode = "Append" if self.get("Append") else "Create"
            self.handle = fs.open(path, mode, Access.WRITE, Share.READ)
        except FileError as error:
            self._failed(ctx, error, text)

    def _failed(self, ctx: CmdletContext, error: FileError, target: str) -> None:
        ctx.error(ErrorRecord(file_exception(error), "FileOpenFailure", "OpenError", target), terminating=True)

    def process(self, ctx: CmdletContext) -> None:
        if self.handle is None or not self.bound("InputObject"):
            return
        value = self.get("InputObject")
        if value is None:
            return
        items = list(value) if isinstance(value, PSArray) else [value]
        for item in items:
            if not isinstance(item, (str, bool)) and not is_number(item):
                self.end(ctx)
                raise NotSimulated("Out-File of objects that have to be laid out", ctx.line)
            text = written(item) + ("" if self.get("NoNewline") else "\r\n")
            data = enc.encode(text, self.codec)
            try:
                self.handle.write(self.mark + data if self.handle.length == 0 else data)
            except FileError as error:
                self.end(ctx)
                pp.provider_failure(ctx, file_exception(error), None)

    def end(self, ctx: CmdletContext) -> None:
        if self.handle is not None and self.handle.length == 0 and not self.get("NoNewline"):
            self.handle.write(self.mark)
        self._close()

    def _close(self) -> None:
        if self.handle is not None:
            self.handle.close()
            self.handle = None
