"""Select-String over piped text, piped files and -Path."""

from __future__ import annotations

import re

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell import convert, regex
from fleetdeploy.lab.powershell.cmdlets import provider_encodings as enc
from fleetdeploy.lab.powershell.cmdlets import provider_paths as pp
from fleetdeploy.lab.powershell.cmdlets.registry import CmdletContext, Param, cmdlet
from fleetdeploy.lab.powershell.dotnet.io_items import DirectoryInfo, FileInfo, file_exception
from fleetdeploy.lab.powershell.dotnet.text import MATCH, Match
from fleetdeploy.lab.powershell.runtime.values_ext import is_enumerable, iterate
from fleetdeploy.lab.powershell.values import DotNetException, ErrorRecord, NetObject, PSArray, define
from fleetdeploy.lab.powershell.wildcard import like
from fleetdeploy.lab.windows.errors import FileError

_IGNORE_CASE = 1


class MatchInfo(NetObject):
    """One line that matched."""

    def __init__(
        self, line: str, number: int, pattern: str, matches: list[Match], *, ignore_case: bool, path: str = ""
    ) -> None:
        self.path = path
        self.line = line
        self.number = number
        self.pattern = pattern
        self.matches = matches
        self.ignore_case = ignore_case

    def to_net_string(self) -> str:
        return f"{self.path}:{self.number}:{self.line}" if self.path else self.line


MATCH_INFO = define("Microsoft.PowerShell.Commands.MatchInfo", py=MatchInfo)
MATCH_INFO.prop("Line", "string", lambda info: info.line)
MATCH_INFO.prop("LineNumber", "int", lambda info: info.number)
MATCH_INFO.prop("Pattern", "string", lambda info: info.pattern)
MATCH_INFO.prop("Path", "string", lambda info: info.path or "InputStream")
MATCH_INFO.prop("Filename", "string", lambda info: info.path.rpartition("\\")[2] or "InputStream")
MATCH_INFO.prop("IgnoreCase", "bool", lambda info: info.ignore_case)
MATCH_INFO.prop("Matches", "object", lambda info: PSArray(info.matches, MATCH))
MATCH_INFO.prop("Context", "object", lambda info: None)
MATCH_INFO.method("ToString()")(MatchInfo.to_net_string)


_ENCODINGS = ("unicode", "utf7", "utf8", "utf32", "ascii", "bigendianunicode", "default", "oem")


