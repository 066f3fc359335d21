"""Get-Content: lines, bytes or the whole text of files. Writing is provider_writing.py's part."""

from __future__ import annotations

import re
from typing import Any

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell.cmdlets import provider_encodings as enc
from fleetdeploy.lab.powershell.cmdlets import provider_paths as pp
from fleetdeploy.lab.powershell.cmdlets import provider_session as session
from fleetdeploy.lab.powershell.cmdlets.registry import CmdletContext, Param, cmdlet
from fleetdeploy.lab.powershell.dotnet.io_items import file_exception
from fleetdeploy.lab.powershell.values import (
    Byte,
    ExtendedStr,
    Int64,
    NoteProperty,
    PropertyBag,
    PSArray,
)
from fleetdeploy.lab.windows.errors import FileError, FileErrorKind
from fleetdeploy.lab.windows.nodes import Access, Share

_LINES = re.compile(r"\r\n|\n|\r")
_COMMON = (*pp.FILTERS, enc.ENCODING_PARAMETER, Param("Stream", unsupported=True))


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
            encoding = enc.encoding_of(self, ctx, "default")
            if encoding == "byte":
                self._send(ctx, [Byte(b) for b in data], target, is_text=False)
                return
            codec, mark = enc.detect(data, encoding)
            text = enc.decode(data[len(mark) :], codec)
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
