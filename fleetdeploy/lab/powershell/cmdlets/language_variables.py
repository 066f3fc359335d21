"""Variables and strict mode: Get-Variable, Set-Variable, Set-StrictMode …"""

from __future__ import annotations

from typing import Any

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell import convert
from fleetdeploy.lab.powershell.cmdlets.registry import Cmdlet, CmdletContext, Param, cmdlet
from fleetdeploy.lab.powershell.runtime.scope import AUTO_NULL, Scope, Variable
from fleetdeploy.lab.powershell.values import Version
from fleetdeploy.lab.powershell.wildcard import like

_NOT_FOUND = "System.Management.Automation.ItemNotFoundException"
_UNAUTHORISED = "System.Management.Automation.SessionStateUnauthorizedAccessException"
_OPTIONS = frozenset({"readonly", "constant"})


def has_wildcard(text: str) -> bool:
    return any(char in text for char in "*?[")


def scope_named(ctx: CmdletContext, name: str | None) -> Scope | None:
    """The scope of -Scope; None when it was not given."""
    if name is None:
        return None
    rt = ctx.interp
    key = name.lower()
    if key in ("local", "private"):
        return rt.scope  # type: ignore[no-any-return]
    if key == "global":
        return rt.runspace.global_scope  # type: ignore[no-any-return]
    if key == "script":
        return rt.scope_of("script")  # type: ignore[no-any-return]
    if key.isdigit():
        found = rt.scope.ancestor(int(key))
        if found is None:
            kind = "System.Management.Automation.PSArgumentOutOfRangeException"
            text = f"The scope number '{name}' exceeds the number of active scopes."
            ctx.fail("ArgumentOutOfRange", "InvalidArgument", kind, text, target=name, terminating=True)
        return found  # type: ignore[no-any-return]
    raise NotSimulated(f"-Scope {name}", ctx.line)


def visible(ctx: CmdletContext, scope: Scope | None) -> dict[str, Variable]:
    if scope is not None:
        return dict(scope.variables)
    found: dict[str, Variable] = {}
    for one in ctx.interp.scope.chain():
        for key, variable in one.variables.items():
            found.setdefault(key, variable)
    return found


@cmdlet("Get-Variable", aliases=("gv",))
class GetVariable(Cmdlet):
    parameters = (
        Param("Name", "string[]", position=0, pipeline=True, by_property=True),
        Param("ValueOnly", "switch"),
        Param("Include", unsupported=True),
        Param("Exclude", unsupported=True),
        Param("Scope", "string"),
    )

    def process(self, ctx: CmdletContext) -> None:
        scope = scope_named(ctx, self.get("Scope"))
        for name in self.get("Name") or ("*",):
            if has_wildcard(name):
                for key, variable in sorted(visible(ctx, scope).items()):
                    if like(key, name):
                        self._write(ctx, variable)
                continue
            key = name.lower()
            found: Variable | None = scope.variables.get(key) if scope is not None else ctx.interp.scope.find(key)
            if found is None:
                ctx.fail("VariableNotFound", "ObjectNotFound", _NOT_FOUND,
                         f"Cannot find a variable with the name '{name}'.", target=name)  # fmt: skip
                continue
            self._write(ctx, found)

    def _write(self, ctx: CmdletContext, variable: Variable) -> None:
        if self.get("ValueOnly"):
            ctx.write(None if variable.value is AUTO_NULL else variable.value)
        else:
            ctx.write(variable)


def _options(value: Any) -> frozenset[str]:
    if value is None:
        return frozenset()
    names = {part.strip().lower() for part in convert.to_string(value).replace(",", " ").split()}
    if "allscope" in names:
        raise NotSimulated("-Option AllScope")
    return frozenset(names - {"none"})


def _not_writable(ctx: CmdletContext, name: str) -> None:
    ctx.fail("VariableNotWritable", "WriteError", _UNAUTHORISED,
             f"Cannot overwrite variable {name} because it is read-only or constant.", target=name)  # fmt: skip


@cmdlet("Set-Variable", aliases=("sv", "set"))
class SetVariable(Cmdlet):
    parameters = (
        Param("Name", "string[]", position=0, mandatory=True, by_property=True),
        Param("Value", "object", position=1, pipeline=True, by_property=True, allow_null=True),
        Param("Option", "object"),
        Param("Scope", "string"),
        Param("Force", "switch"),
        Param("PassThru", "switch"),
        Param("Description", "string"),
        Param("Visibility", unsupported=True),
        Param("Include", unsupported=True),
        Param("Exclude", unsupported=True),
    )
    supports_should_process = True

    def begin(self, ctx: CmdletContext) -> None:
        self.items: list[Any] = []
        self.piped = False

    def process(self, ctx: CmdletContext) -> None:
        if self.bound("Value"):
            self.items.append(self.get("Value"))

    def end(self, ctx: CmdletContext) -> None:
        from fleetdeploy.lab.powershell.runtime.values_ext import from_list

        value = from_list(self.items)
        value = None if value is AUTO_NULL else value
        scope = scope_named(ctx, self.get("Scope")) or ctx.interp.scope
        for name in self.get("Name"):
            key = name.lower()
            variable = scope.variables.get(key)
            if variable is not None:
                if "constant" in variable.options or ("readonly" in variable.options and not self.get("Force")):
                    _not_writable(ctx, name)
                    continue
                if self.bound("Value") or not self.bound("Option"):
                    variable.assign(value)
                if self.bound("Option"):
                    variable.options = _options(self.get("Option"))
            else:
                variable = scope.variables[key] = Variable(name, value, options=_options(self.get("Option")))
                variable.private = "private" in variable.options
            if self.get("Description"):
                variable.description = self.get("Description")
            if self.get("PassThru"):
                ctx.write(variable)


