"""Cmdlets that need all objects: Sort-, Group-, Measure-, Compare-Object."""

from __future__ import annotations

import functools
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell import convert, convert_numbers, operators
from fleetdeploy.lab.powershell.cmdlets.registry import Cmdlet, CmdletContext, Param, cmdlet
from fleetdeploy.lab.powershell.cmdlets.support_properties import Key, evaluate, key_of, property_value
from fleetdeploy.lab.powershell.runtime.values_ext import ScriptBlockValue, TypedObject, is_enumerable
from fleetdeploy.lab.powershell.values import (
    MISSING,
    ArrayList,
    ExtendedStr,
    Hashtable,
    PSArray,
    PSCustomObject,
    PSRuntimeError,
    is_number,
)

_SORT_KEYS = ("expression", "ascending", "descending")


def compare(left: Any, right: Any, *, ignore_case: bool = True) -> int:
    """The order Sort-Object uses: null first, else as the comparison operators see it, else as text."""
    left = None if left is MISSING else left
    right = None if right is MISSING else right
    if left is None or right is None:
        return 0 if left is None and right is None else -1 if left is None else 1
    case = "I" if ignore_case else "C"
    try:
        if convert.to_bool(operators.binary(f"{case}eq", left, right)):
            return 0
        return -1 if convert.to_bool(operators.binary(f"{case}lt", left, right)) else 1
    except PSRuntimeError:
        one, two = convert.to_string(left), convert.to_string(right)
        if convert.to_bool(operators.binary(f"{case}eq", one, two)):
            return 0
        return -1 if convert.to_bool(operators.binary(f"{case}lt", one, two)) else 1


def sort_value(ctx: CmdletContext, expression: Any, item: Any) -> Any:
    """A sort key; MISSING where the object has no such property."""
    if isinstance(expression, ScriptBlockValue) or item is None:
        return evaluate(ctx, expression, item)
    return property_value(ctx, item, convert.to_string(expression))


def sort_rows(ctx: CmdletContext, rows: list[Any], order: Callable[[Any, Any], int]) -> None:
    """Sort as .NET does. Where kinds are mixed the comparison is no order, so the algorithm shows in the result."""
    kinds = {
        "number" if is_number(value) else type(value).__name__
        for values, _, _ in rows
        for value in values
        if value is not None and value is not MISSING
    }
    columns = len(rows[0][0]) if rows else 1
    if len(kinds) <= columns or columns > 1:
        rows.sort(key=functools.cmp_to_key(order))
        return
    size = len(rows)
    if size > 16:
        raise NotSimulated("sorting more than 16 values of mixed types", ctx.line)

    def swap_if_greater(one: int, two: int) -> None:
        if order(rows[one], rows[two]) > 0:
            rows[one], rows[two] = rows[two], rows[one]

    if size == 2:
        swap_if_greater(0, 1)
    elif size == 3:
        swap_if_greater(0, 1)
        swap_if_greater(0, 2)
        swap_if_greater(1, 2)
    else:
        for index in range(size - 1):
            taken = rows[index + 1]
            place = index
            while place >= 0 and order(taken, rows[place]) < 0:
                rows[place + 1] = rows[place]
                place -= 1
            rows[place + 1] = taken


