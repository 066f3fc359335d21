"""Functions that a session has from the start and scripts use: mkdir. As cmdlets: a call cannot tell."""

from __future__ import annotations

from typing import ClassVar

from fleetdeploy.lab.powershell.cmdlets.provider_items import NewItem
from fleetdeploy.lab.powershell.cmdlets.registry import CmdletContext, Param, cmdlet


@cmdlet("mkdir", aliases=("md",), implementing="Microsoft.PowerShell.Commands.NewItemCommand")
class MakeDirectory(NewItem):
    """New-Item -ItemType Directory."""

    parameters: ClassVar[tuple[Param, ...]] = (
        Param("Path", "string[]", position=0, by_property=True, mandatory_in=("pathSet",)),
        Param("Name", "string", by_property=True, mandatory=True, sets=("nameSet",), allow_empty_string=True),
        Param("Value", "object", pipeline=True, by_property=True, allow_null=True),
        Param("Force", "switch"),
        Param("Credential", unsupported=True),
        Param("UseTransaction", unsupported=True),
    )
    default_set = "pathSet"

    def process(self, ctx: CmdletContext) -> None:
        self.values["itemtype"] = "Directory"
        super().process(ctx)