@cmdlet("Select-String", aliases=("sls",))
class SelectString(pp.PathCmdlet):
    default_set = "Object"
    parameters = (
        Param("InputObject", "object", mandatory=True, pipeline=True, allow_null=True, sets=("Object",)),
        Param("Pattern", "string[]", position=0, mandatory=True),
        Param("SimpleMatch", "switch"),
        Param("CaseSensitive", "switch"),
        Param("Quiet", "switch"),
        Param("NotMatch", "switch"),
        Param("AllMatches", "switch"),
        Param("Path", "string[]", position=1, mandatory=True, by_property=True, sets=("File",)),
        Param("LiteralPath", "string[]", mandatory=True, by_property=True, aliases=("PSPath",), sets=("LiteralFile",)),
        Param("List", "switch"),
        Param("Include", "string[]"),
        Param("Exclude", "string[]"),
        Param("Encoding", "string", validate_set=_ENCODINGS),
        Param("Context", unsupported=True),
    )

    def begin(self, ctx: CmdletContext) -> None:
        self.number = 0
        self.hit = False
        self.patterns: list[tuple[str, regex.NetRegex | None]] = []

    def _compile(self, ctx: CmdletContext) -> None:
        for pattern in self.get("Pattern"):
            if self.get("SimpleMatch"):
                self.patterns.append((pattern, None))
                continue
            try:
                net = regex.compile_regex(pattern, 0 if self.get("CaseSensitive") else _IGNORE_CASE)
            except regex.BadPattern as failure:
                inner = DotNetException("System.ArgumentException", str(failure))
                text = f"The string {pattern} is not a valid regular expression: {failure}"
                exception = DotNetException("System.ArgumentException", text, inner)
                ctx.error(ErrorRecord(exception, "InvalidRegex", "InvalidArgument", None), terminating=True)
                return
            self.patterns.append((pattern, net))

    def process(self, ctx: CmdletContext) -> None:
        if not self.patterns:
            self._compile(ctx)
        if self.bound("Path") or self.bound("LiteralPath"):
            for target in self._files(ctx):
                self._file(ctx, target)
            return
        if not self.bound("InputObject"):
            raise NotSimulated("Select-String without input", ctx.line)
        value = self.get("InputObject")
        if self.hit and self.get("Quiet"):
            return
        items = list(iterate(value)) if is_enumerable(value) else [value]
        for item in items:
            if isinstance(item, FileInfo):
                self._file(ctx, item.path)
                continue
            if isinstance(item, DirectoryInfo):
                raise NotSimulated("Select-String in a directory", ctx.line)
            self.number += 1
            self._line(ctx, convert.to_string(item))

    def _files(self, ctx: CmdletContext) -> list[str]:
        """The files meant; a directory ends in an error of its own, which is refused."""
        texts, literal = self.texts()
        found: list[str] = []
        for text in texts:
            try:
                targets, wild = ([pp.literal(ctx, text)], False) if literal else pp.expand(ctx, text)
            except pp.DriveMissing as missing:
                pp.drive_missing(ctx, missing.drive)
                continue
            for target in targets:
                if target.provider != pp.FILE:
                    raise NotSimulated("Select-String outside of the file system", ctx.line)
                if not wild and not pp.exists(ctx, target):
                    pp.not_found(ctx, target.shown)
                    continue
                if pp.is_container(ctx, target):
                    if wild:
                        continue
                    raise NotSimulated("Select-String in a directory", ctx.line)
                name = target.path.rpartition("\\")[2]
                include, exclude = self.get("Include"), self.get("Exclude")
                if include and not any(like(name, one) for one in include):
                    continue
                if exclude and any(like(name, one) for one in exclude):
                    continue
                found.append(target.path)
        return found

    def _file(self, ctx: CmdletContext, path: str) -> None:
        if self.hit and self.get("Quiet"):
            return
        try:
            data = ctx.machine.fs.read_bytes(path)
        except FileError as error:
            text = f"The file {path} cannot be read: {error}"
            exception = DotNetException("System.ArgumentException", text, file_exception(error))
            ctx.error(ErrorRecord(exception, "ProcessingFile", "InvalidArgument", path))
            return
        codec, mark = enc.detect(data, enc.encoding_of(self, ctx, "utf8"))
        lines = re.split(r"\r\n|\n|\r", enc.decode(data[len(mark) :], codec))
        if lines and lines[-1] == "":
            lines.pop()
        self.number = 0
        for line in lines:
            self.number += 1
            if self._line(ctx, line, path) and (self.get("List") or self.get("Quiet")):
                break
        self.number = 0

    def _line(self, ctx: CmdletContext, line: str, path: str = "") -> bool:
        """Whether the line is one to show."""
        for pattern, net in self.patterns:
            matches: list[Match] = []
            if net is None:
                flags = 0 if self.get("CaseSensitive") else re.IGNORECASE
                found = re.search(re.escape(pattern), line, flags) is not None
            else:
                hits = list(net.compiled.finditer(line)) if self.get("AllMatches") else [net.compiled.search(line)]
                matches = [Match(net, one) for one in hits if one is not None]
                found = bool(matches)
            if found == bool(self.get("NotMatch")):
                if self.get("NotMatch"):
                    return False
                continue
            if self.get("NotMatch") and pattern != self.patterns[-1][0]:
                continue
            self.hit = True
            if not self.get("Quiet"):
                shown = [] if self.get("NotMatch") else matches
                ignore_case = not self.get("CaseSensitive")
                ctx.write(MatchInfo(line, self.number, pattern, shown, ignore_case=ignore_case, path=path))
            return True
        return False

    def end(self, ctx: CmdletContext) -> None:
        if self.get("Quiet"):
            ctx.write(self.hit)
