"""What a project's own check is given, held against what its ``param()`` declares.

The runner splats the values of ``parameters:`` in fleetdeploy.yml, all of them text, to the script block. Sources:
about_Splatting, about_Functions_Advanced_Parameters (what is Mandatory is asked for), about_Booleans and
SwitchParameter (text is not converted to either).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from fleetdeploy.lab.powershell import ast
from fleetdeploy.powershell_rules.calls import aliases_of
from fleetdeploy.powershell_rules.findings import Finding, Level, words
from fleetdeploy.powershell_rules.script import Script, plain_type

RULE = "parameters"
_NO_TEXT = words("bool boolean switch switchparameter management.automation.switchparameter")


def check_parameters(text: str, given: Collection[str], *, path: str) -> tuple[Finding, ...]:
    """What would go wrong with the parameters that a check is given.

    Args:
        text: the script. Of one that does not parse nothing is said: ``check`` does.
        given: names, as fleetdeploy.yml has them.
        path: how to name the script.
    """
    script = Script(text, ())
    return () if script.tree is None else tuple(_find(script, given, path))


def _find(script: Script, given: Collection[str], path: str) -> Iterator[Finding]:
    block = script.root.param_block
    declared = block.parameters if block is not None else ()

    def said(at: ast.Node | None, message: str, step: str, level: Level = "error") -> Finding:
        extent = script.place(0) if at is None else at.extent
        return Finding(RULE, message, extent.line, extent.column, step, path, level)

    attributes = [*(block.attributes if block else ()), *(a for p in declared for a in p.attributes)]
    advanced = any(_is(a, "cmdletbinding") or _is(a, "parameter") for a in attributes)
    args = any(v.variable_path.lower() == "args" for v in script.within(script.root, ast.VariableExpression))
    names = {p: {p.name.variable_path.lower(), *(a.lower() for a in aliases_of(p))} for p in declared}
    for name in given:
        taking = [p for p, own in names.items() if any(known.startswith(name.lower()) for known in own)]
        exact = [p for p in taking if name.lower() in names[p]]
        if not taking and not (args and not advanced):
            shown = ", ".join(p.name.variable_path for p in declared) or "none"
            what = f"it is given -{name} and declares {shown}: " + (
                "it would not run" if advanced else "the value is lost"
            )
            yield said(
                block, what, f"declare [string]${name} in param(), or take it out", "error" if advanced else "warning"
            )
        for parameter in exact or taking[:1]:
            kinds = [a for a in parameter.attributes if isinstance(a, ast.TypeConstraint)]
            wrong = next((a for a in kinds if plain_type(a.type_name) in _NO_TEXT), None)
            if wrong is not None:
                what = f"-{name} is {wrong.extent.text}, and a value of fleetdeploy.yml is text: it would not run"
                yield said(parameter, what, f"write [string]${name}, and compare: ${name} -eq 'true'")
    for parameter, own in names.items():
        asked = any(_is(a, "parameter") and _mandatory(a) for a in parameter.attributes)
        if asked and not any(known.startswith(name.lower()) for known in own for name in given):
            shown = parameter.name.variable_path
            what = f"-{shown} is mandatory and not given: PowerShell would ask, there is nobody, and it would not run"
            yield said(parameter, what, f"write parameters: {{{shown}: ...}} at the check, or give it a default")


def _is(attribute: ast.AttributeBase, name: str) -> bool:
    return (
        isinstance(attribute, ast.Attribute)
        and attribute.type_name.name.lower().removeprefix("system.management.automation.").removesuffix("attribute")
        == name
    )


def _mandatory(attribute: ast.AttributeBase) -> bool:
    named = attribute.named_arguments if isinstance(attribute, ast.Attribute) else ()
    return any(
        n.argument_name.lower() == "mandatory" and n.argument.extent.text.lower() not in ("$false", "0") for n in named
    )
