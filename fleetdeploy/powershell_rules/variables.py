"""Variables: names are without case, some belong to PowerShell, some are shared by all scripts of a pool.

Sources: about_Variables (names, scopes), about_Automatic_Variables (which, and since when), about_Scopes.
"""

from __future__ import annotations

from collections.abc import Iterator

from fleetdeploy.lab.powershell import ast
from fleetdeploy.powershell_rules.command_table import commands
from fleetdeploy.powershell_rules.findings import Note, words
from fleetdeploy.powershell_rules.script import Scope, Script, parameters_of, plain_type

OWN = words("""
    _ args consolefilename error event eventargs eventsubscriber executioncontext false foreach home host input matches
    myinvocation nestedpromptlevel pid profile psboundparameters pscmdlet pscommandpath psculture psdebugcontext pshome
    psitem psscriptroot pssenderinfo psuiculture psversiontable pwd sender shellid stacktrace switch this true
""")
"""What PowerShell writes itself."""
READ_ONLY = words("""
    consolefilename executioncontext false home host pid psculture pshome psuiculture psversiontable shellid true
""")
"""Of those the constant and read-only ones of all scopes (Get-Variable's Options): giving them a value is an error."""
_COUNTED = words("measure-object group-object new-object")
SINCE = {
    "iswindows": "6.0",
    "islinux": "6.0",
    "ismacos": "6.0",
    "iscoreclr": "6.0",
    "enabledexperimentalfeatures": "7.0",
    "psnativecommandargumentpassing": "7.3",
    "psnativecommanduseerroractionpreference": "7.3",
    "psstyle": "7.2",
    "psedition": "5.1",
    "informationpreference": "5.0",
}


def _typed_parameters(scope: Scope) -> dict[str, tuple[str, str]]:
    """Lower-case name of each typed parameter: (as written, its type)."""
    if isinstance(scope, ast.FunctionDefinition):
        parameters = parameters_of(scope)
    else:
        parameters = scope.param_block.parameters if scope.param_block is not None else ()
    typed = {}
    for parameter in parameters:
        for attribute in parameter.attributes:
            if isinstance(attribute, ast.TypeConstraint) and plain_type(attribute.type_name) not in (
                "object",
                "psobject",
            ):
                name = parameter.name.variable_path
                typed[name.lower()] = (name, attribute.type_name.full_name)
    return typed


def find_case(script: Script) -> Iterator[Note]:
    """Names that differ from a typed parameter's only in case."""
    scopes: list[Scope] = [script.root, *script.of(ast.FunctionDefinition)]
    for scope in scopes:
        typed = _typed_parameters(scope)
        if not typed:
            continue
        for variable in script.within(scope, ast.VariableExpression):
            name = variable.variable_path
            known = typed.get(name.lower())
            if known is not None and name != known[0]:
                yield Note(
                    variable.extent,
                    f"${name} is the parameter ${known[0]}: names have no case, and what is assigned"
                    f" becomes [{known[1]}]",
                    f"write ${known[0]} if it is meant, else another name",
                )


def _assigned(script: Script) -> Iterator[ast.VariableExpression]:
    """Every variable that is given a value."""
    pending: list[ast.Node] = [node.left for node in script.of(ast.AssignmentStatement)]
    pending += [node.variable for node in script.of(ast.ForEachStatement)]
    pending += [node.name for node in script.of(ast.Parameter)]
    pending += [
        n.child for n in script.of(ast.UnaryExpression) if "PlusPlus" in n.token_kind or "MinusMinus" in n.token_kind
    ]
    while pending:
        node = pending.pop(0)
        if isinstance(node, ast.VariableExpression):
            yield node
        elif isinstance(node, ast.AttributedExpression):
            pending.append(node.child)
        elif isinstance(node, ast.ArrayLiteral):
            pending += node.elements


def find_automatic(script: Script) -> Iterator[Note]:
    """Values given to variables that PowerShell writes itself."""
    for variable in _assigned(script):
        if variable.variable_path.lower() in OWN:
            yield Note(
                variable.extent,
                f"${variable.variable_path} belongs to PowerShell: it cannot be written, or not for long",
                "take another name",
                variable.variable_path.lower() in READ_ONLY,
            )


def find_newer(script: Script) -> Iterator[Note]:
    """Automatic variables of newer versions."""
    assigned = {variable.variable_path.lower() for variable in _assigned(script)}
    for variable in script.of(ast.VariableExpression):
        name = variable.variable_path.lower()
        since = SINCE.get(name)
        if since is None or name in assigned:
            continue
        lacking = [version for version in script.versions if float(version) < float(since)]
        if lacking:
            yield Note(
                variable.extent,
                f"${variable.variable_path} came with PowerShell {since}: on {' and '.join(lacking)} it is $null,"
                " and in strict mode the end of the script",
                "leave it out: every host is Windows; $PSVersionTable.PSVersion tells versions apart",
            )


def find_shared(script: Script) -> Iterator[Note]:
    """Variables of the script's or the global scope."""
    for variable in script.of(ast.VariableExpression):
        scope = variable.variable_path.lower().partition(":")
        if scope[1] and scope[0] in ("script", "global"):
            if scope[2] == "lastexitcode":
                continue
            yield Note(
                variable.extent,
                f"${variable.variable_path} is the runspace's: all scripts of one pool share it",
                "keep it in a hashtable of the script: functions see that by dynamic scope",
            )


def find_counts(script: Script) -> Iterator[Note]:
    """``.Count`` of what a cmdlet gave. What has a Count of its own is left out."""
    cmdlets = {call.node for call in script.calls if call.name in commands("5.1") and call.name not in _COUNTED}
    for member in script.of(ast.MemberExpression):
        inner = member.expression
        if not isinstance(inner, ast.ParenExpression) or member.static or member.member.extent.text.lower() != "count":
            continue
        last = inner.pipeline.pipeline_elements[-1] if isinstance(inner.pipeline, ast.Pipeline) else None
        if last in cmdlets:
            yield Note(
                member.extent,
                "of one object, or of none, strict mode 2.0 finds no Count: the script ends",
                "write @(...).Count",
            )
