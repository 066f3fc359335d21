"""Hashtable, OrderedDictionary, Dictionary[K,V] and their entries."""

from __future__ import annotations

from typing import Any

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell import convert, members
from fleetdeploy.lab.powershell.containers import (
    ARRAY_LIST,
    DICTIONARY_ENTRY,
    DICTIONARY_KEYS,
    HASHTABLE_KEYS,
    HASHTABLE_VALUES,
    KEY_VALUE_PAIR,
    ORDERED_KEYS,
    SORTED_DICTIONARY,
)
from fleetdeploy.lab.powershell.dotnet.core import net_equals
from fleetdeploy.lab.powershell.dotnet.raising import argument_null, bad_index, throw
from fleetdeploy.lab.powershell.typesystem import NOTHING
from fleetdeploy.lab.powershell.values import (
    ARRAY,
    DICTIONARY,
    GENERIC_LIST,
    HASH_SET,
    HASHTABLE,
    ORDERED,
    DictionaryBase,
    DictionaryEntry,
    GenericDictionary,
    Hashtable,
    KeyCollection,
    OrderedDictionary,
    PSReference,
    PSType,
)

for _kind in (
    HASHTABLE,
    ORDERED,
    DICTIONARY,
    SORTED_DICTIONARY,
    DICTIONARY_ENTRY,
    KEY_VALUE_PAIR,
    DICTIONARY_KEYS,
    HASHTABLE_KEYS,
    HASHTABLE_VALUES,
    ORDERED_KEYS,
):
    _kind.closed = True


def _copy_items(found: KeyCollection, target: Any, at: int) -> Any:
    for offset, item in enumerate(found):
        members.set_index(target, at + offset, item)
    return NOTHING


for _kind in (HASHTABLE_KEYS, HASHTABLE_VALUES, ORDERED_KEYS, DICTIONARY_KEYS):
    _kind.prop("Count", "int", len)
    _kind.method("CopyTo(array target, int index)")(_copy_items)
DICTIONARY_KEYS.method("Contains(object item)")(lambda found, item: any(net_equals(one, item) for one in found))


def entries(table: DictionaryBase) -> list[DictionaryEntry]:
    """What GetEnumerator() goes through."""
    generic = (table.key_type, table.value_type) if isinstance(table, GenericDictionary) else None
    return [DictionaryEntry(key, value, generic) for key, value in table.items()]


for _kind in (DICTIONARY_ENTRY, KEY_VALUE_PAIR):
    _kind.prop("Key", "object", lambda entry: entry.key)
    _kind.prop("Value", "object", lambda entry: entry.value)
DICTIONARY_ENTRY.prop("Name", "object", lambda entry: entry.key)
DICTIONARY_ENTRY.ctor("(object key, object value)")(DictionaryEntry)


def _key_name(table: DictionaryBase, values: bool) -> str:
    if isinstance(table, Hashtable):
        return (
            "System.Collections.Hashtable+ValueCollection" if values else "System.Collections.Hashtable+KeyCollection"
        )
    if isinstance(table, OrderedDictionary):
        return ORDERED_KEYS.full_name
    return DICTIONARY_KEYS.full_name


def _check_key(key: Any) -> None:
    if key is None:
        argument_null("key")


def _add(table: DictionaryBase, key: Any, value: Any) -> Any:
    _check_key(key)
    if table.contains(key):
        if isinstance(table, GenericDictionary):
            throw("ArgumentException", "An item with the same key has already been added.")
        if isinstance(table, OrderedDictionary):
            throw(
                "ArgumentException",
                f"Item has already been added. Key in dictionary: '{convert.to_string(table.stored_key(key))}'"
                f"  Key being added: '{convert.to_string(key)}'",
            )
        throw(
            "ArgumentException",
            f"Item has already been added. Key in dictionary: '{convert.to_string(table.stored_key(key))}'"
            f"  Key being added: '{convert.to_string(key)}'",
        )
    table.set(key, value)
    return NOTHING


def _contains(table: DictionaryBase, key: Any) -> bool:
    _check_key(key)
    return table.contains(key)


def _remove(table: DictionaryBase, key: Any) -> Any:
    _check_key(key)
    table.remove(key)
    return NOTHING


def _clear(table: DictionaryBase) -> Any:
    table.clear()
    return NOTHING


def _item(table: DictionaryBase, key: Any) -> Any:
    return members.index(table, key)


def _set_item(table: DictionaryBase, key: Any, value: Any) -> Any:
    members.set_index(table, key, value)
    return NOTHING


for _kind, _k, _v in (
    (HASHTABLE, "object", "object"),
    (ORDERED, "object", "object"),
    (DICTIONARY, "K", "V"),
    (SORTED_DICTIONARY, "K", "V"),
):
    _kind.prop("Count", "int", len)
    _kind.prop("Keys", "object", lambda table: KeyCollection(table.keys(), _key_name(table, False), table))
    _kind.prop("Values", "object", lambda table: KeyCollection(table.values(), _key_name(table, True), table))
    _kind.prop("IsReadOnly", "bool", lambda table: False)
    _kind.prop("IsFixedSize", "bool", lambda table: False)
    _kind.prop("IsSynchronized", "bool", lambda table: False)
    _kind.prop("SyncRoot", "object", lambda table: table)
    _kind.method(f"Add({_k} key, {_v} value)")(_add)
    _kind.method("Clear()")(_clear)
    _kind.method(f"Item({_k} key)", f"get_Item({_k} key)")(_item)
    _kind.method(f"set_Item({_k} key, {_v} value)")(_set_item)
