"""The parser's door: `parse(text)`.

Decides nothing: the rules are in the parser_* modules, the scanner is lexer.py, checks of the finished tree are in
parser_checks.py. `version` "5.1" (also "4.0" hosts: the language is the same here) or "7", which exists so that the
record of a PowerShell 7 parser can be held against this one.
"""

from __future__ import annotations

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell import ast
from fleetdeploy.lab.powershell.parser_checks import check
from fleetdeploy.lab.powershell.parser_expressions import ExpressionRules
from fleetdeploy.lab.powershell.parser_pipelines import PipelineRules
from fleetdeploy.lab.powershell.parser_statements import StatementRules
from fleetdeploy.lab.powershell.parser_types import TypeRules


class _Parser(StatementRules, PipelineRules, ExpressionRules, TypeRules):
    """All rules together."""


def parse(text: str, version: str = "5.1", file: str | None = None) -> ast.ParseResult:
    """Parse a script. Errors are in the result; what the lab's parser does not do raises NotSimulated."""
    source = ast.Source(text, file)
    parser = _Parser(source, version)
    try:
        tree = parser.script_block_rule(None, is_filter=False)
        check(tree, parser.errors)
    except RecursionError:
        raise NotSimulated("a script nested this deep") from None
    tokens = tuple(ast.Token(t.kind, t.start, t.end, t.text) for t in parser.lexer.saved or ())
    return ast.ParseResult(tree, tokens, tuple(parser.errors.errors))
