"""Types and members, held against ``member_table.py``; and overloads that only newer versions have.

An overload is told by the shape of its arguments; where that cannot be told (a variable), nothing is said.
"""

from __future__ import annotations

from collections.abc import Iterator

from fleetdeploy.lab.powershell import ast
from fleetdeploy.powershell_rules.command_table import constants_in, parameter_value, words_of
from fleetdeploy.powershell_rules.findings import Note, words
from fleetdeploy.powershell_rules.member_table import ASSEMBLIES, INSTANCE, NAMESPACES, STATIC, TYPES, Missing
from fleetdeploy.powershell_rules.script import Script, constant_text, parameters_of, plain_type, unwrapped

_TEXT_METHODS = words(
    "tostring trim trimstart trimend substring tolower toupper tolowerinvariant toupperinvariant padleft padright"
)
_HERE = "Windows PowerShell on .NET Framework 4.5"


def _named_types(script: Script) -> Iterator[tuple[ast.Extent, str]]:
    """Every type that is named, with its parts: (where, plain name)."""
    names = [(node.extent, node.type_name) for node in script.of(ast.TypeExpression)]
    names += [(node.extent, node.type_name) for node in script.of(ast.TypeConstraint)]
    while names:
        extent, name = names.pop(0)
        if name.element is not None:
            names.append((extent, name.element))
            continue
        yield extent, plain_type(name)
        names += [(extent, argument) for argument in name.generic_arguments]
    for call in script.calls:
        if call.name == "new-object":
            first = words_of(call).positional[:1]
            node = parameter_value(call, "typename") or (first[0] if first else None)
            # Generic[a,b] without quotes is a list of two words.
            text = node.extent.text if isinstance(node, ast.ArrayLiteral) else constant_text(node)
            if node is not None and text is not None:
                for part in text.replace("[", " ").replace("]", " ").replace(",", " ").split():
                    yield node.extent, part.lower().removeprefix("system.").partition("`")[0]


def find_types(script: Script) -> Iterator[Note]:
    """Types that are not there."""
    for extent, name in _named_types(script):
        missing = TYPES.get(name)
        if missing is None:
            missing = next((m for start, m in NAMESPACES.items() if name.startswith(start)), None)
        if missing is not None:
            message = f"the type {name} came with {missing.first}: {_HERE} has none"
            yield Note(extent, message, f"write {missing.instead}", missing.never)


def find_assemblies(script: Script) -> Iterator[Note]:
    """Types whose assembly has to be loaded first."""
    loaded = {text.lower() for call in script.calls if call.name == "add-type" for text in constants_in(call.node)}
    for extent, name in _named_types(script):
        for start, assembly in ASSEMBLIES.items():
            if name.startswith(start) and assembly.lower() not in loaded:
                yield Note(
                    extent,
                    f"{assembly} is not loaded by Windows PowerShell itself: the type {name} is not found",
                    f"write Add-Type -AssemblyName {assembly} before it",
                )
                break


def _missing_note(node: ast.Node, shown: str, missing: Missing) -> Note:
    # Of an instance the type is not known: another one may have a member of that name.
    static = isinstance(node, ast.MemberExpression) and node.static
    message = f"{shown} came with {missing.first}: {_HERE} has none"
    return Note(node.extent, message, f"write {missing.instead}", static and missing.never)


def find_members(script: Script) -> Iterator[Note]:
    """Members that are not there."""
    for node in script.of(ast.MemberExpression, ast.InvokeMemberExpression):
        member = constant_text(node.member)
        if member is None:
            continue
        arguments = len(node.arguments) if isinstance(node, ast.InvokeMemberExpression) else None
        if node.static:
            target = node.expression
            if not isinstance(target, ast.TypeExpression):
                continue
            missing = STATIC.get((plain_type(target.type_name), member.lower()))
            shown = f"[{target.type_name.full_name}]::{member}"
        else:
            missing = INSTANCE.get(member.lower())
            shown = f".{member}"
        if missing is not None and missing.arguments in (None, arguments):
            yield _missing_note(node, shown, missing)


