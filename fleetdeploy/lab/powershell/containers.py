"""Dictionaries, lists, sets and queues of .NET as Python values.

Enumeration order of a Hashtable is unspecified in .NET; here it is the order of insertion. Data only: what scripts
can call on them is in ``dotnet/collections``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

from fleetdeploy.lab.powershell.objects import EnumValue, PSArray
from fleetdeploy.lab.powershell.scalars import (
    STRING,
    Char,
    DateTime,
    DateTimeOffset,
    Guid,
    NetObject,
    TimeSpan,
    Version,
)
from fleetdeploy.lab.powershell.typesystem import BY_CLASS, OBJECT, PSType, define

__all__ = [
    "DICTIONARY",
    "GENERIC_LIST",
    "HASHTABLE",
    "HASH_SET",
    "ORDERED",
    "ArrayList",
    "Collection",
    "DictionaryBase",
    "DictionaryEntry",
    "GenericDictionary",
    "GenericList",
    "GenericQueue",
    "GenericStack",
    "HashSet",
    "Hashtable",
    "KeyCollection",
    "ListBase",
    "OrderedDictionary",
    "Queue",
    "Stack",
    "dict_key",
]

_DICT_INTERFACES = (
    "System.Collections.IDictionary",
    "System.Collections.ICollection",
    "System.Collections.IEnumerable",
)
_LIST_INTERFACES = ("System.Collections.IList", "System.Collections.ICollection", "System.Collections.IEnumerable")


def dict_key(key: Any, ignore_case: bool) -> Any:
    """What makes two keys the same for a .NET dictionary: type and value, identity for reference types."""
    if type(key) is str:
        return (False, key.upper() if ignore_case else key)
    if isinstance(key, str):
        text = str(key)
        return (type(key) is Char, text.upper() if ignore_case and type(key) is not Char else text)
    if isinstance(key, (bool, int, float, Decimal, Guid, TimeSpan, DateTime, DateTimeOffset, Version, EnumValue)):
        return (type(key), key)
    return (object, id(key))


class DictionaryBase(NetObject):
    """An ordered map with .NET's idea of equal keys."""

    def __init__(self, items: Iterable[tuple[Any, Any]] = (), *, ignore_case: bool = True) -> None:
        self.ignore_case = ignore_case
        self._data: dict[Any, tuple[Any, Any]] = {}
        self.version = 0
        for key, value in items:
            self.set(key, value)

    def key_of(self, key: Any) -> Any:
        return dict_key(key, self.ignore_case)

    def get(self, key: Any, default: Any = None) -> Any:
        found = self._data.get(self.key_of(key))
        return default if found is None else found[1]

    def contains(self, key: Any) -> bool:
        return self.key_of(key) in self._data

    def stored_key(self, key: Any) -> Any:
        """The key as first written."""
        found = self._data.get(self.key_of(key))
        return None if found is None else found[0]

    def set(self, key: Any, value: Any) -> None:
        wanted = self.key_of(key)
        found = self._data.get(wanted)
        self._data[wanted] = (key if found is None else found[0], value)
        self.version += 1

    def remove(self, key: Any) -> bool:
        self.version += 1
        return self._data.pop(self.key_of(key), None) is not None

    def clear(self) -> None:
        self.version += 1
        self._data.clear()

    def keys(self) -> list[Any]:
        return [key for key, _ in self._data.values()]

    def values(self) -> list[Any]:
        return [value for _, value in self._data.values()]

    def items(self) -> list[tuple[Any, Any]]:
        return list(self._data.values())

    def __len__(self) -> int:
        return len(self._data)

    def __bool__(self) -> bool:
        return True


class Hashtable(DictionaryBase):
    """System.Collections.Hashtable; ``ignore_case`` when made by @{}."""

    def clone(self) -> Hashtable:
        return Hashtable(self.items(), ignore_case=self.ignore_case)


class OrderedDictionary(DictionaryBase):
    """System.Collections.Specialized.OrderedDictionary; an int index is a position."""

    def set(self, key: Any, value: Any) -> None:
        """A key written again keeps its place and takes the new spelling."""
        self._data[self.key_of(key)] = (key, value)
        self.version += 1

    def insert(self, position: int, key: Any, value: Any) -> None:
        pairs = self.items()
        pairs.insert(position, (key, value))
        self._data = {self.key_of(one): (one, two) for one, two in pairs}

    def remove_at(self, position: int) -> None:
        del self._data[self.key_of(self.keys()[position])]


class GenericDictionary(DictionaryBase):
    """Dictionary[K,V]."""

    def __init__(
        self,
        key_type: PSType = STRING,
        value_type: PSType = OBJECT,
        items: Iterable[tuple[Any, Any]] = (),
        *,
        ignore_case: bool = False,
        definition: PSType | None = None,
    ) -> None:
        super().__init__(items, ignore_case=ignore_case)
        self.key_type = key_type
        self.value_type = value_type
        self.definition = definition or DICTIONARY

    @property
    def net_type(self) -> PSType:
        from fleetdeploy.lab.powershell import types

        return types.make_generic(self.definition, (self.key_type, self.value_type))


class DictionaryEntry(NetObject):
    """One entry of a dictionary's enumeration (``generic`` makes it a KeyValuePair)."""

    def __init__(self, key: Any, value: Any, generic: tuple[PSType, PSType] | None = None) -> None:
        self.key = key
        self.value = value
        self.generic = generic

    @property
    def net_type(self) -> PSType:
        from fleetdeploy.lab.powershell import types

        return DICTIONARY_ENTRY if self.generic is None else types.make_generic(KEY_VALUE_PAIR, self.generic)


