"""The simulated .NET type system: what a type is, its member tables, the registry of known types.

Decides nothing about conversion or overload choice (see ``convert`` and ``members``); the tables themselves are
filled by the modules under ``dotnet/``. A known type's missing member is refused by ``members`` as NotSimulated
unless the type is ``closed`` (its table is complete, so a missing member is truly missing).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from fleetdeploy.lab.powershell.values import DotNetException


F = TypeVar("F", bound=Callable[..., Any])


class _Missing:
    __slots__ = ()

    def __repr__(self) -> str:
        return "MISSING"

    def __bool__(self) -> bool:
        return False


MISSING: Any = _Missing()
"""What member look-ups return where there is no such member ($null outside strict mode)."""


class PSRuntimeError(Exception):
    """A PowerShell runtime error on its way to becoming an ErrorRecord (RUNTIME adds the line)."""

    def __init__(self, error_id: str, category: str, exception: DotNetException, target: Any = None) -> None:
        super().__init__(error_id, exception.message)
        self.error_id = error_id
        self.category = category
        self.exception = exception
        self.target = target

    @property
    def message(self) -> str:
        return self.exception.message


class NetError(Exception):
    """A .NET exception thrown inside a method's body; ``members`` wraps it as MethodInvocationException."""

    def __init__(self, exception: DotNetException) -> None:
        super().__init__(exception.message)
        self.exception = exception


@dataclass(frozen=True, slots=True)
class Param:
    """One parameter of an overload: type name as written ('int', 'T', 'params object[]' without the params)."""

    type_name: str
    name: str
    is_params: bool = False
    is_ref: bool = False


@dataclass(frozen=True, slots=True)
class Overload:
    name: str
    params: tuple[Param, ...]
    func: Callable[..., Any]
    machine: bool = False


@dataclass(frozen=True, slots=True)
class Property:
    name: str
    type_name: str
    getter: Callable[[Any], Any]
    setter: Callable[[Any, Any], None] | None = None


_SIGNATURE = re.compile(r"^([\w.]*)\((.*)\)$")


def parse_signature(text: str) -> tuple[str, tuple[Param, ...]]:
    """``Name(type name, params type[] name, ref type name)`` to its parts; commas inside <> or [] do not separate."""
    match = _SIGNATURE.match(text.strip())
    if match is None:
        raise ValueError(text)
    params: list[Param] = []
    depth = 0
    piece = ""
    for char in match[2] + ",":
        if char in "<[":
            depth += 1
        elif char in ">]":
            depth -= 1
        if char == "," and depth == 0:
            words = piece.split()
            piece = ""
            if not words:
                continue
            is_params = words[0] == "params"
            is_ref = words[0] in ("ref", "out")
            if is_params or is_ref:
                words = words[1:]
            params.append(Param(words[0], words[1] if len(words) > 1 else str(len(params)), is_params, is_ref))
        else:
            piece += char
    return match[1], tuple(params)


