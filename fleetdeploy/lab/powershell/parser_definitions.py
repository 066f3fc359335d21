"""Rules for functions, filters, trap, try and data.

What stands in their braces is parser_blocks.py's.
"""

from __future__ import annotations

from fleetdeploy.lab.powershell import ast
from fleetdeploy.lab.powershell.ast import Extent
from fleetdeploy.lab.powershell.parser_base import NAME, ParserBase
from fleetdeploy.lab.powershell.tokens import Tok

_NO_FUNCTION_NAMES = frozenset(
    {
        "Pipe",
        "LParen",
        "LCurly",
        "AtParen",
        "AtCurly",
        "RCurly",
        "RParen",
        "EndOfInput",
        "Semi",
        "Redirection",
        "RedirectInStd",
        "AndAnd",
        "OrOr",
        "Ampersand",
        "Variable",
        "SplattedVariable",
        "HereStringExpandable",
        "HereStringLiteral",
        "StringLiteral",
        "StringExpandable",
    }
)


class DefinitionRules(ParserBase):
    """Functions, and blocks that have a keyword of their own."""

    # -- functions --------------------------------------------------------------------------------------------------

    def function_rule(self, keyword: Tok) -> ast.Statement:
        """`function name (…) { … }`, filter."""
        self.skip_newlines()
        name = self.next()
        if name.kind in _NO_FUNCTION_NAMES:
            self.unget(name)
            self.incomplete_after(keyword, "MissingNameAfterKeyword", keyword.text)
            return ast.ErrorStatement(self.extent_of(keyword))
        if keyword.kind == "Workflow":
            self.lexer.not_in_this_lab("workflow", keyword.at)
        parameters, right, error_end = self._function_parameters()
        left = self.next()
        if left.kind != "LCurly":
            self.unget(left)
            if error_end is None:
                last = right or name
                error_end = last.end
                self.incomplete_after(last, "MissingFunctionBody")
        if error_end is not None:
            return self.error_statement(self.extent(keyword.start, error_end), parameters or ())
        is_filter = keyword.kind == "Filter"
        body = self.script_block_rule(left, is_filter)
        text = name.string if name.kind == "Generic" else name.text
        return ast.FunctionDefinition(
            self.span(keyword, body), text, is_filter, None if parameters is None else tuple(parameters), body
        )

    def _function_parameters(self) -> tuple[list[ast.Parameter] | None, Tok | None, int | None]:
        """(parameters, closing parenthesis, end of the error if there was one)."""
        self.skip_newlines()
        left = self.peek()
        if left.kind != "LParen":
            return None, None, None
        self.skip()
        parameters = self.parameter_list()
        self.skip_newlines()
        right = self.next()
        error_end: int | None = None
        if right.kind != "RParen":
            self.unget(right)
            last: Tok | ast.Parameter = parameters[-1] if parameters else left
            error_end = self.after(last).end
            self.incomplete_after(last, "MissingEndParenthesisInFunctionParameterList")
        self.skip_newlines()
        return parameters, right, error_end

    # -- try, trap, data --------------------------------------------------------------------------------------------

    def trap_rule(self, keyword: Tok) -> ast.Statement:
        """`trap [type] { … }`."""
        restore = self.restore_point()
        self.skip_newlines()
        trap_type = self.attribute_rule()
        if trap_type is not None and not isinstance(trap_type, ast.TypeConstraint):
            self.resync(restore)
            trap_type = None
        body = self.statement_block_rule()
        if body is None:
            last: Tok | ast.Node = trap_type or keyword
            self.incomplete_after(last, "MissingTrapStatement")
            return self.error_statement(self.span(keyword, last), (trap_type,))
        return ast.TrapStatement(self.span(keyword, body), trap_type, body)

    def try_rule(self, keyword: Tok) -> ast.Statement:
        """`try { … } catch … finally …`."""
        self.skip_newlines()
        body = self.statement_block_rule()
        if body is None:
            self.incomplete_after(keyword, "MissingTryStatementBlock")
            return ast.ErrorStatement(self.extent_of(keyword))
        catches: list[ast.CatchClause] = []
        failed: list[ast.TypeConstraint] = []
        error_end: Extent | None = None
        while True:
            clause, clause_error = self._catch(failed)
            if clause_error is not None:
                error_end = clause_error
            if clause is None:
                break
            catches.append(clause)
        self.skip_newlines()
        token = self.peek()
        final: ast.StatementBlock | None = None
        if token.kind == "Finally":
            self.skip()
            final = self.statement_block_rule()
            if final is None:
                error_end = self.extent_of(token)
                self.incomplete_after(token, "MissingFinallyStatementBlock", "finally")
        if not catches and final is None and error_end is None:
            error_end = body.extent
            self.incomplete_after(body, "MissingCatchOrFinally")
        if error_end is not None:
            return self.error_statement(self.span(keyword, error_end), (body, *catches, *failed))
        return ast.TryStatement(self.span(keyword, final or catches[-1]), body, tuple(catches), final)

    def _catch(self, failed: list[ast.TypeConstraint]) -> tuple[ast.CatchClause | None, Extent | None]:
        """(clause, where an error ends)."""
        self.skip_newlines()
        keyword = self.next()
        if keyword.kind != "Catch":
            self.unget(keyword)
            return None, None
        types: list[ast.TypeConstraint] = []
        comma: Tok | None = None
        error_end: Extent | None = None
        while True:
            restore = self.ahead.start if self.ahead is not None else self.restore_point()
            self.skip_newlines()
            found = self.attribute_rule()
            if found is None:
                if comma is not None:
                    error_end = self.extent_of(comma)
                    self.incomplete_after(comma, "MissingTypeLiteralToken")
                break
            if not isinstance(found, ast.TypeConstraint):
                self.resync(restore)
                break
            types.append(found)
            self.skip_newlines()
            comma = self.peek()
            if comma.kind != "Comma":
                comma = None
                break
            self.skip()
        body = self.statement_block_rule()
        if body is None:
            if error_end is None:
                last: Tok | ast.Node = types[-1] if types else keyword
                error_end = self.extent(self.after(last).end, self.after(last).end)
                self.incomplete_after(last, "MissingCatchHandlerBlock")
            failed.extend(types)
            return None, error_end
        return ast.CatchClause(self.span(keyword, body), tuple(types), body), error_end

    def data_rule(self, keyword: Tok) -> ast.Statement:
        """`data name -SupportedCommand a, b { … }`."""
        self.skip_newlines()
        name = self.simple_name()
        self.skip_newlines()
        parameter = self.peek()
        commands: list[ast.Expression] = []
        error_end: Tok | ast.Node | None = None
        if parameter.kind == "Parameter":
            self.skip()
            if not self.is_parameter(parameter, "supportedcommand"):
                error_end = parameter
                self.error(parameter, "InvalidParameterForDataSectionStatement", parameter.string)
            comma: Tok | None = None
            while True:
                self.skip_newlines()
                command = self.single_argument(NAME)
                if command is None:
                    if error_end is None:
                        self.incomplete_after(
                            comma or parameter, "MissingValueForSupportedCommandInDataSectionStatement"
                        )
                    error_end = comma or parameter
                    break
                commands.append(command)
                comma = self.peek()
                if comma.kind != "Comma":
                    break
                self.skip()
        body: ast.StatementBlock | None = None
        if error_end is None:
            body = self.statement_block_rule()
            if body is None:
                error_end = commands[-1] if commands else name or keyword
                self.incomplete_after(error_end, "MissingStatementBlockForDataSection")
        if body is None or error_end is not None:
            return self.error_statement(self.span(keyword, error_end or keyword), commands)
        return ast.DataStatement(
            self.span(keyword, body), name.value if name is not None else None, tuple(commands), body
        )
