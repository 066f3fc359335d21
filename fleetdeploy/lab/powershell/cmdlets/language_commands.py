"""Commands as values, and scripts as text or blocks: Get-Command, aliases, Invoke-Expression, Invoke-Command."""

from __future__ import annotations

from typing import Any

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell.cmdlets import registry
from fleetdeploy.lab.powershell.cmdlets.language_variables import has_wildcard, scope_named
from fleetdeploy.lab.powershell.cmdlets.registry import Cmdlet, CmdletContext, Param, cmdlet
from fleetdeploy.lab.powershell.runtime import call_arguments, command_lookup
from fleetdeploy.lab.powershell.runtime.errors import InvocationInfo
from fleetdeploy.lab.powershell.runtime.script_processor import ScriptProcessor
from fleetdeploy.lab.powershell.runtime.values_ext import AliasInfo, CommandInfo


@cmdlet("Get-Command", aliases=("gcm",))
class GetCommand(Cmdlet):
    parameters = (
        Param("Name", "string[]", position=0, pipeline=True, by_property=True),
        Param("CommandType", "string[]", aliases=("Type",)),
        Param("All", unsupported=True),
        Param("Module", unsupported=True),
        Param("Noun", unsupported=True),
        Param("Verb", unsupported=True),
        Param("Syntax", unsupported=True),
        Param("TotalCount", unsupported=True),
        Param("ArgumentList", unsupported=True),
        Param("ListImported", unsupported=True),
    )

    def process(self, ctx: CmdletContext) -> None:
        names = self.get("Name")
        if names is None:
            raise NotSimulated("Get-Command without a name", ctx.line)
        wanted = [kind.lower() for kind in self.get("CommandType") or ()]
        for name in names:
            if has_wildcard(name):
                raise NotSimulated("Get-Command with wildcards", ctx.line)
            found = self._find(ctx, name)
            if found is None or (wanted and found.command_type.lower() not in wanted and "all" not in wanted):
                error = command_lookup.not_found(name).exception
                ctx.fail("CommandNotFoundException", "ObjectNotFound", error.type_name, error.message, target=name,
                         properties=error.properties)  # fmt: skip
                continue
            ctx.write(found)

    def _find(self, ctx: CmdletContext, name: str) -> CommandInfo | None:
        rt = ctx.interp
        alias = rt.scope.find_alias(name.lower()) or registry.find_alias(name)
        if alias is not None:
            return AliasInfo(name, alias)
        return command_lookup.find_command(rt, name, ctx.line)


@cmdlet("Set-Alias", aliases=("sal",))
class SetAlias(Cmdlet):
    parameters = (
        Param("Name", "string", position=0, mandatory=True),
        Param("Value", "string", position=1, mandatory=True),
        Param("Scope", "string"),
        Param("Option", unsupported=True),
        Param("Force", "switch"),
        Param("PassThru", unsupported=True),
        Param("Description", "string"),
    )

    def process(self, ctx: CmdletContext) -> None:
        scope = scope_named(ctx, self.get("Scope")) or ctx.interp.scope
        scope.aliases[self.get("Name").lower()] = self.get("Value")


@cmdlet("New-Alias", aliases=("nal",))
class NewAlias(SetAlias):
    pass


@cmdlet("Get-Alias", aliases=("gal",))
class GetAlias(Cmdlet):
    parameters = (
        Param("Name", "string[]", position=0, pipeline=True, by_property=True),
        Param("Definition", unsupported=True),
        Param("Exclude", unsupported=True),
        Param("Scope", unsupported=True),
    )

    def process(self, ctx: CmdletContext) -> None:
        for name in self.get("Name") or ():
            target = ctx.interp.scope.find_alias(name.lower()) or registry.find_alias(name)
            if target is None:
                raise NotSimulated(f"Get-Alias {name}", ctx.line)
            ctx.write(AliasInfo(name, target))


@cmdlet("Invoke-Expression", aliases=("iex",))
class InvokeExpression(Cmdlet):
    parameters = (Param("Command", "string", position=0, mandatory=True, pipeline=True),)

    def process(self, ctx: CmdletContext) -> None:
        rt = ctx.interp
        block = rt.runspace.compile_block(self.get("Command"))
        processor: Any = ctx
        rt.invoke_block(block, (), same_scope=True, out=processor.out)


@cmdlet("Invoke-Command", aliases=("icm",))
class InvokeCommand(Cmdlet):
    """Only a block on this machine."""

    parameters = (
        Param("ScriptBlock", "scriptblock", position=0, mandatory=True, aliases=("Command",)),
        Param("ArgumentList", "object[]", aliases=("Args",)),
        Param("InputObject", "object", pipeline=True),
        Param("NoNewScope", "switch"),
        Param("ComputerName", unsupported=True, aliases=("Cn",)),
        Param("Session", unsupported=True),
        Param("Credential", unsupported=True),
        Param("FilePath", unsupported=True),
        Param("AsJob", unsupported=True),
    )

    def begin(self, ctx: CmdletContext) -> None:
        self.items: list[Any] = []

    def process(self, ctx: CmdletContext) -> None:
        if self.bound("InputObject"):
            self.items.append(self.get("InputObject"))

    def end(self, ctx: CmdletContext) -> None:
        rt = ctx.interp
        args = [call_arguments.Arg(value) for value in self.get("ArgumentList") or ()]
        inner = ScriptProcessor(
            rt, InvocationInfo(ctx.line), self.get("ScriptBlock"), args, dot=bool(self.get("NoNewScope")),
            has_input=bool(self.items),
        )  # fmt: skip
        outer: Any = ctx
        inner.out = outer.out
        if self.items:
            for item in self.items:
                inner.accept(item)
        else:
            inner.accept_none()
        inner.end()