for _kind in (HASHTABLE, ORDERED):
    _kind.method("Contains(object key)")(_contains)
    _kind.method("Remove(object key)")(_remove)
HASHTABLE.method("ContainsKey(object key)")(_contains)
HASHTABLE.method("Clone()")(Hashtable.clone)
HASHTABLE.method("ContainsValue(object value)")(
    lambda table, value: any(net_equals(held, value) for held in table.values())
)
DICTIONARY.prop("Comparer", "object", lambda _: _refuse_comparer())


@HASHTABLE.method("CopyTo(array target, int index)")
def _copy_to(table: Hashtable, target: Any, at: int) -> Any:
    for offset, entry in enumerate(entries(table)):
        members.set_index(target, at + offset, entry)
    return NOTHING


HASHTABLE.ctor("()")(lambda: Hashtable(ignore_case=False))
HASHTABLE.ctor("(int capacity)")(lambda capacity: Hashtable(ignore_case=False))


@HASHTABLE.ctor("(System.Collections.IDictionary source)")
def _from_dictionary(source: DictionaryBase) -> Hashtable:
    return Hashtable(source.items(), ignore_case=False)


def _refuse_comparer() -> Any:
    raise NotSimulated("the comparer of a Dictionary")


@HASHTABLE.ctor("(System.StringComparer comparer)")
def _with_comparer(comparer: Any) -> Hashtable:
    return Hashtable(ignore_case=comparer.ignore_case)


ORDERED.ctor("()")(lambda: OrderedDictionary(ignore_case=False))
ORDERED.ctor("(System.StringComparer comparer)")(lambda comparer: OrderedDictionary(ignore_case=comparer.ignore_case))


@ORDERED.method("Insert(int index, object key, object value)")
def _insert(table: OrderedDictionary, at: int, key: Any, value: Any) -> Any:
    if not 0 <= at <= len(table):
        bad_index()
    if table.contains(key):
        throw("ArgumentException", "An item with the same key has already been added.")
    table.insert(at, key, value)
    return NOTHING


@ORDERED.method("RemoveAt(int index)")
def _remove_at(table: OrderedDictionary, at: int) -> Any:
    if not 0 <= at < len(table):
        bad_index()
    table.remove_at(at)
    return NOTHING


for _kind in (DICTIONARY, SORTED_DICTIONARY):
    _kind.method("ContainsKey(K key)")(_contains)
    _kind.method("ContainsValue(V value)")(lambda table, value: any(net_equals(held, value) for held in table.values()))

    @_kind.method("Remove(K key)")
    def _generic_remove(table: GenericDictionary, key: Any) -> bool:
        _check_key(key)
        return table.remove(key)

    @_kind.method("TryGetValue(K key, out V value)")
    def _try_get(table: GenericDictionary, key: Any, result: PSReference) -> bool:
        _check_key(key)
        if table.contains(key):
            result.value = table.get(key)
            return True
        result.value = convert.to_type(None, table.value_type) if table.value_type.is_value_type else None
        return False


@DICTIONARY.ctor("()")
def _dictionary(kind: PSType) -> GenericDictionary:
    return GenericDictionary(kind.generic_args[0], kind.generic_args[1])


@DICTIONARY.ctor("(int capacity)")
def _sized(kind: PSType, capacity: int) -> GenericDictionary:
    del capacity
    return GenericDictionary(kind.generic_args[0], kind.generic_args[1])


@DICTIONARY.ctor("(System.StringComparer comparer)")
def _compared(kind: PSType, comparer: Any) -> GenericDictionary:
    return GenericDictionary(kind.generic_args[0], kind.generic_args[1], ignore_case=comparer.ignore_case)


@SORTED_DICTIONARY.ctor("()")
def _sorted(kind: PSType) -> GenericDictionary:
    raise NotSimulated(f"[{kind.full_name}]")


# -- enumerators: the runtime's, for everything that can be enumerated -------------------------------------------------
def _enumerator(value: Any) -> Any:
    from fleetdeploy.lab.powershell.runtime.values_ext import PSEnumerator

    if isinstance(value, DictionaryBase):
        return PSEnumerator(list(entries(value)))
    return PSEnumerator(list(value))


for _kind in (
    HASHTABLE,
    ORDERED,
    DICTIONARY,
    SORTED_DICTIONARY,
    ARRAY,
    ARRAY_LIST,
    GENERIC_LIST,
    HASH_SET,
    HASHTABLE_KEYS,
    HASHTABLE_VALUES,
    ORDERED_KEYS,
    DICTIONARY_KEYS,
):
    _kind.method("GetEnumerator()")(_enumerator)
