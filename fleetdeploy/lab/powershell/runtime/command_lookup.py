"""What the name of a command means here: alias, function, cmdlet, program, script file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell.cmdlets import registry
from fleetdeploy.lab.powershell.runtime import known_commands, native
from fleetdeploy.lab.powershell.runtime.scope import Scope
from fleetdeploy.lab.powershell.runtime.values_ext import (
    ApplicationInfo,
    CmdletInfo,
    CommandInfo,
    FunctionInfo,
    ScriptInfo,
)
from fleetdeploy.lab.powershell.values import DotNetException, PSRuntimeError

if TYPE_CHECKING:
    from fleetdeploy.lab.powershell.runtime.interp import Interp


def find_command(rt: Interp, name: str, line: int = 0) -> CommandInfo | None:
    """What a name means here: alias, function, cmdlet, program, script file."""
    seen = 0
    key = name.lower()
    if ":" not in key and "\\" not in key:
        quick = _near(rt.scope, key)
        if quick is not None:
            return quick
    if "\\" in key and key.startswith(("microsoft.powershell.", "cimcmdlets\\")):
        key = key.rsplit("\\", 1)[1]
    while seen < 10:
        alias = rt.scope.find_alias(key)
        if alias is None and rt.scope.find_function(key) is None:
            alias = registry.find_alias(key)
        if alias is None:
            break
        key = alias.lower()
        seen += 1
    function = rt.scope.find_function(_unqualified(key))
    if function is not None:
        found: FunctionInfo = function
        return found
    cls = registry.find_cmdlet(key)
    if cls is not None:
        return CmdletInfo(cls)
    program = native.find(rt, key)
    if program is not None:
        return ApplicationInfo(program, program)
    script = find_script(rt, name)
    if script is not None:
        return script
    if "-" not in key:
        cls = registry.find_cmdlet(f"get-{key}")
        if cls is not None:
            return CmdletInfo(cls)
    if rt.machine is not None and ":\\" in key and not key.startswith("c:\\windows\\"):
        # A full path outside of Windows' own folder: the simulated drive knows.
        if rt.machine.fs.is_file(key):
            raise NotSimulated(f"running {name}", line)
        return None
    if known_commands.exists_on_windows(key):
        raise NotSimulated(f"the command {name}", line)
    return None


def _near(scope: Scope | None, key: str) -> CommandInfo | None:
    """A function that no alias hides, or a cmdlet that nothing hides: nearly every call, in one walk of the scopes."""
    function: FunctionInfo | None = None
    while scope is not None:
        if scope.aliases and key in scope.aliases:
            return None
        if function is None:
            function = scope.functions.get(key)
        scope = scope.parent
    if function is not None:
        return function
    if registry.find_alias(key) is not None:
        return None
    cls = registry.find_cmdlet(key)
    return None if cls is None else CmdletInfo(cls)


def _unqualified(key: str) -> str:
    head, colon, tail = key.partition(":")
    return tail if colon and head in ("global", "script", "local", "function") else key


def find_script(rt: Interp, name: str) -> ScriptInfo | None:
    if not name.lower().endswith(".ps1") or rt.machine is None:
        return None
    from fleetdeploy.lab.powershell.runtime import files

    return files.load_script(rt, name)


def not_found(name: str) -> PSRuntimeError:
    message = (
        f"The term '{name}' is not recognized as the name of a cmdlet, function, script file, or operable program. "
        "Check the spelling of the name, or if a path was included, verify that the path is correct and try again."
    )
    exception = DotNetException(
        "System.Management.Automation.CommandNotFoundException",
        message,
        None,
        {"CommandName": name, "WasThrownFromThrowStatement": False},
    )
    return PSRuntimeError("CommandNotFoundException", "ObjectNotFound", exception, name)