@cmdlet("Sort-Object", aliases=("sort",))
class SortObject(Cmdlet):
    parameters = (
        Param("InputObject", "object", pipeline=True, allow_null=True),
        Param("Property", "object[]", position=0),
        Param("Descending", "switch"),
        Param("Unique", "switch"),
        Param("CaseSensitive", "switch"),
        Param("Culture", unsupported=True),
    )

    def begin(self, ctx: CmdletContext) -> None:
        self.items: list[Any] = []

    def process(self, ctx: CmdletContext) -> None:
        if self.bound("InputObject"):
            self.items.append(self.get("InputObject"))

    def end(self, ctx: CmdletContext) -> None:
        entries = self.get("Property")
        keys = [key_of(ctx, entry, _SORT_KEYS) for entry in entries] if entries else [Key(None)]
        down = bool(self.get("Descending"))
        case = not self.get("CaseSensitive")
        if (
            not entries
            and any(isinstance(item, (PSCustomObject, Hashtable)) for item in self.items)
            and len(self.items) > 1
        ):
            raise NotSimulated("Sort-Object of objects without a property", ctx.line)
        rows: list[Any] = []
        for number, item in enumerate(self.items):
            if item is None and not entries:
                continue
            values = [item if key.expression is None else sort_value(ctx, key.expression, item) for key in keys]
            rows.append((values, number, item))
        sort_rows(ctx, rows, lambda one, two: self._order(keys, one, two, down=down, ignore_case=case))
        last: Any = MISSING
        for values, _, item in rows:
            if self.get("Unique"):
                if last is not MISSING and all(
                    compare(one, two, ignore_case=case) == 0 for one, two in zip(values, last, strict=True)
                ):
                    continue
                last = values
            ctx.write(item)

    @staticmethod
    def _order(keys: list[Key], one: Any, two: Any, *, down: bool, ignore_case: bool) -> int:
        for key, left, right in zip(keys, one[0], two[0], strict=True):
            if left is MISSING or right is MISSING:
                # Objects without the property come last, whichever way is up.
                if (left is MISSING) != (right is MISSING):
                    return 1 if left is MISSING else -1
                continue
            found = compare(left, right, ignore_case=ignore_case)
            if found:
                descending = down if key.descending is None else key.descending
                return -found if descending else found
        return int(one[1]) - int(two[1])


@cmdlet("Group-Object", aliases=("group",))
class GroupObject(Cmdlet):
    """Groups in the order of first appearance, as Windows PowerShell 5.1 gives them."""

    parameters = (
        Param("InputObject", "object", pipeline=True, allow_null=True),
        Param("Property", "object[]", position=0),
        Param("NoElement", "switch"),
        Param("AsHashTable", "switch", aliases=("AHT",)),
        Param("AsString", "switch"),
        Param("CaseSensitive", "switch"),
        Param("Culture", unsupported=True),
    )

    def begin(self, ctx: CmdletContext) -> None:
        self.items: list[Any] = []

    def process(self, ctx: CmdletContext) -> None:
        if self.bound("InputObject"):
            self.items.append(self.get("InputObject"))

    def end(self, ctx: CmdletContext) -> None:
        entries = self.get("Property")
        keys = [key_of(ctx, entry, ("expression",)) for entry in entries] if entries else [Key(None)]
        case = not self.get("CaseSensitive")
        groups: list[tuple[list[Any], list[Any]]] = []
        for item in self.items:
            values = [item if key.expression is None else evaluate(ctx, key.expression, item) for key in keys]
            for known, found in groups:
                if all(compare(one, two, ignore_case=case) == 0 for one, two in zip(known, values, strict=True)):
                    found.append(item)
                    break
            else:
                groups.append((values, [item]))
        if self.get("AsHashTable"):
            table = Hashtable(ignore_case=case)
            for values, found in groups:
                name: Any = ", ".join(convert.to_string(value) for value in values)
                if not self.get("AsString"):
                    name = values[0] if len(values) == 1 else PSArray(values)
                table.set(name, _collection(found))
            ctx.write(table)
            return
        for values, found in groups:
            pairs = [
                ("Values", ArrayList(values)),
                ("Count", len(found)),
                ("Group", _collection(found if not self.get("NoElement") else [])),
                ("Name", ", ".join(convert.to_string(value) for value in values)),
            ]
            kind = "GroupInfoNoElement" if self.get("NoElement") else "GroupInfo"
            ctx.write(TypedObject(f"Microsoft.PowerShell.Commands.{kind}", pairs))


def _collection(items: list[Any]) -> Any:
    from fleetdeploy.lab.powershell.values import Collection

    return Collection(items)


