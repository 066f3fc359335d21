"""Values only the runtime makes: script blocks, command and invocation objects, records of the informational streams.

Also the rule what a pipeline enumerates. Their members are tables of `typesystem`, as for every other value; the
behaviour behind (running a block) is reached through the interpreter of the running thread (`current()`).
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell import ast
from fleetdeploy.lab.powershell.containers import DictionaryBase
from fleetdeploy.lab.powershell.runtime.cmdlet_modules import is_function
from fleetdeploy.lab.powershell.runtime.scope import AUTO_NULL, Scope
from fleetdeploy.lab.powershell.typesystem import REGISTRY, PSType
from fleetdeploy.lab.powershell.values import (
    DotNetException,
    ErrorRecord,
    ExtendedStr,
    NetObject,
    PSArray,
    PSCustomObject,
    PSReference,
    PSRuntimeError,
    define,
)

if TYPE_CHECKING:
    from fleetdeploy.lab.powershell.cmdlets.registry import Cmdlet
    from fleetdeploy.lab.powershell.runtime.interp import Interp
    from fleetdeploy.lab.powershell.runtime.scope import Variable

_thread = threading.local()


def current() -> Interp:
    """The interpreter that runs on this thread."""
    rt: Interp | None = getattr(_thread, "interp", None)
    if rt is None:
        raise NotSimulated("a script block outside of a pipeline")
    return rt


def set_current(rt: Interp | None) -> Interp | None:
    before: Interp | None = getattr(_thread, "interp", None)
    _thread.interp = rt
    return before


# ---------------------------------------------------------------------------------------------- enumeration

_ENUMERABLE: dict[type, bool] = {PSArray: True, str: False, int: False, bool: False, type(None): False}


class PSEnumerator(NetObject):
    """`$input` and what GetEnumerator() gives: read once, forwards."""

    def __init__(self, items: Iterator[Any] | list[Any]) -> None:
        self._source = list(items)
        self._next = 0
        self.current: Any = None

    def __iter__(self) -> Iterator[Any]:
        while self._next < len(self._source):
            self._next += 1
            yield self._source[self._next - 1]

    def move_next(self) -> bool:
        if self._next < len(self._source):
            self.current = self._source[self._next]
            self._next += 1
            return True
        return False

    def reset(self) -> None:
        self._next = 0
        self.current = None

    def to_net_string(self) -> str:
        """As text (a method's string argument) it is what is left of it, like any sequence."""
        from fleetdeploy.lab.powershell import convert

        return " ".join(convert.to_string(item) for item in self._source[self._next :])


class LoopEnumerator(NetObject):
    """`$foreach` and `$switch`: the loop's own enumerator; moving it on skips an element of the loop."""

    ps_enumerable = False

    def __init__(self, source: Iterator[Any]) -> None:
        self._source = source
        self.current: Any = None

    def move_next(self) -> bool:
        for item in self._source:
            self.current = item
            return True
        self.current = None
        return False

    def reset(self) -> None:
        raise NotSimulated("resetting the enumerator of a loop")


def is_enumerable(value: Any) -> bool:
    """Whether a pipeline takes the value apart."""
    cls = type(value)
    known = _ENUMERABLE.get(cls)
    if known is None:
        known = (
            issubclass(cls, NetObject)
            and hasattr(cls, "__iter__")
            and not issubclass(cls, DictionaryBase)
            and getattr(cls, "ps_enumerable", True)
        )
        _ENUMERABLE[cls] = known
    return known


def iterate(value: Any) -> Iterator[Any]:
    """The elements of an enumerable; a list that changes meanwhile is .NET's InvalidOperationException."""
    source = getattr(value, "source", None)
    if source is not None:
        version = source.version
        for item in value:
            yield item
            if source.version != version:
                raise modified()
        return
    items = getattr(value, "items", None)
    if not isinstance(items, list) or isinstance(value, PSArray):
        yield from value
        return
    size = len(items)
    for item in list(items):
        yield item
        if len(value.items) != size:
            raise modified()


def modified() -> PSRuntimeError:
    return PSRuntimeError(
        "System.InvalidOperationException",
        "OperationStopped",
        DotNetException(
            "System.InvalidOperationException", "Collection was modified; enumeration operation may not execute."
        ),
    )


def from_list(items: list[Any]) -> Any:
    """What a list of outputs is as a value: nothing, the one, or an array."""
    if not items:
        return AUTO_NULL
    if len(items) == 1:
        return items[0]
    return PSArray(items)


# ---------------------------------------------------------------------------------------------- script blocks


class ScriptBlockValue(NetObject):
    """A `{ … }` value. `module_scope` is set for closures: their own scope, whose parent is the global one."""

    ps_enumerable = False

    def __init__(self, tree: ast.ScriptBlock, text: str, *, closure: Scope | None = None, file: str = "") -> None:
        self.ast = tree
        self.text = text
        self.closure = closure
        self.parameters: tuple[ast.Parameter, ...] | None = None
        self.file = file

    def invoke_delegate(self, args: list[Any], this: Any = None) -> Any:
        """For delegates, script properties and script methods: run with these arguments; output as one value."""
        rt = current()
        out = rt.invoke_block(self, args, this=this)
        result = from_list(out)
        return None if result is AUTO_NULL else result

    def invoke_with_underscore(self, value: Any) -> Any:
        """As -split calls its block: `$_` is the value."""
        result = from_list(current().invoke_block(self, (), dollar_under=value, same_scope=True))
        return None if result is AUTO_NULL else result


def block_text(tree: ast.ScriptBlock, *, braces: bool) -> str:
    text = tree.extent.text
    return text[1:-1] if braces and text.startswith("{") and text.endswith("}") else text


class VariableReference(PSReference):
    """[ref]$variable."""

    def __init__(self, variable: Variable) -> None:
        super().__init__(None)
        self.variable = variable

    @property
    def value(self) -> Any:
        return None if self.variable.value is AUTO_NULL else self.variable.value

    @value.setter
    def value(self, new: Any) -> None:
        self.variable.assign(new)


class ArgName(ExtendedStr):
    """An unbound `-Name` in $args: splatting @args makes it a parameter name again."""


# ---------------------------------------------------------------------------------------------- commands


class CommandInfo(NetObject):
    """What Get-Command gives; also the resolved command of a call."""

    command_type = "Command"

    def __init__(self, name: str) -> None:
        self.name = name

    def to_net_string(self) -> str:
        return self.name


class FunctionInfo(CommandInfo):
    """A function or filter."""

    def __init__(self, name: str, block: ScriptBlockValue, *, is_filter: bool = False) -> None:
        super().__init__(name)
        self.block = block
        self.is_filter = is_filter
        self.command_type = "Filter" if is_filter else "Function"


class ClientScript(CommandInfo):
    """The script that a client sent; as text it is itself, unless it is an advanced one (a function without a name)."""

    command_type = "Script"

    def __init__(self, block: ScriptBlockValue) -> None:
        super().__init__("")
        self.block = block

    def to_net_string(self) -> str:
        return "" if _is_advanced(self.block.ast.param_block) else self.block.text


def _is_advanced(params: ast.ParamBlock | None) -> bool:
    if params is None:
        return False
    attributes = [*params.attributes, *(one for parameter in params.parameters for one in parameter.attributes)]
    return any(one.type_name.full_name.lower() in ("cmdletbinding", "parameter") for one in attributes)


class CmdletInfo(CommandInfo):
    command_type = "Cmdlet"

    def __init__(self, cls: type[Cmdlet]) -> None:
        super().__init__(cls.names[0])
        self.cls = cls
        if is_function(self.name):
            self.command_type = "Function"


class AliasInfo(CommandInfo):
    command_type = "Alias"

    def __init__(self, name: str, definition: str) -> None:
        super().__init__(name)
        self.definition = definition


class ApplicationInfo(CommandInfo):
    command_type = "Application"

    def __init__(self, name: str, path: str) -> None:
        super().__init__(name)
        self.path = path


class ScriptInfo(CommandInfo):
    """A .ps1 file."""

    command_type = "ExternalScript"

    def __init__(self, name: str, path: str, block: ScriptBlockValue) -> None:
        super().__init__(name)
        self.path = path
        self.block = block


# ---------------------------------------------------------------------------------------------- stream records


class WarningRecord(NetObject):
    def __init__(self, message: str) -> None:
        self.message = message

    def to_net_string(self) -> str:
        return self.message


class VerboseRecord(WarningRecord):
    pass


class DebugRecord(WarningRecord):
    pass


class InformationRecord(NetObject):
    def __init__(self, data: Any, tags: tuple[str, ...] = (), source: str = "") -> None:
        self.data = data
        self.tags = tags
        self.source = source

    def to_net_string(self) -> str:
        from fleetdeploy.lab.powershell import convert

        return convert.to_string(self.data)


class HostInformationMessage(NetObject):
    def __init__(self, message: str, no_newline: bool = False) -> None:
        self.message = message
        self.no_newline = no_newline

    def to_net_string(self) -> str:
        return self.message


class TypedObject(PSCustomObject):
    """An object of a .NET class that scripts only read: note properties under the class's name."""

    def __init__(self, kind: str, items: Iterable[tuple[str, Any]]) -> None:
        super().__init__(items, [kind, "System.Object"])
        self.kind = kind

    @property
    def net_type(self) -> PSType:
        found = REGISTRY.get(self.kind.lower())
        return found if found is not None else define(self.kind)


def is_error(value: Any) -> bool:
    return isinstance(value, ErrorRecord)
