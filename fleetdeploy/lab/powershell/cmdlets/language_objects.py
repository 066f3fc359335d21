"""Cmdlets that take objects from the pipeline one by one: ForEach-, Where-, Select-Object, Tee-Object, Get-Unique."""

from __future__ import annotations

from typing import Any

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell import convert, members, operators
from fleetdeploy.lab.powershell.cmdlets.registry import Cmdlet, CmdletContext, Param, cmdlet
from fleetdeploy.lab.powershell.cmdlets.support_properties import (
    chosen_properties,
    property_value,
)
from fleetdeploy.lab.powershell.containers import DictionaryBase
from fleetdeploy.lab.powershell.runtime import language_mode
from fleetdeploy.lab.powershell.runtime.scope import AUTO_NULL
from fleetdeploy.lab.powershell.runtime.values_ext import ScriptBlockValue, from_list, is_enumerable, iterate
from fleetdeploy.lab.powershell.values import (
    MISSING,
    PSCustomObject,
    PSRuntimeError,
    type_of,
)


def run_block(ctx: CmdletContext, block: ScriptBlockValue, item: Any) -> list[Any]:
    result: list[Any] = ctx.interp.invoke_block(block, (item,) if block.ast.param_block else (), dollar_under=item,
                                                same_scope=True)  # fmt: skip
    return result


@cmdlet("ForEach-Object", aliases=("%", "foreach"))
class ForEachObject(Cmdlet):
    default_set = "ScriptBlockSet"
    parameters = (
        Param("InputObject", "object", pipeline=True, allow_null=True),
        Param("Begin", "scriptblock", sets=("ScriptBlockSet",)),
        Param("Process", "scriptblock[]", position=0, mandatory=True, sets=("ScriptBlockSet",), allow_null=True,
              allow_empty_collection=True),
        Param("End", "scriptblock", sets=("ScriptBlockSet",)),
        Param("RemainingScripts", "scriptblock[]", remaining=True, sets=("ScriptBlockSet",)),
        Param("MemberName", "string", position=0, mandatory=True, sets=("PropertyAndMethodSet",)),
        Param("ArgumentList", "object[]", remaining=True, sets=("PropertyAndMethodSet",), aliases=("Args",)),
    )  # fmt: skip
    supports_should_process = True

    def begin(self, ctx: CmdletContext) -> None:
        self.blocks: list[ScriptBlockValue] = []
        self.first = self.get("Begin")
        self.last = self.get("End")
        if self.bound("Process"):
            every = [*(self.get("Process") or ()), *(self.get("RemainingScripts") or ())]
            if not self.bound("Begin") and len(every) > 1:
                self.first = every.pop(0)
                if not self.bound("End") and len(every) > 1:
                    self.last = every.pop()
            self.blocks = every
        if self.first is not None:
            self._run(ctx, self.first)

    def end(self, ctx: CmdletContext) -> None:
        if self.last is not None:
            self._run(ctx, self.last)

    def _run(self, ctx: CmdletContext, block: ScriptBlockValue, *item: Any) -> None:
        processor: Any = ctx
        if item:
            ctx.interp.invoke_block(
                block, item if block.ast.param_block else (), dollar_under=item[0], same_scope=True, out=processor.out
            )
        else:
            ctx.interp.invoke_block(block, (), same_scope=True, out=processor.out)

    def process(self, ctx: CmdletContext) -> None:
        if not self.bound("InputObject"):
            if not getattr(ctx, "has_input", False) and self.blocks:
                for block in self.blocks:
                    self._run(ctx, block, None)
            return
        item = self.get("InputObject")
        if self.bound("MemberName"):
            self._member(ctx, item)
            return
        for block in self.blocks:
            self._run(ctx, block, item)

    def _member(self, ctx: CmdletContext, item: Any) -> None:
        from fleetdeploy.lab.powershell.runtime.member_access import get_property, invoke_method

        name = self.get("MemberName")
        rt = ctx.interp
        if item is None:
            ctx.fail("InputObjectIsNull", "InvalidArgument", "System.Management.Automation.PSArgumentNullException",
                     "Cannot process argument because the value of argument \"InputObject\" is null.")  # fmt: skip
            return
        arguments = self.get("ArgumentList")
        if any(char in name for char in "*?["):
            raise NotSimulated("ForEach-Object -MemberName with wildcards", ctx.line)
        if not self.bound("ArgumentList") and not members.has_method(item, name):
            value = (item.get(name) if isinstance(item, DictionaryBase) and item.contains(name)
                     else members.get_member(item, name))  # fmt: skip
            if value is MISSING:
                if rt.scope.strict_version() >= 2:
                    ctx.fail("PropertyOrMethodNotFound", "InvalidArgument",
                             "System.Management.Automation.PSArgumentException",
                             f'The input name "{name}" cannot be resolved to a member.', target=item)  # fmt: skip
                else:
                    ctx.write(get_property(rt, item, name, strict=0))
                return
            ctx.write(value, unroll=True)
            return
        if rt.constrained and not language_mode.is_core(type_of(item)):
            ctx.fail("MethodInvocationNotSupportedInConstrainedLanguage", "InvalidOperation",
                     "System.Management.Automation.PSInvalidOperationException",
                     "Cannot invoke method. Method invocation is supported only on core types in this language "
                     "mode.")  # fmt: skip
            return
        ctx.write(invoke_method(rt, item, name, list(arguments or ()), None), unroll=True)


