"""Objects of .NET and PowerShell as Python values: enums, custom objects, arrays, credentials.

Data only. Look next: ``exceptions``, ``containers`` for dictionaries and lists, ``members`` for what scripts can
reach on them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Protocol, runtime_checkable

from fleetdeploy.lab.powershell.scalars import BYTE, Byte, NetObject
from fleetdeploy.lab.powershell.typesystem import BY_CLASS, OBJECT, PSType, define


class PlainObject(NetObject):
    """new-object object."""


BY_CLASS[PlainObject] = OBJECT


class EnumValue:
    """A member (or combination) of an enum; equal to another of the same type and number."""

    __slots__ = ("type", "value")

    def __init__(self, enum_type: PSType, value: int) -> None:
        self.type = enum_type
        self.value = value

    @property
    def net_type(self) -> PSType:
        return self.type

    @property
    def name(self) -> str:
        """What .NET's ToString gives: the name, a list for flags, or the number."""
        table = self.type.enum_values or {}
        for name, number in table.items():
            if number == self.value:
                return name
        if self.type.is_flags and self.value:
            left = self.value
            names: list[str] = []
            for name, number in sorted(table.items(), key=lambda pair: -pair[1]):
                if number and left & number == number:
                    names.insert(0, name)
                    left &= ~number
            if left == 0:
                return ", ".join(names)
        return str(self.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, EnumValue) and other.type is self.type and other.value == self.value

    def __hash__(self) -> int:
        return hash((id(self.type), self.value))

    def __int__(self) -> int:
        return self.value

    def __repr__(self) -> str:
        return f"<{self.type.full_name}.{self.name}>"


@runtime_checkable
class ScriptBlockLike(Protocol):
    """What values need of a script block (RUNTIME's ScriptBlockValue has it)."""

    text: str

    def invoke_delegate(self, args: list[Any], this: Any = None) -> Any:
        """Run with $args/parameters and $this; the output as PowerShell makes it (None, value or PSArray)."""
        ...


class NoteProperty:
    """A property of a PSObject that holds its value."""

    __slots__ = ("name", "value")
    member_type = "NoteProperty"

    def __init__(self, name: str, value: Any) -> None:
        self.name = name
        self.value = value


class ScriptProperty:
    """A property computed by script blocks."""

    __slots__ = ("getter", "name", "setter")
    member_type = "ScriptProperty"

    def __init__(self, name: str, getter: ScriptBlockLike | None, setter: ScriptBlockLike | None = None) -> None:
        self.name = name
        self.getter = getter
        self.setter = setter


class AliasProperty:
    """Another name of a member."""

    __slots__ = ("name", "target")
    member_type = "AliasProperty"

    def __init__(self, name: str, target: str) -> None:
        self.name = name
        self.target = target


class ScriptMethod:
    """A method made of a script block."""

    __slots__ = ("name", "script")
    member_type = "ScriptMethod"

    def __init__(self, name: str, script: ScriptBlockLike) -> None:
        self.name = name
        self.script = script


Member = NoteProperty | ScriptProperty | AliasProperty | ScriptMethod


class PropertyBag:
    """Members in order of definition, names case-insensitive."""

    __slots__ = ("_members",)

    def __init__(self, members: Iterable[Member] = ()) -> None:
        self._members: dict[str, Member] = {member.name.lower(): member for member in members}

    def find(self, name: str) -> Member | None:
        return self._members.get(name.lower())

    def add(self, member: Member) -> None:
        """Add, or replace in place."""
        self._members[member.name.lower()] = member

    def remove(self, name: str) -> bool:
        return self._members.pop(name.lower(), None) is not None

    def copy(self) -> PropertyBag:
        return PropertyBag(
            NoteProperty(member.name, member.value) if isinstance(member, NoteProperty) else member for member in self
        )

    def properties(self) -> list[NoteProperty | ScriptProperty | AliasProperty]:
        return [member for member in self._members.values() if not isinstance(member, ScriptMethod)]

    def __iter__(self) -> Iterator[Member]:
        return iter(self._members.values())

    def __len__(self) -> int:
        return len(self._members)


PSCUSTOMOBJECT_NAMES = ("System.Management.Automation.PSCustomObject", "System.Object")


