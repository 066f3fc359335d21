"""Arrays, lists, sets, queues: System.Array, ArrayList, List[T], HashSet[T], Queue, Stack. Dictionaries: next door."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell import members
from fleetdeploy.lab.powershell.containers import ARRAY_LIST, COLLECTION, GENERIC_QUEUE, GENERIC_STACK, QUEUE, STACK
from fleetdeploy.lab.powershell.dotnet.arrays import copy_range, find, holds, sort_items
from fleetdeploy.lab.powershell.dotnet.raising import bad_index, out_of_range, throw
from fleetdeploy.lab.powershell.typesystem import NOTHING
from fleetdeploy.lab.powershell.values import (
    ARRAY,
    GENERIC_LIST,
    HASH_SET,
    ArrayList,
    ByteArray,
    Collection,
    DictionaryBase,
    GenericList,
    GenericQueue,
    GenericStack,
    HashSet,
    ListBase,
    PSArray,
    PSType,
    Queue,
    Stack,
    define,
)

for _kind in (ARRAY, ARRAY_LIST, GENERIC_LIST, COLLECTION, HASH_SET, QUEUE, STACK, GENERIC_QUEUE, GENERIC_STACK):
    _kind.closed = True
for _kind in (ARRAY_LIST, GENERIC_LIST, COLLECTION, HASH_SET, QUEUE, STACK, GENERIC_QUEUE, GENERIC_STACK):
    _kind.prop("Count", "int", len)


def _room(items: ListBase) -> int:
    raise NotSimulated("the Capacity of a list: it depends on how the list has grown")


# -- lists --------------------------------------------------------------------------------------------------------
def _check(items: ListBase, at: int, *, end: bool = False) -> None:
    if not 0 <= at < len(items.items) + (1 if end else 0):
        bad_index()


def _insert(items: ListBase, at: int, value: Any) -> Any:
    if not 0 <= at <= len(items.items):
        out_of_range("index", "Insertion index was out of range. Must be non-negative and less than or equal to size.")
    items.items.insert(at, value)
    return NOTHING


def _remove_at(items: ListBase, at: int) -> Any:
    _check(items, at)
    del items.items[at]
    return NOTHING


def _clear_list(items: ListBase) -> Any:
    items.items.clear()
    return NOTHING


def _add_range(items: ListBase, more: PSArray) -> Any:
    items.items.extend(list(more))
    return NOTHING


def _insert_range(items: ListBase, at: int, more: PSArray) -> Any:
    _check(items, at, end=True)
    items.items[at:at] = list(more)
    return NOTHING


def _remove_range(items: ListBase, at: int, count: int) -> Any:
    if at < 0 or count < 0:
        out_of_range("index", "Non-negative number required.")
    if at + count > len(items.items):
        throw("ArgumentException", "Offset and length were out of bounds for the array.")
    del items.items[at : at + count]
    return NOTHING


def _sort(items: ListBase) -> Any:
    items.items[:] = sort_items(items.items)
    return NOTHING


def _reverse(items: ListBase) -> Any:
    items.items.reverse()
    return NOTHING


def _get_range(items: ListBase, at: int, count: int) -> Any:
    if at < 0 or count < 0 or at + count > len(items.items):
        throw("ArgumentException", "Offset and length were out of bounds for the array.")
    part = items.items[at : at + count]
    return ArrayList(part) if isinstance(items, ArrayList) else GenericList(part, items.element_type)


def _array_of(items: Any) -> PSArray:
    kind = items.element_type
    if kind.full_name == "System.Byte":
        return ByteArray([int(item) for item in items])
    return PSArray(list(items), kind)


for _kind, _t, _seq in ((ARRAY_LIST, "object", "object[]"), (GENERIC_LIST, "T", "T[]"), (COLLECTION, "T", "T[]")):
    _kind.method(f"Insert(int index, {_t} item)")(_insert)
    _kind.method("RemoveAt(int index)")(_remove_at)
    _kind.method("Clear()")(_clear_list)
    _kind.method(f"AddRange({_seq} items)")(_add_range)
    _kind.method(f"InsertRange(int index, {_seq} items)")(_insert_range)
    _kind.method("RemoveRange(int index, int count)")(_remove_range)
    _kind.method("Sort()")(_sort)
    _kind.method("Reverse()")(_reverse)
    _kind.method("GetRange(int index, int count)")(_get_range)
    _kind.method("ToArray()")(_array_of)
    _kind.method(f"IndexOf({_t} item)")(lambda items, item: find(items, item))
    _kind.method(f"Contains({_t} item)")(lambda items, item: find(items, item) >= 0)
    _kind.method("Item(int index)")(lambda items, at: members.index(items, at, True))
    _kind.method("CopyTo(array target)")(
        lambda items, target: copy_range(PSArray(list(items)), 0, target, 0, len(items))
    )
    _kind.prop("Capacity", "int", _room, lambda items, value: None)
    _kind.prop("IsReadOnly", "bool", lambda items: False)
    _kind.prop("IsFixedSize", "bool", lambda items: False)


@ARRAY_LIST.method("Add(object item)")
def _list_add(items: ArrayList, item: Any) -> int:
    items.items.append(item)
    return len(items.items) - 1


@ARRAY_LIST.method("Remove(object item)")
def _list_remove(items: ArrayList, item: Any) -> Any:
    at = find(items, item)
    if at >= 0:
        del items.items[at]
    return NOTHING


ARRAY_LIST.method("Clone()")(lambda items: ArrayList(items.items))


def _generic_add(items: ListBase, item: Any) -> Any:
    items.items.append(item)
    return NOTHING


def _generic_remove(items: ListBase, item: Any) -> bool:
    at = find(items, item)
    if at >= 0:
        del items.items[at]
    return at >= 0


for _kind in (GENERIC_LIST, COLLECTION):
    _kind.method("Add(T item)")(_generic_add)
    _kind.method("Remove(T item)")(_generic_remove)


@GENERIC_LIST.method("RemoveAll(System.Predicate`1 match)")
def _remove_all(items: GenericList, test: Any) -> int:
    kept = [item for item in items.items if not holds(test, item)]
    removed = len(items.items) - len(kept)
    items.items[:] = kept
    return removed


GENERIC_LIST.method("Exists(System.Predicate`1 match)")(lambda items, test: any(holds(test, item) for item in items))
GENERIC_LIST.method("Find(System.Predicate`1 match)")(
    lambda items, test: next((item for item in items if holds(test, item)), None)
)
GENERIC_LIST.method("FindAll(System.Predicate`1 match)")(
    lambda items, test: GenericList([item for item in items if holds(test, item)], items.element_type)
)
GENERIC_LIST.method("FindIndex(System.Predicate`1 match)")(
    lambda items, test: next((at for at, item in enumerate(items) if holds(test, item)), -1)
)

ARRAY_LIST.ctor("()")(ArrayList)
ARRAY_LIST.ctor("(object[] items)")(lambda items: ArrayList(list(items)))


@ARRAY_LIST.ctor("(int capacity)")
def _capacity(capacity: int) -> ArrayList:
    if capacity < 0:
        out_of_range("capacity", "'capacity' must be non-negative.")
    return ArrayList()


def _builders(definition: PSType, make: Callable[..., Any]) -> None:
    @definition.ctor("()")
    def empty(kind: PSType) -> Any:
        return make([], kind.generic_args[0])

    @definition.ctor("(int capacity)")
    def sized(kind: PSType, capacity: int) -> Any:
        del capacity
        return make([], kind.generic_args[0])

    @definition.ctor("(T[] items)")
    def filled(kind: PSType, items: PSArray) -> Any:
        return make(list(items), kind.generic_args[0])


for _definition, _make in (
    (GENERIC_LIST, GenericList),
    (COLLECTION, Collection),
    (HASH_SET, HashSet),
    (GENERIC_QUEUE, GenericQueue),
    (GENERIC_STACK, GenericStack),
):
    _builders(_definition, _make)


# -- sets ---------------------------------------------------------------------------------------------------------
@HASH_SET.ctor("(System.StringComparer comparer)")
def _set_with(kind: PSType, comparer: Any) -> HashSet:
    return HashSet([], kind.generic_args[0], ignore_case=comparer.ignore_case)


@HASH_SET.ctor("(T[] items, System.StringComparer comparer)")
def _set_filled(kind: PSType, items: PSArray, comparer: Any) -> HashSet:
    return HashSet(list(items), kind.generic_args[0], ignore_case=comparer.ignore_case)


HASH_SET.method("Add(T item)")(HashSet.add)
HASH_SET.method("Contains(T item)")(lambda found, item: found.table.contains(item))
HASH_SET.method("Remove(T item)")(lambda found, item: found.table.remove(item))
HASH_SET.method("SetEquals(T[] other)")(lambda found, other: _same_set(found, other))


def _as_set(found: HashSet, other: PSArray) -> HashSet:
    return HashSet(list(other), found.element_type, ignore_case=found.table.ignore_case)


def _same_set(found: HashSet, other: PSArray) -> bool:
    theirs = _as_set(found, other)
    return len(theirs) == len(found) and all(found.table.contains(item) for item in theirs)


HASH_SET.method("IsSubsetOf(T[] other)")(
    lambda found, other: all(_as_set(found, other).table.contains(item) for item in found)
)
HASH_SET.method("IsSupersetOf(T[] other)")(lambda found, other: all(found.table.contains(item) for item in other))
HASH_SET.method("Overlaps(T[] other)")(lambda found, other: any(found.table.contains(item) for item in other))


@HASH_SET.method("Clear()")
def _set_clear(found: HashSet) -> Any:
    found.table.clear()
    return NOTHING


@HASH_SET.method("UnionWith(T[] other)")
def _union(found: HashSet, other: PSArray) -> Any:
    for item in other:
        found.add(item)
    return NOTHING


@HASH_SET.method("IntersectWith(T[] other)")
def _intersect(found: HashSet, other: PSArray) -> Any:
    theirs = _as_set(found, other)
    for item in found.items:
        if not theirs.table.contains(item):
            found.table.remove(item)
    return NOTHING


@HASH_SET.method("ExceptWith(T[] other)")
def _except(found: HashSet, other: PSArray) -> Any:
    for item in other:
        found.table.remove(item)
    return NOTHING


# -- queues and stacks --------------------------------------------------------------------------------------------
for _kind, _class in ((QUEUE, Queue), (STACK, Stack)):
    _kind.ctor("()")(_class)
    _kind.ctor("(object[] items)")(lambda items, made=_class: made(list(items)))


def _enqueue(queue: ListBase, item: Any) -> Any:
    queue.items.append(item)
    return NOTHING


def _first(queue: ListBase, *, remove: bool) -> Any:
    if not queue.items:
        throw("InvalidOperationException", "Queue empty.")
    return queue.items.pop(0) if remove else queue.items[0]


def _top(stack: ListBase, *, remove: bool) -> Any:
    if not stack.items:
        throw("InvalidOperationException", "Stack empty.")
    return stack.items.pop() if remove else stack.items[-1]


for _kind, _t in ((QUEUE, "object"), (GENERIC_QUEUE, "T")):
    _kind.method(f"Enqueue({_t} item)")(_enqueue)
    _kind.method("Dequeue()")(lambda queue: _first(queue, remove=True))
    _kind.method("Peek()")(lambda queue: _first(queue, remove=False))
    _kind.method("Clear()")(_clear_list)
    _kind.method("ToArray()")(_array_of)
    _kind.method(f"Contains({_t} item)")(lambda queue, item: find(queue, item) >= 0)
for _kind, _t in ((STACK, "object"), (GENERIC_STACK, "T")):
    _kind.method(f"Push({_t} item)")(_enqueue)
    _kind.method("Pop()")(lambda stack: _top(stack, remove=True))
    _kind.method("Peek()")(lambda stack: _top(stack, remove=False))
    _kind.method("Clear()")(_clear_list)
    _kind.method("ToArray()")(lambda stack: PSArray(list(stack)[::-1], stack.element_type))
    _kind.method(f"Contains({_t} item)")(lambda stack, item: find(stack, item) >= 0)

# -- comparers ----------------------------------------------------------------------------------------------------
from fleetdeploy.lab.powershell.values import NetObject  # noqa: E402


class StringComparer(NetObject):
    """[StringComparer]::Ordinal and its like."""

    def __init__(self, ignore_case: bool) -> None:
        self.ignore_case = ignore_case


COMPARER = define("System.StringComparer", py=StringComparer, closed=True)
for _name in ("Ordinal", "InvariantCulture", "CurrentCulture"):
    COMPARER.static_prop(_name, "object", lambda _: StringComparer(False))
    COMPARER.static_prop(f"{_name}IgnoreCase", "object", lambda _: StringComparer(True))
COMPARER.method("Equals(string one, string two)")(
    lambda comparer, one, two: one.upper() == two.upper() if comparer.ignore_case else one == two
)
_ = DictionaryBase