class ListBase(NetObject):
    """A growing list; ``element_type`` is Object where .NET's is untyped."""

    definition: PSType | None = None

    def __init__(self, items: Iterable[Any] = (), element_type: PSType = OBJECT) -> None:
        self.items: list[Any] = list(items)
        self.element_type = element_type

    @property
    def net_type(self) -> PSType:
        if self.definition is None:
            return super().net_type
        from fleetdeploy.lab.powershell import types

        return types.make_generic(self.definition, (self.element_type,))

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.items)

    def __bool__(self) -> bool:
        return True


class ArrayList(ListBase):
    """System.Collections.ArrayList."""


class GenericList(ListBase):
    """List[T]."""


class Collection(ListBase):
    """Collection[PSObject]: what .Where() and .ForEach() give."""


class Queue(ListBase):
    """System.Collections.Queue; the first item leaves first."""


class Stack(ListBase):
    """System.Collections.Stack; the last of ``items`` is the top."""


class GenericQueue(Queue):
    """Queue[T]."""


class GenericStack(Stack):
    """Stack[T]."""


class HashSet(NetObject):
    """HashSet[T], in order of insertion."""

    def __init__(self, items: Iterable[Any] = (), element_type: PSType = OBJECT, *, ignore_case: bool = False) -> None:
        self.element_type = element_type
        self.table = DictionaryBase(ignore_case=ignore_case)
        for item in items:
            self.add(item)

    @property
    def net_type(self) -> PSType:
        from fleetdeploy.lab.powershell import types

        return types.make_generic(HASH_SET, (self.element_type,))

    @property
    def items(self) -> list[Any]:
        return self.table.keys()

    def add(self, item: Any) -> bool:
        if self.table.contains(item):
            return False
        self.table.set(item, None)
        return True

    def __len__(self) -> int:
        return len(self.table)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.items)

    def __bool__(self) -> bool:
        return True


class KeyCollection(NetObject):
    """Keys or Values of a dictionary: read-only, counted, enumerable, not indexable by scripts of 5.1 as an array."""

    def __init__(self, items: Iterable[Any], type_name: str, source: DictionaryBase | None = None) -> None:
        self.items = list(items)
        self.type_name = type_name
        # The dictionary it shows: enumeration fails when that changes meanwhile.
        self.source = source

    @property
    def net_type(self) -> PSType:
        from fleetdeploy.lab.powershell import types

        return types.resolve(self.type_name) or OBJECT

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.items)

    def __bool__(self) -> bool:
        return True


_GENERIC_DICT = (*_DICT_INTERFACES, "System.Collections.Generic.IDictionary`2")
_GENERIC_LIST = (
    *_LIST_INTERFACES,
    "System.Collections.Generic.IList`1",
    "System.Collections.Generic.ICollection`1",
    "System.Collections.Generic.IEnumerable`1",
)
_SEQUENCE = ("System.Collections.ICollection", "System.Collections.IEnumerable")
HASHTABLE = define(
    "System.Collections.Hashtable",
    aliases=("hashtable",),
    py=Hashtable,
    interfaces=(*_DICT_INTERFACES, "System.ICloneable"),
)
ORDERED = define(
    "System.Collections.Specialized.OrderedDictionary",
    aliases=("ordered",),
    py=OrderedDictionary,
    interfaces=(*_DICT_INTERFACES, "System.Collections.Specialized.IOrderedDictionary"),
)
DICTIONARY = define("System.Collections.Generic.Dictionary`2", interfaces=_GENERIC_DICT)
SORTED_DICTIONARY = define("System.Collections.Generic.SortedDictionary`2", interfaces=_GENERIC_DICT)
DICTIONARY_ENTRY = define("System.Collections.DictionaryEntry", value=True)
KEY_VALUE_PAIR = define("System.Collections.Generic.KeyValuePair`2", value=True)
ARRAY_LIST = define("System.Collections.ArrayList", py=ArrayList, interfaces=(*_LIST_INTERFACES, "System.ICloneable"))
GENERIC_LIST = define("System.Collections.Generic.List`1", interfaces=_GENERIC_LIST)
COLLECTION = define("System.Collections.ObjectModel.Collection`1", interfaces=_GENERIC_LIST)
QUEUE = define("System.Collections.Queue", py=Queue, interfaces=_SEQUENCE)
STACK = define("System.Collections.Stack", py=Stack, interfaces=_SEQUENCE)
GENERIC_QUEUE = define("System.Collections.Generic.Queue`1", interfaces=_SEQUENCE)
GENERIC_STACK = define("System.Collections.Generic.Stack`1", interfaces=_SEQUENCE)
HASH_SET = define(
    "System.Collections.Generic.HashSet`1",
    interfaces=("System.Collections.IEnumerable", "System.Collections.Generic.ICollection`1"),
)
HASHTABLE_KEYS = define("System.Collections.Hashtable+KeyCollection", interfaces=_SEQUENCE)
HASHTABLE_VALUES = define("System.Collections.Hashtable+ValueCollection", interfaces=_SEQUENCE)
ORDERED_KEYS = define(
    "System.Collections.Specialized.OrderedDictionary+OrderedDictionaryKeyValueCollection", interfaces=_SEQUENCE
)
DICTIONARY_KEYS = define("System.Collections.Generic.Dictionary`2+KeyCollection", interfaces=_SEQUENCE)
GenericList.definition = GENERIC_LIST
Collection.definition = COLLECTION
GenericQueue.definition = GENERIC_QUEUE
GenericStack.definition = GENERIC_STACK
BY_CLASS.update({GenericList: GENERIC_LIST, Collection: COLLECTION})
_ = PSArray