class PSCustomObject(NetObject):
    """[pscustomobject]@{...}; also what arrives deserialised (then ``type_names`` starts with 'Deserialized.')."""

    def __init__(self, items: Iterable[tuple[str, Any]] = (), type_names: Iterable[str] | None = None) -> None:
        self.members = PropertyBag(NoteProperty(name, value) for name, value in items)
        self.type_names = list(type_names) if type_names is not None else None
        self.to_string_value: str | None = None

    def get(self, name: str, default: Any = None) -> Any:
        """The value of a note property."""
        member = self.members.find(name)
        return member.value if isinstance(member, NoteProperty) else default

    def set(self, name: str, value: Any) -> None:
        member = self.members.find(name)
        if isinstance(member, NoteProperty):
            member.value = value
        else:
            self.members.add(NoteProperty(name, value))

    def names(self) -> list[str]:
        return [member.name for member in self.members.properties()]

    def items(self) -> list[tuple[str, Any]]:
        return [(member.name, member.value) for member in self.members if isinstance(member, NoteProperty)]

    def copy(self) -> PSCustomObject:
        result = PSCustomObject(type_names=self.type_names)
        result.members = self.members.copy()
        result.to_string_value = self.to_string_value
        return result

    def __repr__(self) -> str:
        return f"PSCustomObject({', '.join(self.names())})"


PSCUSTOMOBJECT = define("System.Management.Automation.PSCustomObject", py=PSCustomObject)
PSOBJECT = define("System.Management.Automation.PSObject", aliases=("psobject", "pscustomobject"))


_ARRAY_INTERFACES = (
    "System.Collections.IList",
    "System.Collections.ICollection",
    "System.Collections.IEnumerable",
    "System.Collections.Generic.IList`1",
    "System.Collections.Generic.ICollection`1",
    "System.Collections.Generic.IEnumerable`1",
    "System.ICloneable",
)
ARRAY = define("System.Array", aliases=("array",), interfaces=_ARRAY_INTERFACES, abstract=True)
_ARRAY_TYPES: dict[PSType, PSType] = {}


def array_type(element: PSType) -> PSType:
    """The one PSType of element[]."""
    found = _ARRAY_TYPES.get(element)
    if found is None:
        found = PSType(f"{element.full_name}[]", ARRAY, element_type=element)
        _ARRAY_TYPES[element] = found
    return found


class PSArray(NetObject):
    """A one-dimensional array: fixed size for scripts; ``items`` is a Python list of values of ``element_type``."""

    __slots__ = ("element_type", "extended", "items", "type_names")

    def __init__(self, items: Iterable[Any] = (), element_type: PSType = OBJECT) -> None:
        self.items: Any = items if type(items) is list else list(items)
        self.element_type = element_type
        self.extended = None
        self.type_names = None

    @property
    def net_type(self) -> PSType:
        return array_type(self.element_type)

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.items)

    def __repr__(self) -> str:
        return f"PSArray({self.items!r}, {self.element_type})"


class ByteArray(PSArray):
    """byte[]: ``data`` (a bytearray) is the storage; ``items`` is a read-only view as a list of Byte."""

    __slots__ = ("data",)

    def __init__(self, data: Iterable[int] | bytes | bytearray = b"") -> None:
        self.data = data if isinstance(data, bytearray) else bytearray(data)
        self.element_type = BYTE
        self.extended = None
        self.type_names = None

    @property
    def items(self) -> list[Byte]:
        return [Byte(number) for number in self.data]

    def __len__(self) -> int:
        return len(self.data)

    def __iter__(self) -> Iterator[Any]:
        return (Byte(number) for number in self.data)

    def __repr__(self) -> str:
        return f"ByteArray({len(self.data)})"


class PSReference(NetObject):
    """[ref]: RUNTIME derives one bound to a variable by overriding ``value``."""

    def __init__(self, value: Any = None) -> None:
        self._value = value

    @property
    def value(self) -> Any:
        return self._value

    @value.setter
    def value(self, new: Any) -> None:
        self._value = new


REFERENCE = define("System.Management.Automation.PSReference", aliases=("ref",), py=PSReference)


class SwitchParameter:
    """[switch]."""

    __slots__ = ("is_present",)

    def __init__(self, is_present: bool) -> None:
        self.is_present = is_present

    def __bool__(self) -> bool:
        return self.is_present

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SwitchParameter) and other.is_present == self.is_present

    def __hash__(self) -> int:
        return hash(self.is_present)


SWITCH = define("System.Management.Automation.SwitchParameter", aliases=("switch",), py=SwitchParameter, value=True)


TYPE = define("System.RuntimeType", define("System.Type", aliases=("type",)), py=PSType)


class SecureString(NetObject):
    """The text is never shown by repr or str."""

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        return self._text


class PSCredential(NetObject):
    def __init__(self, user_name: str, password: SecureString) -> None:
        self.user_name = user_name
        self.password = password


SECURESTRING = define("System.Security.SecureString", aliases=("securestring",), py=SecureString)
CREDENTIAL = define("System.Management.Automation.PSCredential", aliases=("pscredential",), py=PSCredential)


class Regex(NetObject):
    """System.Text.RegularExpressions.Regex; ``net`` is a compiled ``regex.NetRegex``."""

    def __init__(self, net: Any) -> None:
        self.net = net

    def to_net_string(self) -> str:
        return str(self.net.pattern)


REGEX = define("System.Text.RegularExpressions.Regex", aliases=("regex",), py=Regex)
