"""Decisions by text that Windows translates: messages, display names, what programs print.

Sources: about_Script_Internationalization; System.Exception.Message ("should be localized"); the labels of
``sc.exe query``, ``netsh``, ``ipconfig`` and others, which follow the system's language.
"""

from __future__ import annotations

from collections.abc import Iterator

from fleetdeploy.lab.powershell import ast
from fleetdeploy.powershell_rules.command_table import constants_in
from fleetdeploy.powershell_rules.findings import Note, words
from fleetdeploy.powershell_rules.printed import Printed, only_code
from fleetdeploy.powershell_rules.script import Scope, Script, constant_text, plain_type, unwrapped

_TRANSLATED = words("""
    message displayname description statusdescription leveldisplayname taskdisplayname opcodedisplayname
    keywordsdisplaynames caption localizedmessage
""")
_PATTERNS = words("Imatch Inotmatch Cmatch Cnotmatch Ilike Inotlike Clike Cnotlike")
_EQUALS = words("Ieq Ine Ceq Cne Icontains Inotcontains Ccontains Cnotcontains Iin Inotin Cin Cnotin")
_LOOKS = words("contains startswith endswith indexof lastindexof equals")
_FILTERS = words("select-string where-object sls where ? findstr.exe find.exe findstr")
Names = dict[tuple[Scope, str], str]
"""Variables by scope and lower-case name, with what is said of them."""
_INSTEAD = "decide by a number (HResult, $LASTEXITCODE, NativeErrorCode, an event's Id) or by FullyQualifiedErrorId"


def _given_value(assigned: ast.AssignmentStatement) -> ast.Expression | None:
    """What is assigned, if that is an expression."""
    right = assigned.right
    if isinstance(right, ast.Pipeline) and len(right.pipeline_elements) == 1:
        right = right.pipeline_elements[0]
    return right.expression if isinstance(right, ast.CommandExpression) else None


def _messages_kept(script: Script) -> Names:
    """Variables that were given translated text as it is."""
    names: Names = {}
    for assigned in script.of(ast.AssignmentStatement):
        left = assigned.left
        while isinstance(left, ast.AttributedExpression):
            left = left.child
        value = _given_value(assigned)
        if isinstance(left, ast.VariableExpression) and value is not None:
            said = _translated(script, value, names)
            if said is not None:
                names[script.scopes[assigned], left.variable_path.lower()] = said
    return names


def _translated(script: Script, node: ast.Node, names: Names) -> str | None:
    """What of a value is translated text: how it is written, or None."""
    node = unwrapped(node)
    while isinstance(node, ast.ConvertExpression):
        node = unwrapped(node.child)
    if isinstance(node, ast.InvokeMemberExpression):
        return _translated(script, node.expression, names) if not node.static else None
    if isinstance(node, ast.IndexExpression):
        target = node.target
        own = isinstance(target, ast.VariableExpression) and target.variable_path.lower() == "error"
        return f"the text of the error ({node.extent.text})" if own else None
    if isinstance(node, ast.MemberExpression):
        return node.extent.text if (constant_text(node.member) or "").lower() in _TRANSLATED else None
    if isinstance(node, ast.VariableExpression) and node.variable_path.lower() not in ("_", "psitem"):
        return names.get((script.scopes[node], node.variable_path.lower()))
    if isinstance(node, ast.VariableExpression):
        for above in script.above(node):
            if isinstance(above, (ast.ScriptBlockExpression, ast.FunctionDefinition, ast.SwitchStatement)):
                return None
            if isinstance(above, ast.CatchClause):
                return f"the text of the error ({node.extent.text})"
    if isinstance(node, ast.ExpandableStringExpression):
        return next((said for part in node.nested_expressions if (said := _translated(script, part, names))), None)
    return None


def _worded(node: ast.Node) -> bool:
    """Whether a value holds words that are written out."""
    return any(any(c.isalpha() for c in text) for text in constants_in(node))


def find_messages(script: Script) -> Iterator[Note]:
    """Messages and display names compared with words, or matched at all."""
    why = "Windows translates it, so that this is true on one host and false on another"
    names = _messages_kept(script)
    for node in script.of(ast.BinaryExpression):
        sides = (node.left, node.right)
        for side, other in (sides, sides[::-1]):
            said = _translated(script, side, names)
            matched = node.operator in _PATTERNS and side is node.left
            if said and (matched or (node.operator in _EQUALS and _worded(other))):
                yield Note(node.extent, f"{said} is matched: {why}", _INSTEAD)
                break
    for invoked in script.of(ast.InvokeMemberExpression):
        member = (constant_text(invoked.member) or "").lower()
        if not invoked.static and member in _LOOKS:
            said = _translated(script, invoked.expression, names)
            if said and any(_worded(a) for a in invoked.arguments):
                yield Note(invoked.extent, f"{said} is searched: {why}", _INSTEAD)
        elif invoked.static and member in ("ismatch", "match") and isinstance(invoked.expression, ast.TypeExpression):
            regex = plain_type(invoked.expression.type_name) in ("regex", "text.regularexpressions.regex")
            said = _translated(script, invoked.arguments[0], names) if regex and invoked.arguments else None
            if said:
                yield Note(invoked.extent, f"{said} is matched: {why}", _INSTEAD)
    for switch in script.of(ast.SwitchStatement):
        said = None
        if isinstance(switch.condition, ast.Pipeline) and len(switch.condition.pipeline_elements) == 1:
            element = switch.condition.pipeline_elements[0]
            if isinstance(element, ast.CommandExpression):
                said = _translated(script, element.expression, names)
        if said and any(_worded(test) for test, _ in switch.clauses):
            yield Note(switch.extent, f"{said} is switched on: {why}", _INSTEAD)


def find_printed(script: Script) -> Iterator[Note]:
    """What a program printed, compared with words."""
    printed = Printed(script)
    if not printed.programs:
        return
    why = "it follows the system's language, so that this is true on one host and false on another"
    for node in script.of(ast.BinaryExpression):
        if node.operator in _PATTERNS | _EQUALS:
            sides = (node.left, node.right)
            if any(
                printed.holds(side) and not only_code(side) and _worded(other) for side, other in (sides, sides[::-1])
            ):
                yield Note(node.extent, f"what a program printed is matched: {why}", _INSTEAD)
    for invoked in script.of(ast.InvokeMemberExpression):
        member = (constant_text(invoked.member) or "").lower()
        target = invoked.expression
        looks = member in _LOOKS and not invoked.static and any(_worded(a) for a in invoked.arguments)
        if looks and printed.holds(target) and not only_code(target):
            yield Note(invoked.extent, f"what a program printed is searched: {why}", _INSTEAD)
    filters = {call.node for call in script.calls if call.name in _FILTERS}
    for pipeline in script.of(ast.Pipeline):
        elements = pipeline.pipeline_elements
        for i, element in enumerate(elements):
            if element in filters and any(printed.holds(before) for before in elements[:i]) and _worded_rest(element):
                yield Note(element.extent, f"what a program printed is filtered: {why}", _INSTEAD)


def _worded_rest(node: ast.Node) -> bool:
    return isinstance(node, ast.Command) and any(_worded(element) for element in node.command_elements[1:])