_COMPARISONS = [
    "EQ",
    "NE",
    "GT",
    "LT",
    "GE",
    "LE",
    "Like",
    "NotLike",
    "Match",
    "NotMatch",
    "Contains",
    "NotContains",
    "In",
    "NotIn",
]
_ALL = [f"{case}{name}" for name in _COMPARISONS for case in ("", "C")] + ["Is", "IsNot"]


@cmdlet("Where-Object", aliases=("?", "where"))
class WhereObject(Cmdlet):
    default_set = "EqualSet"
    parameters = (
        Param("InputObject", "object", pipeline=True, allow_null=True),
        Param("FilterScript", "scriptblock", position=0, mandatory=True, sets=("ScriptBlockSet",)),
        Param("Property", "string", position=0, mandatory=True,
              sets=("EqualSet", *(f"{name}Set" for name in _ALL if name != "EQ"))),
        Param("Value", "object", position=1, sets=("EqualSet", *(f"{name}Set" for name in _ALL if name != "EQ")),
              allow_null=True),
        *(
            Param(name, "switch", mandatory=name != "EQ", sets=("EqualSet" if name == "EQ" else f"{name}Set",),
                  aliases=(f"I{name}",) if not name.startswith("C") or name == "Contains" else ())
            for name in _ALL
        ),
    )  # fmt: skip

    def process(self, ctx: CmdletContext) -> None:
        if not self.bound("InputObject"):
            return
        item = self.get("InputObject")
        block = self.get("FilterScript")
        if block is not None:
            value = from_list(run_block(ctx, block, item))
            if value is not AUTO_NULL and convert.to_bool(value):
                ctx.write(item)
            return
        if self._simple(ctx, item):
            ctx.write(item)

    def _simple(self, ctx: CmdletContext, item: Any) -> bool:
        name = self.get("Property")
        chosen = next((one for one in _ALL if self.bound(one)), None)
        if isinstance(item, DictionaryBase) and item.contains(name):
            value = item.get(name)
        else:
            value = MISSING if item is None else property_value(ctx, item, name)
        if value is MISSING:
            if ctx.interp.scope.strict_version() >= 2:
                ctx.fail("PropertyNotFound", "InvalidArgument", "System.Management.Automation.PSArgumentException",
                         f'The input name "{name}" cannot be resolved to a property.', target=item)  # fmt: skip
                return False
            value = None
        if chosen is None:
            if self.bound("Value"):
                ctx.fail("OperatorNotSpecified", "InvalidArgument", "System.Management.Automation.PSArgumentException",
                         "The specified operator requires both the -Property and -Value parameters.",
                         terminating=True)  # fmt: skip
            return convert.to_bool(value)
        if not self.bound("Value"):
            ctx.fail("ValueNotSpecifiedForWhereObject", "InvalidArgument",
                     "System.Management.Automation.PSArgumentException",
                     "The specified operator requires both the -Property and -Value parameters.",
                     terminating=True)  # fmt: skip
        wanted = self.get("Value")
        if chosen in ("Is", "IsNot"):
            if isinstance(wanted, str):
                wanted = wanted.strip("[]")
            return convert.to_bool(operators.binary(chosen, value, wanted))
        case = "C" if chosen.startswith("C") and chosen != "Contains" else "I"
        base = chosen[1:] if case == "C" else chosen
        op = f"{case}{base.lower()}"
        if base.lower() in ("match", "notmatch") and not is_enumerable(value):
            found, groups = operators.match(value, wanted, case == "C")
            if found and groups is not None:
                ctx.interp.scope.set("Matches", groups)
            return found == (base.lower() == "match")
        return convert.to_bool(operators.binary(op, value, wanted))


