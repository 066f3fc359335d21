"""Cmdlets that write objects to files and read them back: Tee-Object, Export-Csv, Import-Csv.

Rows: language_csv.py. Tee-Object -FilePath goes through Out-File, as the real one does.
"""

from __future__ import annotations

from typing import Any

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell.cmdlets import language_csv as csv
from fleetdeploy.lab.powershell.cmdlets import provider_encodings as enc
from fleetdeploy.lab.powershell.cmdlets import provider_paths as pp
from fleetdeploy.lab.powershell.cmdlets.provider_writing import OutFile
from fleetdeploy.lab.powershell.cmdlets.registry import Cmdlet, CmdletContext, Param, cmdlet
from fleetdeploy.lab.powershell.dotnet.io_items import file_exception
from fleetdeploy.lab.powershell.runtime.scope import AUTO_NULL
from fleetdeploy.lab.powershell.runtime.values_ext import from_list
from fleetdeploy.lab.powershell.values import DotNetException, ErrorRecord
from fleetdeploy.lab.windows.errors import FileError
from fleetdeploy.lab.windows.nodes import READ_ONLY, Access, Share


@cmdlet("Tee-Object", aliases=("tee",))
class TeeObject(Cmdlet):
    default_set = "File"
    parameters = (
        Param("InputObject", "object", pipeline=True, allow_null=True),
        Param("FilePath", "string", position=0, mandatory=True, sets=("File",)),
        Param("LiteralPath", "string", mandatory=True, aliases=("PSPath",), sets=("LiteralFile",)),
        Param("Append", "switch", sets=("File",)),
        Param("Variable", "string", mandatory=True, sets=("Variable",)),
    )

    def begin(self, ctx: CmdletContext) -> None:
        self.items: list[Any] = []
        self.file: OutFile | None = None
        if self.bound("Variable"):
            return
        self.file = OutFile()
        name = "LiteralPath" if self.bound("LiteralPath") else "FilePath"
        self.file.values = {name.lower(): self.get(name), "append": self.get("Append")}
        self.file.given = {name.lower()}
        self.file.begin(ctx)

    def process(self, ctx: CmdletContext) -> None:
        if not self.bound("InputObject"):
            return
        item = self.get("InputObject")
        if self.file is not None:
            self.file.values["inputobject"] = item
            self.file.given.add("inputobject")
            self.file.process(ctx)
        else:
            self.items.append(item)
        ctx.write(item)

    def end(self, ctx: CmdletContext) -> None:
        if self.file is not None:
            self.file.end(ctx)
        elif self.items:
            value = from_list(self.items)
            ctx.interp.scope.set(self.get("Variable"), None if value is AUTO_NULL else value)


@cmdlet("Export-Csv", aliases=("epcsv",))
class ExportCsv(Cmdlet):
    """Writes ASCII unless told otherwise, as 5.1 does; the file is made before the first object comes."""

    supports_should_process = True
    parameters = (
        Param("InputObject", "object", mandatory=True, pipeline=True, by_property=True),
        Param("Path", "string", position=0),
        Param("LiteralPath", "string", aliases=("PSPath",)),
        Param("Force", "switch"),
        Param("NoClobber", "switch", aliases=("NoOverwrite",)),
        enc.ENCODING_PARAMETER,
        Param("Append", "switch"),
        Param("Delimiter", "string", position=1, default=","),
        Param("NoTypeInformation", "switch", aliases=("NTI",)),
        Param("UseCulture", unsupported=True),
    )

    def begin(self, ctx: CmdletContext) -> None:
        self.rows = csv.Rows(self.get("Delimiter"), with_type=not self.get("NoTypeInformation"))
        self.handle: Any = None
        pp.at_close(ctx, self._close)
        if self.bound("Path") == self.bound("LiteralPath"):
            ctx.fail("CannotSpecifyPathAndLiteralPath", "InvalidData", "System.InvalidOperationException",
                     "You must specify either the -Path or -LiteralPath parameters, but not both.",
                     terminating=True)  # fmt: skip
        text = str(self.get("Path") if self.bound("Path") else self.get("LiteralPath"))
        target = _one_file(ctx, text, literal=self.bound("LiteralPath"))
        if target is None or not ctx.should_process(target, "Export-Csv"):
            return
        fs = ctx.machine.fs
        self.codec, self.mark = enc.ENCODINGS[enc.encoding_of(self, ctx, "ascii")]
        if self.get("Append") and fs.is_file(target) and fs.stat(target).size:
            raise NotSimulated("Export-Csv -Append to a file that has rows", ctx.line)
        try:
            if self.get("NoClobber") and fs.exists(target):
                exception = DotNetException("System.IO.IOException", f"The file '{target}' already exists.")
                ctx.error(ErrorRecord(exception, "NoClobber", "ResourceExists", target), terminating=True)
                return
            if self.get("Force") and fs.is_file(target) and fs.stat(target).attributes & READ_ONLY:
                fs.set_attributes(target, fs.stat(target).attributes & ~READ_ONLY)
            self.handle = fs.open(target, "Create", Access.WRITE, Share.READ)
        except FileError as error:
            ctx.error(ErrorRecord(file_exception(error), "FileOpenFailure", "OpenError", text), terminating=True)

    def process(self, ctx: CmdletContext) -> None:
        for line in self.rows.lines(ctx, self.get("InputObject")):
            if self.handle is not None:
                data = enc.encode(line + "\r\n", self.codec)
                self.handle.write(self.mark + data if self.handle.length == 0 else data)

    def end(self, ctx: CmdletContext) -> None:
        self._close()

    def _close(self) -> None:
        if self.handle is not None:
            self.handle.close()
            self.handle = None


def _one_file(ctx: CmdletContext, text: str, *, literal: bool) -> str | None:
    try:
        targets = [pp.literal(ctx, text)] if literal else pp.expand(ctx, text)[0]
    except pp.DriveMissing as missing:
        pp.drive_missing(ctx, missing.drive)
        return None
    if len(targets) != 1 or targets[0].provider != pp.FILE:
        raise NotSimulated(f"{ctx.command_name} to this path", ctx.line)
    return targets[0].path


@cmdlet("Import-Csv", aliases=("ipcsv",))
class ImportCsv(pp.PathCmdlet):
    parameters = (
        Param("Delimiter", "string", position=1, default=","),
        Param("Path", "string[]", position=0, pipeline=True),
        Param("LiteralPath", "string[]", by_property=True, aliases=("PSPath",)),
        Param("Header", "string[]"),
        enc.ENCODING_PARAMETER,
        Param("UseCulture", unsupported=True),
    )

    def process(self, ctx: CmdletContext) -> None:
        if self.bound("Path") == self.bound("LiteralPath"):
            ctx.fail("CannotSpecifyPathAndLiteralPath", "InvalidData", "System.InvalidOperationException",
                     "You must specify either the -Path or -LiteralPath parameters, but not both.",
                     terminating=True)  # fmt: skip
        texts, literal = self.texts()
        for text in texts:
            path = _one_file(ctx, text, literal=literal)
            if path is None:
                continue
            try:
                data = ctx.machine.fs.read_bytes(path)
            except FileError as error:
                ctx.error(ErrorRecord(file_exception(error), "FileOpenFailure", "OpenError", text), terminating=True)
                return
            codec, mark = enc.detect(data, enc.encoding_of(self, ctx, "utf8"))
            rows = csv.parse_csv(enc.decode(data[len(mark) :], codec), self.get("Delimiter"))
            csv.write_objects(ctx, rows, list(self.get("Header") or ()))
