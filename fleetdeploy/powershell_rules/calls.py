"""How calls are written: names of parameters in full, one for each value, and only those that own functions declare.

Sources: about_Parameters, about_Functions ("a function without CmdletBinding puts what it does not know into $args").
"""

from __future__ import annotations

from collections.abc import Iterator

from fleetdeploy.lab.powershell import ast
from fleetdeploy.powershell_rules.command_table import COMMON_ALIASES, commands, common, constants_in, words_of
from fleetdeploy.powershell_rules.findings import Note
from fleetdeploy.powershell_rules.script import Script, constant_text, parameters_of

_POSITIONAL = {
    "new-object": 2,
    "where-object": 1,
    "foreach-object": 1,
    "write-host": 1,
    "write-output": 1,
    "write-error": 1,
    "write-warning": 1,
    "write-verbose": 1,
    "write-debug": 1,
    "start-sleep": 1,
}
"""How many arguments without a name are clear enough: the same since 3.0, whatever their type."""


def _spelling(name: str, known: dict[str, str]) -> str | None:
    """The full name of an abbreviation, if exactly one parameter begins so."""
    found = [full for lower, full in known.items() if lower.startswith(name)]
    return found[0] if len(found) == 1 else None


def find_abbreviated(script: Script) -> Iterator[Note]:
    """Parameters that are not written in full."""
    for call in script.cmdlet_calls:
        versions = tuple(v for v in script.versions if call.name in commands(v))
        for element in call.arguments:
            if not isinstance(element, ast.CommandParameter):
                continue
            name = element.parameter_name.lower()
            for version in versions:
                known = commands(version)[call.name].parameters | common(version)
                if name in known or not (name in COMMON_ALIASES or any(k.startswith(name) for k in known)):
                    continue
                full = COMMON_ALIASES.get(name) or _spelling(name, known)
                could = "" if full else f" ({', '.join(sorted(f for k, f in known.items() if k.startswith(name)))})"
                yield Note(
                    element.extent,
                    f"-{element.parameter_name} of {call.shown} is an abbreviation{could}: another version,"
                    " with another parameter that begins so, refuses it",
                    f"write -{full}" if full else "write the whole name",
                )
                break
    for call in script.calls:
        function = script.functions.get(call.name)
        if function is None:
            continue
        own = {p.name.variable_path.lower(): p.name.variable_path for p in parameters_of(function)}
        for element in call.arguments:
            if isinstance(element, ast.CommandParameter):
                name = element.parameter_name.lower()
                if name not in own and (full := _spelling(name, own)):
                    message = f"-{element.parameter_name} of {call.shown} is an abbreviation: a new parameter breaks it"
                    yield Note(element.extent, message, f"write -{full}")


def find_positional(script: Script) -> Iterator[Note]:
    """Arguments without a name, where the name is not clear."""
    for call in script.cmdlet_calls:
        if not any(call.name in commands(v) for v in script.versions):
            continue
        allowed = _POSITIONAL.get(call.name, 0)
        rest = [node for node in words_of(call).positional if not _is_splatted(node)][allowed:]
        if rest:
            yield Note(
                rest[0].extent,
                f"{call.shown} {rest[0].extent.text} does not say which parameter is meant: that depends on the"
                " others, and on the version",
                "write the parameter's name before it",
            )


def _is_splatted(node: ast.Node) -> bool:
    return isinstance(node, ast.VariableExpression) and node.splatted


def find_paths(script: Script) -> Iterator[Note]:
    """``-Path`` where a path is meant and not a pattern."""
    for call in script.cmdlet_calls:
        versions = [v for v in script.versions if call.name in commands(v)]
        if not versions or not all("literalpath" in commands(v)[call.name].parameters for v in versions):
            continue
        for word, value in words_of(call).named:
            name = word.parameter_name.lower()
            text = constant_text(value)
            pattern = text is not None and ("*" in text or "?" in text)
            if name in ("path", "filepath") and name in commands(versions[0])[call.name].parameters and not pattern:
                yield Note(
                    word.extent,
                    f"{call.shown} -{word.parameter_name} takes [, ], * and ? of a path as a pattern, and then finds"
                    " nothing or something else",
                    "write -LiteralPath",
                )


_PROCESSING = ("whatif", "confirm")


def find_own(script: Script) -> Iterator[Note]:
    """Calls of the script's own functions with arguments that these do not declare."""
    for call in script.calls:
        function = script.functions.get(call.name)
        if function is None or any(
            v.variable_path.lower() == "args" for v in script.within(function, ast.VariableExpression)
        ):
            continue
        parameters = parameters_of(function)
        own = {p.name.variable_path.lower(): p for p in parameters}
        aliases = {alias.lower() for p in parameters for alias in aliases_of(p)}
        switches = frozenset(name for name, p in own.items() if is_switch(p))
        advanced = _is_advanced(function)
        words = words_of(call, switches)
        for word, _ in words.named:
            name = word.parameter_name.lower()
            if (
                name in aliases
                or any(k.startswith(name) for k in own)
                or (advanced and (name in common("5.1") or name in COMMON_ALIASES or name in _PROCESSING))
            ):
                continue
            yield Note(
                word.extent,
                f"the function {function.name} has no parameter -{word.parameter_name}: it would be swallowed",
                "write one of " + ", ".join(f"-{p.name.variable_path}" for p in parameters)
                if parameters
                else "leave it out",
            )
        if advanced or any(_is_splatted(node) for node in words.positional):
            continue
        named = {word.parameter_name.lower() for word, _ in words.named}
        free = [name for name in own if name not in switches and not any(name.startswith(n) for n in named)]
        if len(words.positional) > len(free):
            extra = words.positional[len(free)]
            yield Note(
                extra.extent,
                f"the function {function.name} takes {len(free)} arguments here:"
                f" {extra.extent.text} would be swallowed",
                "leave it out, or declare a parameter for it",
            )


def aliases_of(parameter: ast.Parameter) -> Iterator[str]:
    """Its other names, from ``[Alias()]``."""
    for attribute in parameter.attributes:
        if (
            isinstance(attribute, ast.Attribute)
            and attribute.type_name.name.lower().removesuffix("attribute") == "alias"
        ):
            for argument in attribute.positional_arguments:
                yield from constants_in(argument)


def is_switch(parameter: ast.Parameter) -> bool:
    """Whether it takes no value."""
    return any(
        isinstance(a, ast.TypeConstraint) and a.type_name.name.lower().endswith(("switch", "switchparameter"))
        for a in parameter.attributes
    )


def _is_advanced(function: ast.FunctionDefinition) -> bool:
    block = function.body.param_block
    above = block.attributes if block is not None else ()
    attributes = [*above, *(a for p in parameters_of(function) for a in p.attributes)]
    return any(
        isinstance(a, ast.Attribute) and a.type_name.name.lower() in ("cmdletbinding", "parameter") for a in attributes
    )