@cmdlet("Select-Object", aliases=("select",))
class SelectObject(Cmdlet):
    default_set = "DefaultParameter"
    parameters = (
        Param("InputObject", "object", pipeline=True, allow_null=True),
        Param("Property", "object[]", position=0, sets=("DefaultParameter", "SkipLastParameter")),
        Param("ExcludeProperty", "string[]", sets=("DefaultParameter", "SkipLastParameter")),
        Param("ExpandProperty", "string", sets=("DefaultParameter", "SkipLastParameter")),
        Param("Unique", "switch"),
        Param("Last", "int", sets=("DefaultParameter",), validate_range=(0, 2147483647)),
        Param("First", "int", sets=("DefaultParameter",), validate_range=(0, 2147483647)),
        Param("Skip", "int", sets=("DefaultParameter",), validate_range=(0, 2147483647)),
        Param("SkipLast", "int", sets=("SkipLastParameter",), validate_range=(0, 2147483647)),
        Param("Index", "int[]", sets=("IndexParameter",)),
        Param("Wait", "switch"),
    )

    def begin(self, ctx: CmdletContext) -> None:
        self.count = 0
        self.seen = 0
        self.queue: list[Any] = []
        self.unique: list[Any] = []
        self.done = False
        self.indices = {int(one) for one in self.get("Index") or ()}
        if self.bound("First") and self.get("First") == 0 and not self.bound("Last"):
            self.done = True

    def process(self, ctx: CmdletContext) -> None:
        if not self.bound("InputObject"):
            return
        item = self.get("InputObject")
        processor: Any = ctx
        if self.done:
            processor.stop_upstream()
        self.seen += 1
        if self.bound("Index"):
            if self.seen - 1 in self.indices:
                self._emit(ctx, item)
                if self.seen - 1 == max(self.indices) and not self.get("Wait"):
                    processor.stop_upstream()
            return
        skip = self.get("Skip") or 0
        if self.bound("SkipLast"):
            self.queue.append(item)
            if len(self.queue) > self.get("SkipLast"):
                self._emit(ctx, self.queue.pop(0))
            return
        if self.bound("Last") and not self.bound("First"):
            self.queue.append(item)
            return
        if self.seen <= skip:
            return
        if self.bound("First"):
            if self.count < self.get("First"):
                self.count += 1
                self._emit(ctx, item)
                if self.count >= self.get("First") and not self.bound("Last") and not self.get("Wait"):
                    if self.get("Unique"):
                        return
                    processor.stop_upstream()
            elif self.bound("Last"):
                self.queue.append(item)
            return
        self._emit(ctx, item)

    def end(self, ctx: CmdletContext) -> None:
        if self.bound("Last"):
            skip = 0 if self.bound("First") else self.get("Skip") or 0
            rest = self.queue[: len(self.queue) - skip] if skip else self.queue
            count = self.get("Last")
            for item in rest[-count:] if count else []:
                self._emit(ctx, item)
        if self.get("Unique"):
            for item in self.unique:
                ctx.write(item)

    def _emit(self, ctx: CmdletContext, item: Any) -> None:
        by_itself = not self.bound("Property") and not self.bound("ExpandProperty")
        if self.get("Unique") and isinstance(item, PSCustomObject) and by_itself:
            # Without an order they are compared by ToString(), which is empty for all custom objects.
            if type(item) is not PSCustomObject:
                raise NotSimulated("Select-Object -Unique of objects like these without -Property", ctx.line)
            if not any(type(old) is PSCustomObject for old in self.unique):
                self.unique.append(item)
            return
        for made in self._shape(ctx, item):
            if self.get("Unique"):
                if not any(same(made, old) for old in self.unique):
                    self.unique.append(made)
            else:
                ctx.write(made)

    def _shape(self, ctx: CmdletContext, item: Any) -> list[Any]:
        expand = self.get("ExpandProperty")
        if not self.bound("Property") and not expand and not self.bound("ExcludeProperty"):
            return [item]
        pairs: list[tuple[str, Any]] = []
        if self.bound("Property"):
            pairs = chosen_properties(ctx, item, list(self.get("Property")), list(self.get("ExcludeProperty") or ()))
            seen: set[str] = set()
            unique: list[tuple[str, Any]] = []
            for name, value in pairs:
                if name.lower() in seen:
                    ctx.fail("AlreadyExistingUserSpecifiedPropertyNoExpand", "InvalidOperation",
                             "System.Management.Automation.PSArgumentException",
                             f"The property cannot be processed because the property \"{name}\" already exists.",
                             target=item)  # fmt: skip
                    continue
                seen.add(name.lower())
                unique.append((name, value))
            pairs = unique
        if not expand:
            from fleetdeploy.lab.powershell.values import type_names_of

            made = PSCustomObject(pairs)
            made.type_names = (
                [f"Selected.{type_names_of(item)[0]}", *type_names_of(PSCustomObject())] if item is not None else None
            )
            return [made]
        if any(char in expand for char in "*?["):
            raise NotSimulated("Select-Object -ExpandProperty with wildcards", ctx.line)
        value = MISSING if item is None else property_value(ctx, item, expand)
        if value is MISSING:
            ctx.fail("ExpandPropertyNotFound", "InvalidArgument", "System.Management.Automation.PSArgumentException",
                     f'Property "{expand}" cannot be found.', target=item)  # fmt: skip
            return []
        if value is None:
            return []
        found = list(iterate(value)) if is_enumerable(value) else [value]
        if pairs:
            for one in found:
                for name, extra in pairs:
                    add_note(ctx, one, name, extra)
        return found


