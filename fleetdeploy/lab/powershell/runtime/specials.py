"""Automatic variables, variables on drives (`$env:X`, `$function:f`), and the members only the runtime can answer.

Those are methods of script blocks, `.Where()`/`.ForEach()`, `[scriptblock]::Create` and `$PSCmdlet`. Everything else is
`members`. Must not hold state: that is on the Interp and its Runspace.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell import ast, convert, convert_numbers, members
from fleetdeploy.lab.powershell.cmdlets import registry
from fleetdeploy.lab.powershell.runtime.errors import ScriptError
from fleetdeploy.lab.powershell.runtime.known_commands import is_builtin_function
from fleetdeploy.lab.powershell.runtime.pscmdlet import PSCmdletValue
from fleetdeploy.lab.powershell.runtime.scope import AUTO_NULL, Scope, Variable
from fleetdeploy.lab.powershell.runtime.values_ext import (
    FunctionInfo,
    ScriptBlockValue,
    from_list,
    is_enumerable,
    iterate,
)
from fleetdeploy.lab.powershell.values import (
    MISSING,
    Collection,
    DictionaryBase,
    DotNetException,
    PSArray,
    PSRuntimeError,
    PSType,
    ScriptMethod,
    type_of,
)

if TYPE_CHECKING:
    from fleetdeploy.lab.powershell.runtime.interp import Interp


def _under(rt: Interp) -> Any:
    variable = rt.scope.find("_")
    if variable is None:
        if rt.scope.strict_version() >= 1:
            from fleetdeploy.lab.powershell.runtime.variables import undefined

            raise undefined("_")
        return None
    return variable.value


def _psitem(rt: Interp) -> Any:
    variable = rt.scope.find("_")
    return None if variable is None else variable.value


def _pwd(rt: Interp) -> Any:
    from fleetdeploy.lab.powershell.cmdlets import provider_location

    return provider_location.current(rt.runspace)


def _execution_context(rt: Interp) -> Any:
    from fleetdeploy.lab.powershell.dotnet.session_state import EngineIntrinsics

    return EngineIntrinsics(constrained=rt.constrained)


SPECIAL: dict[str, Callable[[Any], Any]] = {
    "true": lambda _rt: True,
    "false": lambda _rt: False,
    "null": lambda _rt: None,
    "?": lambda rt: rt.question,
    "_": _under,
    "psitem": _psitem,
    "executioncontext": _execution_context,
    "^": lambda _rt: _refuse("$^"),
    "$": lambda _rt: _refuse("$$"),
    "pwd": _pwd,
    "psdefaultparametervalues": lambda _rt: _refuse("$PSDefaultParameterValues"),
    "pssenderinfo": lambda _rt: _refuse("$PSSenderInfo"),
    "pssessionoption": lambda _rt: _refuse("$PSSessionOption"),
}
READ_ONLY = frozenset({"true", "false", "?", "pid", "host", "pshome", "psversiontable", "executioncontext", "error",
                       "home", "shellid"})  # fmt: skip
REFUSED = frozenset({"psdefaultparametervalues", "psmoduleautoloadingpreference"})
"""Variables that would change what other commands do: nobody may set them here."""


def _refuse(what: str) -> Any:
    raise NotSimulated(what)


# ------------------------------------------------------------------------------------------------ drives


def drive_get(rt: Interp, drive: str, name: str, line: int) -> Any:
    if drive == "env":
        return rt.runspace.environment_get(name)
    if drive == "function":
        found = rt.scope.find_function(name.lower())
        if found is None and is_builtin_function(name.lower()):
            raise NotSimulated(f"$function:{name}", line)
        return None if found is None else found.block
    if drive == "alias":
        return rt.scope.find_alias(name.lower()) or registry.find_alias(name)
    raise NotSimulated(f"${drive}:{name}", line)


def drive_set(rt: Interp, drive: str, name: str, value: Any, line: int) -> None:
    if drive == "env":
        rt.runspace.environment_set(name, None if value is None else rt.to_string(value))
        return
    if drive == "function" and isinstance(value, ScriptBlockValue):
        rt.scope.functions[name.lower()] = FunctionInfo(name, value)
        return
    raise NotSimulated(f"assigning ${drive}:{name}", line)


# ------------------------------------------------------------------------------------------------ methods


def method(rt: Interp, target: Any, name: str, args: list[Any], node: ast.Node | None) -> Any:
    key = name.lower()
    if isinstance(target, ScriptBlockValue):
        found = _block_method(rt, target, key, args)
        if found is not MISSING:
            return found
    elif isinstance(target, PSCmdletValue):
        return target.invoke(name, args)
    bag = members.bag_of(target)
    if bag is not None:
        member = bag.find(name)
        if isinstance(member, ScriptMethod) and isinstance(member.script, ScriptBlockValue):
            return from_list(rt.invoke_block(member.script, args, this=target))
    if key in ("where", "foreach") and args and not isinstance(target, DictionaryBase):
        return (_where if key == "where" else _for_each)(rt, target, args)
    return MISSING


def _block_method(rt: Interp, block: ScriptBlockValue, key: str, args: list[Any]) -> Any:
    if key in ("invoke", "invokereturnasis"):
        if len(args) == 1 and type(args[0]) is PSArray:
            args = list(args[0].items)
        elif args == [None]:
            args = []
        try:
            out = rt.invoke_block(block, args, propagate=False)
        except ScriptError as error:
            if key == "invokereturnasis":
                raise
            inner = error.record.exception
            raise PSRuntimeError(
                inner.type_name.rsplit(".", 1)[-1],
                "NotSpecified",
                DotNetException(
                    "System.Management.Automation.MethodInvocationException",
                    f'Exception calling "Invoke" with "{len(args)}" argument(s): "{inner.message}"',
                    inner,
                ),
            ) from error
        return Collection(out) if key == "invoke" else from_list(out)
    if key == "tostring" and not args:
        return block.text
    if key == "getnewclosure" and not args:
        return closure_of(rt, block)
    return MISSING


def closure_of(rt: Interp, block: ScriptBlockValue) -> ScriptBlockValue:
    """The block with a copy of the variables of the current scope, in a module of its own."""
    scope = Scope(parent=rt.runspace.global_scope)
    scope.script = scope
    source: Scope | None = rt.scope
    while source is not None and source is not rt.runspace.global_scope:
        for key, variable in source.variables.items():
            if key not in scope.variables and key not in ("_", "psitem", "input", "args", "this", "myinvocation",
                                                          "psboundparameters", "foreach"):  # fmt: skip
                scope.variables[key] = Variable(variable.name, variable.value, constraints=variable.constraints)
        break
    else:
        for key, variable in rt.scope.variables.items():
            if not variable.options and key not in rt.runspace.initial_names:
                scope.variables[key] = Variable(variable.name, variable.value, constraints=variable.constraints)
    made = ScriptBlockValue(block.ast, block.text, closure=scope, file=block.file)
    made.parameters = block.parameters
    return made


def _elements(target: Any) -> list[Any]:
    return list(iterate(target)) if is_enumerable(target) else [target]


def _where(rt: Interp, target: Any, args: list[Any]) -> Any:
    block = args[0]
    if not isinstance(block, ScriptBlockValue):
        raise NotSimulated(".Where() without a script block")
    mode = rt.to_string(args[1]).lower() if len(args) > 1 else "default"
    count = int(convert_numbers.to_number(args[2])) if len(args) > 2 else 0

    def test(item: Any) -> bool:
        value = from_list(rt.invoke_block(block, [], dollar_under=item, same_scope=True))
        return False if value is AUTO_NULL else convert.to_bool(value)

    items = _elements(target)
    if mode in ("default", "first", "last"):
        kept: list[Any] = []
        for item in items:
            if test(item):
                kept.append(item)
                if mode == "first" and len(kept) >= (count or 1):
                    break
                if mode == "default" and count and len(kept) >= count:
                    break
        if mode == "last":
            kept = kept[-(count or 1) :]
        return Collection(kept)
    if mode == "split":
        yes: list[Any] = []
        no: list[Any] = []
        for item in items:
            (yes if test(item) and (not count or len(yes) < count) else no).append(item)
        return PSArray([Collection(yes), Collection(no)])
    if mode in ("skipuntil", "until"):
        for position, item in enumerate(items):
            if test(item):
                rest = items[position:] if mode == "skipuntil" else items[:position]
                return Collection(rest[:count] if count else rest)
        return Collection([] if mode == "skipuntil" else items)
    raise NotSimulated(f".Where() with the mode {mode}")


def _for_each(rt: Interp, target: Any, args: list[Any]) -> Any:
    what = args[0]
    out: list[Any] = []
    if type_of(target).full_name.startswith("System.Collections.Generic.List`1"):
        # The list's own ForEach(Action) goes before PowerShell's: what the block writes is lost.
        if not isinstance(what, ScriptBlockValue) or len(args) > 1:
            raise NotSimulated("List[T].ForEach() with these arguments")
        for item in list(_elements(target)):
            what.invoke_delegate([item])
        return AUTO_NULL
    if isinstance(what, ScriptBlockValue):
        for item in _elements(target):
            out.extend(rt.invoke_block(what, list(args[1:]), dollar_under=item, same_scope=True))
        return Collection(out)
    if isinstance(what, PSType):
        return Collection([convert.to_type(item, what) for item in _elements(target)])
    if isinstance(what, str):
        from fleetdeploy.lab.powershell.runtime.member_access import get_property, invoke_method

        for item in _elements(target):
            if item is not None and (len(args) > 1 or members.has_method(item, what)):
                value = invoke_method(rt, item, what, list(args[1:]), None)
            else:
                value = get_property(rt, item, what)
            if value is not AUTO_NULL:
                out.extend(iterate(value) if is_enumerable(value) else [value])
        return Collection(out)
    raise NotSimulated(".ForEach() with this argument")


def static(rt: Interp, target: PSType, name: str, args: list[Any], node: ast.Node | None) -> Any:
    if target.full_name == "System.Management.Automation.ScriptBlock" and name.lower() == "create" and len(args) == 1:
        text = rt.to_string(args[0])
        try:
            return rt.runspace.compile_block(text)
        except PSRuntimeError as error:
            raise PSRuntimeError(
                "ParseException",
                "NotSpecified",
                DotNetException(
                    "System.Management.Automation.MethodInvocationException",
                    f'Exception calling "Create" with "1" argument(s): "{error.message}"',
                    DotNetException("System.Management.Automation.ParseException", error.message),
                ),
            ) from error
    return MISSING