@cmdlet("Measure-Object", aliases=("measure",))
class MeasureObject(Cmdlet):
    default_set = "GenericMeasure"
    parameters = (
        Param("InputObject", "object", pipeline=True, allow_null=True),
        Param("Property", "object[]", position=0),
        Param("Sum", "switch", sets=("GenericMeasure",)),
        Param("Average", "switch", sets=("GenericMeasure",)),
        Param("Maximum", "switch", sets=("GenericMeasure",)),
        Param("Minimum", "switch", sets=("GenericMeasure",)),
        Param("Line", "switch", sets=("TextMeasure",)),
        Param("Word", "switch", sets=("TextMeasure",)),
        Param("Character", "switch", sets=("TextMeasure",)),
        Param("IgnoreWhiteSpace", "switch", sets=("TextMeasure",)),
    )

    def begin(self, ctx: CmdletContext) -> None:
        self.items: list[Any] = []

    def process(self, ctx: CmdletContext) -> None:
        if self.bound("InputObject") and self.get("InputObject") is not None:
            self.items.append(self.get("InputObject"))

    def end(self, ctx: CmdletContext) -> None:
        if self.set_name == "TextMeasure":
            self._text(ctx)
            return
        for entry in self.get("Property") or (None,):
            self._measure(ctx, entry)

    def _text(self, ctx: CmdletContext) -> None:
        texts = [convert.to_string(item) for item in self.items]
        drop = self.get("IgnoreWhiteSpace")
        pairs: list[tuple[str, Any]] = [
            ("Lines", sum(text.count("\n") + 1 for text in texts if text) if self.get("Line") else None),
            ("Words", sum(len(text.split()) for text in texts) if self.get("Word") else None),
            (
                "Characters",
                sum(len("".join(text.split()) if drop else text) for text in texts) if self.get("Character") else None,
            ),
            ("Property", None),
        ]
        ctx.write(TypedObject("Microsoft.PowerShell.Commands.TextMeasureInfo", pairs))

    def _measure(self, ctx: CmdletContext, entry: Any) -> None:
        values: list[Any] = []
        name = None if entry is None else convert.to_string(entry)
        if name is not None and any(char in name for char in "*?["):
            raise NotSimulated("Measure-Object with wildcards", ctx.line)
        for item in self.items:
            if name is None:
                values.append(item)
                continue
            value = property_value(ctx, item, name)
            if value is not MISSING and value is not None:
                values.append(value)
        if name is not None and not values and self.items:
            ctx.fail("GenericMeasurePropertyNotFound", "InvalidArgument",
                     "System.Management.Automation.PSArgumentException",
                     f'The property "{name}" cannot be found in the input for any objects.')  # fmt: skip
            if not values:
                return
        total: Any = 0.0
        numbers: list[float] = []
        wants_numbers = self.get("Sum") or self.get("Average")
        if wants_numbers:
            for value in values:
                number = self._number(ctx, value)
                if number is not None:
                    numbers.append(number)
            total = float(sum(numbers))
        count = len(values)
        numeric = len(numbers)
        pairs: list[tuple[str, Any]] = [
            ("Count", count),
            ("Average", (total / numeric if numeric else None) if self.get("Average") else None),
            ("Sum", total if self.get("Sum") and numeric == count else None),
            ("Maximum", self._edge(values, 1) if self.get("Maximum") else None),
            ("Minimum", self._edge(values, -1) if self.get("Minimum") else None),
            ("Property", name),
        ]
        generic = (
            not (self.get("Maximum") or self.get("Minimum")) or not values or all(is_number(one) for one in values)
        )
        kind = "GenericMeasureInfo" if generic else "GenericObjectMeasureInfo"
        ctx.write(TypedObject(f"Microsoft.PowerShell.Commands.{kind}", pairs))

    def _number(self, ctx: CmdletContext, value: Any) -> float | None:
        if is_number(value):
            return float(value)
        try:
            number = convert_numbers.to_number(value)
            if is_number(number) and isinstance(value, (str, bool)):
                return float(number)
        except (PSRuntimeError, ValueError):
            pass
        ctx.fail("NonNumericInputObject", "InvalidType", "System.Management.Automation.PSInvalidOperationException",
                 f'Input object "{convert.to_string(value)}" is not numeric.', target=value)  # fmt: skip
        return None

    @staticmethod
    def _edge(values: list[Any], sign: int) -> Any:
        best: Any = None
        for value in values:
            if best is None or compare(value, best) * sign > 0:
                best = value
        return float(best) if isinstance(best, (int, Decimal)) and not isinstance(best, bool) else best


