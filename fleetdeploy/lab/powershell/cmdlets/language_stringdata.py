"""ConvertFrom-StringData: lines `key=value` to a hashtable, with the escapes of regular expressions."""

from __future__ import annotations

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell import regex
from fleetdeploy.lab.powershell.cmdlets.registry import Cmdlet, CmdletContext, Param, cmdlet
from fleetdeploy.lab.powershell.values import Hashtable


@cmdlet("ConvertFrom-StringData")
class ConvertFromStringData(Cmdlet):
    """What is no `key=value`, and keys that come twice, end in errors that nobody has recorded: refused."""

    parameters = (Param("StringData", "string", position=0, mandatory=True, pipeline=True, allow_empty_string=True),)

    def process(self, ctx: CmdletContext) -> None:
        table = Hashtable()
        written = self.get("StringData")
        text = regex.unescape(written)
        if text.count("\n") != written.count("\n"):
            raise NotSimulated("ConvertFrom-StringData with an escaped line end", ctx.line)
        for line in text.split("\n"):
            line = line.strip()
            if not line or line.startswith("#"):
                continue
            key, equals, value = line.partition("=")
            name = key.strip()
            if not equals or table.contains(name):
                raise NotSimulated(f"ConvertFrom-StringData with the line '{line}'", ctx.line)
            table.set(name, value.strip())
        ctx.write(table)