@cmdlet("New-Variable", aliases=("nv",))
class NewVariable(Cmdlet):
    parameters = (
        Param("Name", "string", position=0, mandatory=True, by_property=True),
        Param("Value", "object", position=1, pipeline=True, by_property=True, allow_null=True),
        Param("Option", "object"),
        Param("Scope", "string"),
        Param("Force", "switch"),
        Param("PassThru", "switch"),
        Param("Description", "string"),
        Param("Visibility", unsupported=True),
    )
    supports_should_process = True

    def process(self, ctx: CmdletContext) -> None:
        scope = scope_named(ctx, self.get("Scope")) or ctx.interp.scope
        name = self.get("Name")
        existing = scope.variables.get(name.lower())
        if existing is not None and not self.get("Force"):
            ctx.fail("VariableAlreadyExists", "ResourceExists", "System.Management.Automation.SessionStateException",
                     f"A variable with name '{name}' already exists.", target=name)  # fmt: skip
            return
        if existing is not None and "constant" in existing.options:
            _not_writable(ctx, name)
            return
        variable = scope.variables[name.lower()] = Variable(
            name, self.get("Value"), options=_options(self.get("Option")), description=self.get("Description") or ""
        )
        variable.private = "private" in variable.options
        if self.get("PassThru"):
            ctx.write(variable)


@cmdlet("Remove-Variable", aliases=("rv",))
class RemoveVariable(Cmdlet):
    parameters = (
        Param("Name", "string[]", position=0, mandatory=True, by_property=True),
        Param("Scope", "string"),
        Param("Force", "switch"),
        Param("Include", unsupported=True),
        Param("Exclude", unsupported=True),
    )
    supports_should_process = True

    def process(self, ctx: CmdletContext) -> None:
        given = scope_named(ctx, self.get("Scope"))
        names: list[str] = []
        for name in self.get("Name"):
            if has_wildcard(name):
                # Of all that are seen from here; nothing found is no error.
                seen = [given] if given is not None else list(ctx.interp.scope.chain())
                names += [one.name for scope in seen for one in scope.variables.values() if like(one.name, name)]
            else:
                names.append(name)
        for name in names:
            key = name.lower()
            owner = given
            if owner is None:
                owner = next((one for one in ctx.interp.scope.chain() if key in one.variables), None)
            if owner is None or key not in owner.variables:
                ctx.fail("VariableNotFound", "ObjectNotFound", _NOT_FOUND,
                         f"Cannot find a variable with the name '{name}'.", target=name)  # fmt: skip
                continue
            variable = owner.variables[key]
            if "constant" in variable.options or ("readonly" in variable.options and not self.get("Force")):
                ctx.fail("VariableNotRemovable", "WriteError", _UNAUTHORISED,
                         f"Cannot remove variable {name} because it is constant or read-only. If the variable is "
                         "read-only, try the operation again specifying the Force option.", target=name)  # fmt: skip
                continue
            del owner.variables[key]


@cmdlet("Clear-Variable", aliases=("clv",))
class ClearVariable(Cmdlet):
    parameters = (
        Param("Name", "string[]", position=0, mandatory=True, by_property=True),
        Param("Scope", "string"),
        Param("Force", "switch"),
        Param("PassThru", unsupported=True),
        Param("Include", unsupported=True),
        Param("Exclude", unsupported=True),
    )

    def process(self, ctx: CmdletContext) -> None:
        scope = scope_named(ctx, self.get("Scope")) or ctx.interp.scope
        for name in self.get("Name"):
            variable = scope.variables.get(name.lower()) or ctx.interp.scope.find(name.lower())
            if variable is None:
                ctx.fail("VariableNotFound", "ObjectNotFound", _NOT_FOUND,
                         f"Cannot find a variable with the name '{name}'.", target=name)  # fmt: skip
            elif variable.options & _OPTIONS and not self.get("Force"):
                _not_writable(ctx, name)
            else:
                scope.variables[name.lower()] = Variable(variable.name, None)


@cmdlet("Set-StrictMode")
class SetStrictMode(Cmdlet):
    default_set = "Version"
    parameters = (
        Param("Version", "string", sets=("Version",), mandatory=True, aliases=("v",)),
        Param("Off", "switch", sets=("Off",), mandatory=True),
    )

    def process(self, ctx: CmdletContext) -> None:
        rt = ctx.interp
        if self.get("Off"):
            rt.scope.strict = 0
            return
        text = self.get("Version")
        if text.lower() == "latest":
            rt.scope.strict = 3
            return
        from fleetdeploy.lab.powershell import types

        kind = types.resolve("version")
        try:
            number = float(text)
            major = int(number)
        except ValueError:
            value = convert.to_type(text, kind) if kind is not None else None
            major = value.parts[0] if isinstance(value, Version) else 3
        if not 0 <= major <= 5:
            raise NotSimulated(f"Set-StrictMode -Version {text}", ctx.line)
        rt.scope.strict = min(major, 3)
