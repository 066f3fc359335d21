"""The one table of simulated cmdlets: how a cmdlet is declared, and what it may use while it runs.

A cmdlet is a class deriving `Cmdlet`, registered with the decorator `@cmdlet("Get-Thing", aliases=("gth",))`::

    @cmdlet("Get-Thing", aliases=("gth",))
    class GetThing(Cmdlet):
        parameters = (
            Param("Name", "string[]", position=0, pipeline=True, by_property=True, aliases=("CN",)),
            Param("Force", "switch"),
            Param("CimSession", unsupported=True),          # known to Windows, refused by the lab
        )

        def process(self, ctx: CmdletContext) -> None:
            for name in self.get("Name") or ():
                thing = ctx.machine.things.get(name)
                if thing is None:
                    ctx.fail("NoThing", "ObjectNotFound", "System.Management.Automation.ItemNotFoundException",
                             f"No thing {name}.", target=name)      # non-terminating: goes on unless Stop
                    continue
                ctx.write(thing)

Rules of the table:

* The binder (runtime/binder.py) has converted every argument to the declared type (a type name as a script writes it:
  "string", "string[]", "int", "switch", "scriptblock", "hashtable", "object", ... ) and validated it, by name,
  unique prefix, alias, position, pipeline object or property name; unknown names are NamedParameterNotFound.
  "switch" arrives as bool. Array types ("string[]") arrive as a `values.PSArray`, which iterates. Common parameters
  are handled outside the cmdlet.
* `self.get("Name")` is the bound value, the declared default, or None; `self.bound("Name")` tells whether it was
  given; `self.set_name` is the chosen parameter set. Names are case-insensitive.
* `begin(ctx)`, `process(ctx)` (once per pipeline object; once when there is no pipeline input) and `end(ctx)` run on
  the pipeline's own thread. One instance serves one invocation: keep state on `self`.
* A parameter that real Windows knows and the lab does not simulate is declared `unsupported=True`: binding it raises
  NotSimulated. A parameter that real Windows does not know must not be declared. What a value asks for beyond the
  simulated: `raise NotSimulated("Get-Thing -Filter with LDAP", ctx.line)`. Never guess.
* Errors: `ctx.fail(...)` writes a non-terminating error (respects -ErrorAction); with `terminating=True` it raises. A
  `values.PSRuntimeError` that escapes becomes a terminating error of the cmdlet. The error's FullyQualifiedErrorId
  gets ",<implementing type>" appended (`implementing=` of the decorator; default
  Microsoft.PowerShell.Commands.<Verb><Noun>Command).
* Wait only by `ctx.sleep(seconds)`: it ends at once when the pipeline is stopped.
* A module that registers cmdlets lies in this package and is named `language_*`, `provider_*` or `windows_*`: all
  such modules are imported by `load_all()`.

Native programs have their own table: runtime/native.py. This module must not know any single cmdlet.
"""

from __future__ import annotations

import importlib
import pkgutil
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, TypeVar

if TYPE_CHECKING:
    from fleetdeploy.lab.powershell.values import ErrorRecord

# ------------------------------------------------------------------------------------------------ declarations


@dataclass(frozen=True, slots=True)
class Param:
    """One declared parameter of a cmdlet."""

    name: str
    type: str = "object"
    position: int | None = None
    mandatory: bool = False
    pipeline: bool = False
    by_property: bool = False
    remaining: bool = False
    aliases: tuple[str, ...] = ()
    # Parameter sets this parameter belongs to; empty: all sets. `mandatory` then holds in exactly these sets.
    sets: tuple[str, ...] = ()
    # Sets in which it is mandatory, when that differs from `mandatory` everywhere.
    mandatory_in: tuple[str, ...] = ()
    validate_set: tuple[str, ...] = ()
    validate_range: tuple[Any, Any] | None = None
    not_null: bool = False
    not_null_or_empty: bool = False
    allow_null: bool = False
    allow_empty_string: bool = False
    allow_empty_collection: bool = False
    default: Any = None
    unsupported: bool = False