class PSType:
    """A .NET type as scripts see it ([int]); identity is equality, one object per type."""

    __slots__ = (
        "abstract",
        "base",
        "closed",
        "constructors",
        "element_type",
        "enum_values",
        "full_name",
        "generic_args",
        "generic_definition",
        "interfaces",
        "is_flags",
        "is_interface",
        "is_value_type",
        "methods",
        "properties",
        "py_class",
        "static_methods",
        "static_properties",
    )

    def __init__(
        self,
        full_name: str,
        base: PSType | None = None,
        *,
        interfaces: Iterable[str] = (),
        is_value_type: bool = False,
        is_interface: bool = False,
        element_type: PSType | None = None,
        generic_definition: PSType | None = None,
        generic_args: tuple[PSType, ...] = (),
        closed: bool = False,
        abstract: bool = False,
        py_class: type | None = None,
    ) -> None:
        self.full_name = full_name
        self.base = base
        self.interfaces = frozenset(name.lower() for name in interfaces)
        self.is_value_type = is_value_type
        self.is_interface = is_interface
        self.element_type = element_type
        self.generic_definition = generic_definition
        self.generic_args = generic_args
        self.closed = closed
        self.abstract = abstract
        self.py_class = py_class
        self.properties: dict[str, Property] = {}
        self.methods: dict[str, list[Overload]] = {}
        self.static_properties: dict[str, Property] = {}
        self.static_methods: dict[str, list[Overload]] = {}
        self.constructors: list[Overload] = []
        self.enum_values: dict[str, int] | None = None
        self.is_flags = False

    def __repr__(self) -> str:
        return f"[{self.full_name}]"

    @property
    def name(self) -> str:
        head = self.full_name.split("[[", 1)[0]
        return head.rsplit(".", 1)[-1].rsplit("+", 1)[-1]

    @property
    def namespace(self) -> str:
        head = self.full_name.split("[[", 1)[0]
        return head.rsplit(".", 1)[0] if "." in head else ""

    @property
    def is_array(self) -> bool:
        return self.element_type is not None and self.generic_definition is None

    @property
    def is_enum(self) -> bool:
        return self.enum_values is not None

    def ancestry(self) -> Iterable[PSType]:
        """This type, its base, the base's base, ... and for a closed generic its definition's tables."""
        current: PSType | None = self
        while current is not None:
            yield current
            if current.generic_definition is not None:
                yield current.generic_definition
            current = current.base

    def is_assignable_to(self, other: PSType) -> bool:
        """Whether a value of this type is an instance of ``other`` (base class or interface)."""
        if other.full_name == "System.Object":
            return True
        wanted = other.full_name.split("[[", 1)[0].lower()
        for current in self.ancestry():
            if current is other:
                return True
            if other.is_interface and wanted in current.interfaces:
                return True
        if self.is_array and other.is_array and self.element_type and other.element_type:
            mine, theirs = self.element_type, other.element_type
            return not mine.is_value_type and mine.is_assignable_to(theirs)
        return False

    # -- table building, used by dotnet/ ---------------------------------------------------------------------------
    def method(self, *signatures: str, machine: bool = False) -> Callable[[F], F]:
        """Declare instance methods: the function gets the value, then the converted arguments."""

        def add(func: F) -> F:
            for signature in signatures:
                name, params = parse_signature(signature)
                self.methods.setdefault(name.lower(), []).append(Overload(name, params, func, machine))
            return func

        return add

    def static(self, *signatures: str, machine: bool = False) -> Callable[[F], F]:
        """Declare static methods; with ``machine`` the function gets the simulated host first (or None)."""

        def add(func: F) -> F:
            for signature in signatures:
                name, params = parse_signature(signature)
                self.static_methods.setdefault(name.lower(), []).append(Overload(name, params, func, machine))
            return func

        return add

    def ctor(self, *signatures: str, machine: bool = False) -> Callable[[F], F]:
        """Declare constructors ('(string path, int size)'); the function returns the new value."""

        def add(func: F) -> F:
            for signature in signatures:
                _, params = parse_signature(signature)
                self.constructors.append(Overload(".ctor", params, func, machine))
            return func

        return add

    def prop(
        self,
        name: str,
        type_name: str,
        getter: Callable[[Any], Any],
        setter: Callable[[Any, Any], None] | None = None,
    ) -> None:
        self.properties[name.lower()] = Property(name, type_name, getter, setter)

    def static_prop(
        self,
        name: str,
        type_name: str,
        getter: Callable[[Any], Any],
        setter: Callable[[Any, Any], None] | None = None,
    ) -> None:
        """A static property or constant; ``getter`` and ``setter`` get the machine (or None)."""
        self.static_properties[name.lower()] = Property(name, type_name, getter, setter)


class _Nothing:
    __slots__ = ()

    def __repr__(self) -> str:
        return "NOTHING"


NOTHING: Any = _Nothing()
"""What a void method returns; ``members`` turns it into the runtime's "no output"."""

REGISTRY: dict[str, PSType] = {}
"""Known non-generic types and generic definitions by lower-case full name."""
ACCELERATORS: dict[str, PSType] = {}
"""Type accelerators ('int', 'hashtable') by lower-case name."""
BY_CLASS: dict[type, PSType] = {}
"""The .NET type of a Python class that stands for one."""


def define(
    full_name: str,
    base: PSType | None = None,
    *,
    aliases: Iterable[str] = (),
    py: type | None = None,
    interfaces: Iterable[str] = (),
    value: bool = False,
    interface: bool = False,
    closed: bool = False,
    abstract: bool = False,
) -> PSType:
    """Register a type (twice is a programming error)."""
    key = full_name.lower()
    if key in REGISTRY:
        raise ValueError(f"type {full_name} is defined twice")
    if base is None and key != "system.object" and not interface:
        base = REGISTRY["system.valuetype"] if value else REGISTRY["system.object"]
    result = PSType(
        full_name,
        base,
        interfaces=interfaces,
        is_value_type=value,
        is_interface=interface,
        closed=closed,
        abstract=abstract,
        py_class=py,
    )
    REGISTRY[key] = result
    for alias in aliases:
        ACCELERATORS[alias.lower()] = result
    if py is not None:
        BY_CLASS[py] = result
    return result


def define_enum(full_name: str, members: dict[str, int] | str, *, flags: bool = False) -> PSType:
    """Register an enum from its members; a text 'A B=4 C' counts up like C#."""
    table: dict[str, int] = {}
    if isinstance(members, str):
        following = 0
        for word in members.split():
            name, _, number = word.partition("=")
            following = int(number, 0) if number else following
            table[name] = following
            following += 1
    else:
        table = dict(members)
    result = define(full_name, REGISTRY["system.enum"], value=True)
    result.enum_values = table
    result.is_flags = flags
    return result


OBJECT = define("System.Object", aliases=("object",))
VALUE_TYPE = define("System.ValueType", OBJECT, abstract=True)
ENUM = define("System.Enum", VALUE_TYPE, abstract=True)
