"""Select-String over piped text. Searching files is refused."""

from __future__ import annotations

import re
from typing import Any

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell import convert, regex
from fleetdeploy.lab.powershell.cmdlets.registry import Cmdlet, CmdletContext, Param, cmdlet
from fleetdeploy.lab.powershell.dotnet.text import MATCH, Match
from fleetdeploy.lab.powershell.runtime.values_ext import is_enumerable, iterate
from fleetdeploy.lab.powershell.values import DotNetException, ErrorRecord, NetObject, PSArray, define

_IGNORE_CASE = 1


class MatchInfo(NetObject):
    """One line that matched."""

    def __init__(self, line: str, number: int, pattern: str, matches: list[Match], *, ignore_case: bool) -> None:
        self.line = line
        self.number = number
        self.pattern = pattern
        self.matches = matches
        self.ignore_case = ignore_case

    def to_net_string(self) -> str:
        return self.line


MATCH_INFO = define("Microsoft.PowerShell.Commands.MatchInfo", py=MatchInfo)
MATCH_INFO.prop("Line", "string", lambda info: info.line)
MATCH_INFO.prop("LineNumber", "int", lambda info: info.number)
MATCH_INFO.prop("Pattern", "string", lambda info: info.pattern)
MATCH_INFO.prop("Path", "string", lambda info: "InputStream")
MATCH_INFO.prop("Filename", "string", lambda info: "InputStream")
MATCH_INFO.prop("IgnoreCase", "bool", lambda info: info.ignore_case)
MATCH_INFO.prop("Matches", "object", lambda info: PSArray(info.matches, MATCH))
MATCH_INFO.prop("Context", "object", lambda info: None)
MATCH_INFO.method("ToString()")(lambda info: info.line)


@cmdlet("Select-String", aliases=("sls",))
class SelectString(Cmdlet):
    default_set = "Object"
    parameters = (
        Param("InputObject", "object", mandatory=True, pipeline=True, allow_null=True, sets=("Object",)),
        Param("Pattern", "string[]", position=0, mandatory=True),
        Param("SimpleMatch", "switch"),
        Param("CaseSensitive", "switch"),
        Param("Quiet", "switch"),
        Param("NotMatch", "switch"),
        Param("AllMatches", "switch"),
        Param("Path", position=1, unsupported=True, sets=("File",)),
        Param("LiteralPath", unsupported=True, sets=("LiteralFile",)),
        Param("List", unsupported=True),
        Param("Include", unsupported=True),
        Param("Exclude", unsupported=True),
        Param("Encoding", unsupported=True),
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
        if not self.bound("InputObject"):
            raise NotSimulated("Select-String without input", ctx.line)
        if not self.patterns:
            self._compile(ctx)
        value = self.get("InputObject")
        if self.hit and self.get("Quiet"):
            return
        items = list(iterate(value)) if is_enumerable(value) else [value]
        for item in items:
            if type(item).__name__ in ("FileSystemInfo", "FileInfo", "DirectoryInfo"):
                raise NotSimulated("Select-String in files", ctx.line)
            self.number += 1
            self._line(ctx, convert.to_string(item))

    def _line(self, ctx: CmdletContext, line: str) -> None:
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
                    return
                continue
            if self.get("NotMatch") and pattern != self.patterns[-1][0]:
                continue
            self.hit = True
            if not self.get("Quiet"):
                shown = [] if self.get("NotMatch") else matches
                ctx.write(MatchInfo(line, self.number, pattern, shown, ignore_case=not self.get("CaseSensitive")))
            return

    def end(self, ctx: CmdletContext) -> None:
        if self.get("Quiet"):
            ctx.write(self.hit)


_ = Any