def add_note(ctx: CmdletContext, target: Any, name: str, value: Any) -> None:
    from fleetdeploy.lab.powershell.values import NoteProperty, PropertyBag

    if isinstance(target, PSCustomObject):
        target.members.add(NoteProperty(name, value))
        return
    if not hasattr(target, "extended"):
        raise NotSimulated("properties added to a plain value", ctx.line)
    if target.extended is None:
        target.extended = PropertyBag()
    target.extended.add(NoteProperty(name, value))


def same(left: Any, right: Any) -> bool:
    """-Unique: text by case; custom objects made by -Property by their properties."""
    if isinstance(left, PSCustomObject) and isinstance(right, PSCustomObject):
        return (
            [name.lower() for name in left.names()] == [name.lower() for name in right.names()]
            and all(same(one, two) for (_, one), (_, two) in zip(left.items(), right.items(), strict=False))
        )  # fmt: skip
    if isinstance(left, PSCustomObject) or isinstance(right, PSCustomObject):
        return False
    if left is None or right is None:
        return left is right
    try:
        return convert.to_bool(operators.binary("Ceq", left, right)) if not is_enumerable(left) else left is right
    except PSRuntimeError:
        return False


@cmdlet("Get-Unique", aliases=("gu",))
class GetUnique(Cmdlet):
    parameters = (
        Param("InputObject", "object", pipeline=True, allow_null=True),
        Param("AsString", "switch"),
        Param("OnType", "switch"),
    )

    def begin(self, ctx: CmdletContext) -> None:
        self.last: Any = MISSING

    def process(self, ctx: CmdletContext) -> None:
        item = self.get("InputObject")
        key = convert.to_string(item) if self.get("AsString") else item
        if self.get("OnType"):
            from fleetdeploy.lab.powershell.values import type_names_of

            key = type_names_of(item)[0]
        if self.last is MISSING or not same(key, self.last):
            ctx.write(item)
        self.last = key
