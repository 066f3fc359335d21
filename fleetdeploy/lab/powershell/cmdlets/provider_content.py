"""Cmdlets for the content of files: Get-, Set-, Add-, Clear-Content and Out-File.

Decides encodings (the defaults of 5.1: ANSI, Out-File UTF-16), line ends, which handle is open while. Objects that
Out-File would have to lay out as tables or lists are refused.
"""

from __future__ import annotations

import re
from typing import Any

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell.cmdlets import provider_paths as pp
from fleetdeploy.lab.powershell.cmdlets import provider_session as session
from fleetdeploy.lab.powershell.cmdlets.registry import Cmdlet, CmdletContext, Param, cmdlet
from fleetdeploy.lab.powershell.convert import is_collection, to_string
from fleetdeploy.lab.powershell.dotnet.io_items import file_exception
from fleetdeploy.lab.powershell.values import (
    Byte,
    ByteArray,
    DotNetException,
    ErrorRecord,
    ExtendedStr,
    Int64,
    NoteProperty,
    PropertyBag,
    PSArray,
    is_number,
)
from fleetdeploy.lab.windows.errors import FileError, FileErrorKind
from fleetdeploy.lab.windows.nodes import READ_ONLY, Access, Share

ENCODINGS = {
    "default": ("cp1252", b""),
    "string": ("utf-16-le", b"\xff\xfe"),
    "unicode": ("utf-16-le", b"\xff\xfe"),
    "bigendianunicode": ("utf-16-be", b"\xfe\xff"),
    "utf8": ("utf-8", b"\xef\xbb\xbf"),
    "ascii": ("ascii", b""),
    "utf32": ("utf-32-le", b"\xff\xfe\x00\x00"),
}
_NAMES = (
    "Unknown",
    "String",
    "Unicode",
    "Byte",
    "BigEndianUnicode",
    "UTF8",
    "UTF7",
    "UTF32",
    "Ascii",
    "Default",
    "Oem",
)
_LINES = re.compile(r"\r\n|\n|\r")


def detect(data: bytes, default: str) -> tuple[str, bytes]:
    """(codec, byte order mark) of a file's bytes."""
    for name in ("utf32", "utf8", "unicode", "bigendianunicode"):
        codec, mark = ENCODINGS[name]
        if data.startswith(mark):
            return codec, mark
    return ENCODINGS[default][0], b""


def encode(text: str, codec: str) -> bytes:
    """As .NET encodes: what the code page does not have becomes a question mark."""
    return text.encode(codec, "surrogatepass" if codec.startswith("utf-16") else "replace")


def decode(data: bytes, codec: str) -> str:
    return data.decode(codec, "replace")


def _encoding(cmd: Cmdlet, ctx: CmdletContext, default: str) -> str:
    name = str(cmd.get("Encoding") or default).lower()
    if name == "unknown":
        name = "unicode"
    if name not in ENCODINGS and name != "byte":
        raise NotSimulated(f"-Encoding {name}", ctx.line)
    return name


_ENCODING = Param("Encoding", "string", validate_set=_NAMES)
_COMMON = (*pp.FILTERS, _ENCODING, Param("Stream", unsupported=True))