def _is_cast(node: ast.Node, *types: str) -> bool:
    node = unwrapped(node)
    if not isinstance(node, ast.ConvertExpression) or node.type_name.element is not None:
        return False
    return plain_type(node.type_name) in types


def _is_comparison(node: ast.Node) -> bool:
    """``[StringComparison]::…``."""
    node = unwrapped(node)
    return (
        isinstance(node, ast.MemberExpression)
        and isinstance(node.expression, ast.TypeExpression)
        and plain_type(node.expression.type_name) == "stringcomparison"
    )


def _is_text(script: Script, node: ast.Node) -> bool:
    """Whether a value is certainly a string."""
    node = unwrapped(node)
    if isinstance(node, (ast.StringConstantExpression, ast.ExpandableStringExpression)) or _is_cast(node, "string"):
        return True
    if isinstance(node, ast.InvokeMemberExpression):
        return (constant_text(node.member) or "").lower() in _TEXT_METHODS
    if isinstance(node, ast.VariableExpression):
        scope = script.scopes[node]
        if isinstance(scope, ast.FunctionDefinition):
            parameters = parameters_of(scope)
        else:
            parameters = scope.param_block.parameters if scope.param_block is not None else ()
        return any(
            isinstance(a, ast.TypeConstraint) and plain_type(a.type_name) == "string" and a.type_name.element is None
            for p in parameters
            if p.name.variable_path.lower() == node.variable_path.lower()
            for a in p.attributes
        )
    return False


def find_overloads(script: Script) -> Iterator[Note]:
    """Overloads of string's methods that are not there, or that mean something else here."""
    for node in script.of(ast.InvokeMemberExpression):
        member = (constant_text(node.member) or "").lower()
        arguments = node.arguments
        if not arguments:
            continue
        first = unwrapped(arguments[0])
        if node.static:
            target = node.expression
            text = isinstance(target, ast.TypeExpression) and plain_type(target.type_name) == "string"
            if text and member == "join" and _is_cast(first, "char"):
                yield _overload(node, "[string]::Join with a [char]", ".NET Core 2.0", "[string]::Join(',', $parts)")
            continue
        compared = _is_comparison(arguments[-1])
        if member == "contains" and len(arguments) == 2 and compared:
            yield _overload(
                node, ".Contains with a StringComparison", ".NET Core 2.1", ".IndexOf($part, $comparison) -ge 0"
            )
        elif member == "replace" and len(arguments) == 3 and compared:
            yield _overload(
                node, ".Replace with a StringComparison", ".NET Core 2.0", "-replace [regex]::Escape($old), $new"
            )
        elif member == "indexof" and len(arguments) == 2 and compared and _is_cast(first, "char"):
            yield _overload(
                node, ".IndexOf with a [char] and a StringComparison", ".NET Core 2.1", ".IndexOf([string]...)"
            )
        elif member == "contains" and _is_cast(first, "char") and _is_text(script, node.expression):
            yield _overload(
                node, ".Contains with a [char]", ".NET Core 2.1", ".Contains('x'), or .IndexOf($char) -ge 0"
            )
        elif member in ("startswith", "endswith") and _is_cast(first, "char"):
            yield _overload(node, f".{member} with a [char]", ".NET Core 2.0", "with a string")
        elif member == "split":
            texts = (ast.StringConstantExpression, ast.ExpandableStringExpression)
            several = (isinstance(first, texts) and len(constant_text(first) or "  ") != 1) or _is_cast(first, "string")
            if several:
                yield Note(
                    node.extent,
                    ".Split with a string came with .NET Core 2.0: here each of its characters separates",
                    "write .Split([string[]]@('ab'), [StringSplitOptions]::None), or -split with an escaped pattern",
                )


def _overload(node: ast.Node, shown: str, first: str, instead: str) -> Note:
    return Note(node.extent, f"{shown} came with {first}: {_HERE} has no such overload", f"write {instead}")