@cmdlet("Compare-Object", aliases=("compare", "diff"))
class CompareObject(Cmdlet):
    parameters = (
        Param("ReferenceObject", "object[]", position=0, mandatory=True, allow_empty_collection=True),
        Param("DifferenceObject", "object[]", position=1, mandatory=True, pipeline=True, allow_empty_collection=True),
        Param("Property", "object[]"),
        Param("IncludeEqual", "switch"),
        Param("ExcludeDifferent", "switch"),
        Param("PassThru", "switch"),
        Param("CaseSensitive", "switch"),
        Param("SyncWindow", "int"),
        Param("Culture", unsupported=True),
    )

    def begin(self, ctx: CmdletContext) -> None:
        self.right: list[Any] = []

    def process(self, ctx: CmdletContext) -> None:
        self.right.extend(self.get("DifferenceObject") or ())

    def end(self, ctx: CmdletContext) -> None:
        if self.bound("SyncWindow"):
            raise NotSimulated("Compare-Object -SyncWindow", ctx.line)
        left = list(self.get("ReferenceObject") or ())
        right = list(self.right)
        case = not self.get("CaseSensitive")
        entries = self.get("Property")
        keys = [key_of(ctx, entry, ("expression",)) for entry in entries] if entries else None
        if keys is None and any(
            is_enumerable(one) or (isinstance(one, PSCustomObject) and type(one) is not PSCustomObject)
            for one in left + right
        ):
            raise NotSimulated("Compare-Object of objects like these without a property", ctx.line)

        def values(item: Any) -> list[Any]:
            if keys is not None:
                return [evaluate(ctx, key.expression, item) for key in keys]
            # What has no order is compared by ToString(), which is empty for custom objects and the type for tables.
            if isinstance(item, PSCustomObject):
                return [""]
            return [convert.net_to_string(item) if isinstance(item, Hashtable) else item]

        rest = [(values(item), item) for item in right]
        equal: list[Any] = []
        only_left: list[Any] = []
        for item in left:
            mine = values(item)
            for position, (theirs, _) in enumerate(rest):
                if all(compare(one, two, ignore_case=case) == 0 for one, two in zip(mine, theirs, strict=True)):
                    equal.append(item)
                    del rest[position]
                    break
            else:
                only_left.append(item)
        if self.get("IncludeEqual"):
            for item in equal:
                self._write(ctx, item, "==", keys)
        if not self.get("ExcludeDifferent"):
            for _, item in rest:
                self._write(ctx, item, "=>", keys)
            for item in only_left:
                self._write(ctx, item, "<=", keys)

    def _write(self, ctx: CmdletContext, item: Any, side: str, keys: list[Key] | None) -> None:
        if self.get("PassThru"):
            from fleetdeploy.lab.powershell.cmdlets.language_objects import add_note

            # The note goes to the object itself; a text needs one that can carry it.
            shown = ExtendedStr(item) if isinstance(item, str) else item
            add_note(ctx, shown, "SideIndicator", side)
            ctx.write(shown)
            return
        if keys is None:
            pairs = [("InputObject", item), ("SideIndicator", side)]
        else:
            pairs = [(convert.to_string(key.expression), evaluate(ctx, key.expression, item)) for key in keys]
            pairs.append(("SideIndicator", side))
        ctx.write(PSCustomObject(pairs))