@cmdlet("Get-Content", aliases=("cat", "gc", "type"))
class GetContent(pp.PathCmdlet):
    parameters = (
        *pp.PATH_PARAMETERS,
        *_COMMON,
        Param("ReadCount", "long", by_property=True, default=1),
        Param("TotalCount", "long", by_property=True, aliases=("First", "Head"), default=-1),
        Param("Tail", "int", by_property=True, aliases=("Last",), default=-1),
        Param("Raw", "switch"),
        Param("Delimiter", unsupported=True),
        Param("Wait", unsupported=True),
    )
    default_set = "Path"

    def process(self, ctx: CmdletContext) -> None:
        texts, is_literal = self.texts()
        for text in texts:
            found = self._targets(ctx, text, is_literal)
            for target in found:
                if target.provider == pp.FILE:
                    self._read(ctx, target)
                elif target.provider == pp.REGISTRY:
                    raise NotSimulated("Get-Content in the registry", ctx.line)
                else:
                    ctx.write(session.value_of(ctx, target))

    def _targets(self, ctx: CmdletContext, text: str, is_literal: bool) -> list[pp.Target]:
        try:
            targets, wild = ([pp.literal(ctx, text)], False) if is_literal else pp.expand(ctx, text)
        except pp.DriveMissing as missing:
            pp.drive_missing(ctx, missing.drive)
            return []
        except FileError as error:
            pp.provider_failure(ctx, file_exception(error), text)
            return []
        kept = [t for t in targets if pp.exists(ctx, t) and self.filtered(t.path.rpartition("\\")[2], True)]
        if wild and not kept:
            ctx.fail(
                "ItemNotFound",
                "ObjectNotFound",
                "System.Exception",
                f"An object at the specified path {text} does not exist, or has been filtered by the -Include or "
                "-Exclude parameter.",
                target=text,
            )
        if not wild and targets and not pp.exists(ctx, targets[0]):
            pp.not_found(ctx, targets[0].shown)
        return kept

    def _read(self, ctx: CmdletContext, target: pp.Target) -> None:
        fs = ctx.machine.fs
        try:
            # open while the lines go down the pipeline, as the provider keeps it
            handle = fs.open(target.path, "Open", Access.READ, Share.READ_WRITE)
        except FileError as error:
            denied = error.kind is FileErrorKind.DENIED
            error_id = "GetContentReaderUnauthorizedAccessError" if denied else "GetContentReaderIOError"
            pp.file_failure(ctx, error, error_id, "PermissionDenied" if denied else "ReadError", target.path)
            return
        try:
            data = bytes(handle.read())
            encoding = _encoding(self, ctx, "default")
            if encoding == "byte":
                self._send(ctx, [Byte(b) for b in data], target, is_text=False)
                return
            codec, mark = detect(data, encoding)
            text = decode(data[len(mark) :], codec)
            if self.get("Raw"):
                if text:
                    ctx.write(self._line(ctx, text, target, 1))
                return
            lines = _LINES.split(text)
            if lines[-1] == "":
                lines.pop()
            self._send(ctx, lines, target, is_text=True)
        finally:
            handle.close()

    def _send(self, ctx: CmdletContext, items: list[Any], target: pp.Target, *, is_text: bool) -> None:
        total, tail, count = int(self.get("TotalCount")), int(self.get("Tail")), int(self.get("ReadCount"))
        first = 1
        if tail >= 0:
            first = max(len(items) - tail, 0) + 1 if tail else 1
            items = items[-tail:] if tail else []
        elif total >= 0:
            items = items[:total]
        if count == 1:
            for i, item in enumerate(items):
                ctx.write(self._line(ctx, item, target, first + i) if is_text else item)
            return
        size = count if count > 0 else max(len(items), 1)
        for start in range(0, len(items), size):
            chunk = items[start : start + size]
            ctx.write(
                PSArray([self._line(ctx, c, target, start + i + 1) if is_text else c for i, c in enumerate(chunk)])
            )

    def _line(self, ctx: CmdletContext, text: str, target: pp.Target, number: int) -> ExtendedStr:
        """A line with the properties the cmdlet adds to it."""
        parent = target.path.rpartition("\\")[0]
        provider = "Microsoft.PowerShell.Core\\FileSystem"
        line = ExtendedStr(text)
        line.extended = PropertyBag(
            [
                NoteProperty("PSPath", target.path),
                NoteProperty("PSParentPath", parent if not parent.endswith(":") else parent + "\\"),
                NoteProperty("PSChildName", target.path.rpartition("\\")[2]),
                NoteProperty("PSDrive", target.drive),
                NoteProperty("PSProvider", provider),
                NoteProperty("ReadCount", Int64(number)),
            ]
        )
        return line


class _Writing(pp.PathCmdlet):
    """Set-Content and Add-Content: the files are opened with the first value and closed at the end."""

    default_set = "Path"
    supports_should_process = True
    append = False

    def begin(self, ctx: CmdletContext) -> None:
        self.open_files: list[tuple[Any, str, bytes]] | None = None

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
        name = _encoding(self, ctx, "default")
        codec, mark = ENCODINGS.get(name, ("", b""))
        try:
            if self.get("Force") and fs.is_file(path) and fs.stat(path).attributes & READ_ONLY:
                fs.set_attributes(path, fs.stat(path).attributes & ~READ_ONLY)
            if self.append and not self.bound("Encoding") and fs.is_file(path):
                codec, mark = detect(fs.read_bytes(path)[:4], "default")
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
            data = encode(text, codec)
            handle.write(mark + data if handle.length == 0 else data)


def _flat(value: Any) -> list[str]:
    """The texts of a value: collections item by item, $null nothing."""
    if value is None:
        return []
    if isinstance(value, PSArray) or is_collection(value):
        return [text for item in value for text in _flat(item)]
    return [to_string(value)]


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
        self.codec, self.mark = ENCODINGS[_encoding(self, ctx, "unicode")]
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
            text = to_string(item) + ("" if self.get("NoNewline") else "\r\n")
            data = encode(text, self.codec)
            try:
                self.handle.write(self.mark + data if self.handle.length == 0 else data)
            except FileError as error:
                self.end(ctx)
                pp.provider_failure(ctx, file_exception(error), None)

    def end(self, ctx: CmdletContext) -> None:
        if self.handle is not None:
            if self.handle.length == 0 and not self.get("NoNewline"):
                self.handle.write(self.mark)
            self.handle.close()
            self.handle = None