class CmdletContext(Protocol):
    """What a running cmdlet may use. Implemented by runtime/pipeline.py."""

    machine: Any
    """The simulated `windows.host.WindowsHost`, or None in pure language tests."""
    runspace: Any
    """The `engine.Runspace`."""
    interp: Any
    """The interpreter of this pipeline: `interp.invoke_block(block, args=(), dollar_under=..., input=...) -> list`."""
    line: int
    """Script line of the command."""
    command_name: str

    def write(self, value: Any, *, unroll: bool = False) -> None:
        """Send one object down the pipeline (with `unroll`, a collection element by element)."""

    def error(self, record: ErrorRecord, *, terminating: bool = False) -> None: ...

    def fail(
        self,
        error_id: str,
        category: str,
        exception_type: str,
        message: str,
        *,
        target: Any = None,
        terminating: bool = False,
        inner: Any = None,
        properties: dict[str, Any] | None = None,
    ) -> None:
        """Build an ErrorRecord and write it (non-terminating) or raise it (terminating)."""

    def warning(self, text: str) -> None: ...

    def verbose(self, text: str) -> None: ...

    def debug(self, text: str) -> None: ...

    def information(self, value: Any, tags: Iterable[str] = ()) -> None: ...

    def progress(self, record: dict[str, Any]) -> None: ...

    def sleep(self, seconds: float) -> None:
        """Wait in real time; raises at once when the pipeline is stopped."""

    def check_stop(self) -> None: ...

    def should_process(self, target: str, action: str) -> bool:
        """For cmdlets with `supports_should_process`: False under -WhatIf."""


class Cmdlet:
    """Base of all simulated cmdlets."""

    parameters: ClassVar[tuple[Param, ...]] = ()
    default_set: ClassVar[str] = ""
    supports_should_process: ClassVar[bool] = False
    names: ClassVar[tuple[str, ...]] = ()
    aliases: ClassVar[tuple[str, ...]] = ()
    implementing: ClassVar[str] = ""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        self.given: set[str] = set()
        self.set_name = ""

    def get(self, name: str) -> Any:
        """The bound value of the parameter, its declared default, or None."""
        key = name.lower()
        if key in self.values:
            return self.values[key]
        for param in self.parameters:
            if param.name.lower() == key:
                return False if param.type == "switch" and param.default is None else param.default
        raise KeyError(name)

    def bound(self, name: str) -> bool:
        return name.lower() in self.given

    def begin(self, ctx: CmdletContext) -> None:
        """Before the first pipeline object."""

    def process(self, ctx: CmdletContext) -> None:
        """Once per pipeline object."""

    def end(self, ctx: CmdletContext) -> None:
        """After the last pipeline object."""


# ------------------------------------------------------------------------------------------------ the table

_T = TypeVar("_T", bound=type[Cmdlet])
_cmdlets: dict[str, type[Cmdlet]] = {}
_aliases: dict[str, str] = {}
_load_lock = threading.Lock()
_loaded: list[bool] = []


def cmdlet(name: str, *, aliases: tuple[str, ...] = (), implementing: str = "", module: str = "") -> Callable[[_T], _T]:
    """Register the class under `name` (with the spelling PowerShell shows) and its aliases."""

    def register(cls: _T) -> _T:
        verb, _, noun = name.partition("-")
        cls.names = (name,)
        cls.aliases = aliases
        cls.implementing = implementing or f"Microsoft.PowerShell.Commands.{verb}{noun}Command"
        if name.lower() in _cmdlets:
            raise ValueError(f"cmdlet {name} registered twice")
        _cmdlets[name.lower()] = cls
        for alias in aliases:
            _aliases[alias.lower()] = name
        return cls

    return register


def find_cmdlet(name: str) -> type[Cmdlet] | None:
    """The cmdlet of that exact name (no aliases), or None."""
    load_all()
    return _cmdlets.get(name.lower())


def find_alias(name: str) -> str | None:
    """The cmdlet name a built-in alias stands for, or None."""
    load_all()
    return _aliases.get(name.lower())


def all_cmdlets() -> dict[str, type[Cmdlet]]:
    load_all()
    return dict(_cmdlets)


def all_aliases() -> dict[str, str]:
    load_all()
    return dict(_aliases)


def load_all() -> None:
    """Import every module of this package that registers cmdlets (once)."""
    if _loaded:
        return
    with _load_lock:
        if _loaded:
            return
        from fleetdeploy.lab.powershell import cmdlets as package

        for info in pkgutil.iter_modules(package.__path__):
            if info.name.startswith(("language_", "provider_", "windows_")):
                importlib.import_module(f"{package.__name__}.{info.name}")
        _loaded.append(True)
