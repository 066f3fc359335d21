"""Rules for primary expressions: literals, variables, brackets, hashtables, and members, calls and indices of them.

Decides how values are written; operators and casts are in parser_expressions.py.
"""

from __future__ import annotations

from fleetdeploy.lab.powershell import ast
from fleetdeploy.lab.powershell.parser_base import ARGUMENT, ParserBase
from fleetdeploy.lab.powershell.tokens import COMMAND, EXPRESSION, UNARY_OPERATORS, Tok

_SYNC_KEY = frozenset({"RCurly", "Semi", "NewLine"})
_STRING_KINDS = {
    "StringLiteral": "SingleQuoted",
    "HereStringLiteral": "SingleQuotedHereString",
    "StringExpandable": "DoubleQuoted",
    "HereStringExpandable": "DoubleQuotedHereString",
}


class PrimaryRules(ParserBase):
    """Primary expressions."""

    def primary_rule(self, member_access: bool) -> ast.Expression | None:
        token = self.next()
        kind = token.kind
        result: ast.Expression
        if kind in ("Variable", "SplattedVariable"):
            result = self._variable(token, member_access)
        elif kind == "Number":
            result = ast.ConstantExpression(self.extent_of(token), token.value, token.type_name)
        elif kind in _STRING_KINDS:
            if token.nested:
                result = self.expandable(token, _STRING_KINDS[kind])
            else:
                result = ast.StringConstantExpression(self.extent_of(token), token.string, _STRING_KINDS[kind])
        elif kind == "LParen":
            result = self._parenthesized(token)
        elif kind in ("AtParen", "DollarParen"):
            result = self._sub_expression(token)
        elif kind == "AtCurly":
            result = self._hashtable(token)
        elif kind == "LCurly":
            result = self._script_block_expression(token)
        else:
            self.unget(token)
            return None
        if not member_access or self.ahead is not None:
            return result
        access = self.lexer.member_access(allow_bracket=True)
        return result if access is None else self._after_primary(access, result)

    def _variable(self, token: Tok, member_access: bool) -> ast.Expression:
        name = token.string
        extent = self.extent_of(token)
        if name[:6].lower() == "using:" and len(name) > 6:
            inner: ast.Expression = ast.VariableExpression(extent, name[6:], token.flag)
            if member_access and self.ahead is None:
                access = self.lexer.member_access(allow_bracket=True)
                if access is not None:
                    inner = self._after_primary(access, inner)
            return ast.UsingExpression(inner.extent, inner)
        return ast.VariableExpression(extent, name, token.flag)

    def _after_primary(self, token: Tok, expression: ast.Expression) -> ast.Expression:
        """Members and indices directly behind."""
        access: Tok | None = token
        while access is not None:
            self.skip_newlines()
            if access.kind == "LBracket":
                expression = self._index(expression, access)
            else:
                expression = self._member(expression, access)
            access = self.lexer.member_access(allow_bracket=True) if self.ahead is None else None
        return expression

    def _member(self, target: ast.Expression, operator: Tok) -> ast.Expression:
        static = operator.kind == "ColonColon"
        name = self._member_name()
        member: ast.Expression
        if name is None:
            self.incomplete_after(operator, "MissingPropertyName")
            member = self.single_argument(ARGUMENT) or ast.ErrorExpression(self.span(target, operator))
        else:
            member = name
            left = self.lexer.invoke_member_open() if self.ahead is None else None
            if left is not None:
                if left.kind == "LParen":
                    arguments, end = self._method_arguments(left)
                else:
                    self.skip_newlines()
                    block = self._script_block_expression(left)
                    arguments, end = [block], block.extent.end
                extent = self.extent(target.extent.start, end)
                return ast.InvokeMemberExpression(extent, target, member, static, tuple(arguments))
        return ast.MemberExpression(self.span(target, member), target, member, static)

    def _member_name(self) -> ast.Expression | None:
        name = self.simple_name()
        if name is not None:
            return name
        kind = self.peek().kind
        if kind in UNARY_OPERATORS or kind == "LBracket":
            return self.unary_rule()
        return self.primary_rule(member_access=False)

    def _method_arguments(self, left: Tok) -> tuple[list[ast.Expression], int]:
        arguments: list[ast.Expression] = []
        old_comma, self.no_comma = self.no_comma, True
        comma: Tok | None = None
        reported = False
        while True:
            self.skip_newlines()
            argument = self.expression_rule()
            if argument is None:
                if comma is not None:
                    self.incomplete_after(comma, "MissingExpressionAfterToken", ",")
                    reported = True
                break
            arguments.append(argument)
            self.skip_newlines()
            comma = self.next()
            if comma.kind != "Comma":
                self.unget(comma)
                comma = None
                break
        self.skip_newlines()
        right = self.next()
        last: Tok | ast.Node = arguments[-1] if arguments else left
        if right.kind == "RParen":
            end = right.end
        else:
            self.unget(right)
            if not reported:
                self.incomplete_after(last, "MissingEndParenthesisInMethodCall")
            end = comma.end if comma is not None else self.after(last).end
        self.no_comma = old_comma
        return arguments, end

    def _index(self, target: ast.Expression, bracket: Tok) -> ast.Expression:
        self.skip_newlines()
        index = self.expression_rule()
        if index is None:
            self.incomplete_after(bracket, "MissingArrayIndexExpression")
            index = ast.ErrorExpression(self.extent_of(bracket))
        self.skip_newlines()
        right = self.next()
        last: Tok | ast.Node = right
        if right.kind != "RBracket":
            self.unget(right)
            if not isinstance(index, ast.ErrorExpression):
                self.incomplete_after(index, "MissingEndSquareBracket")
            last = index
        return ast.IndexExpression(self.span(target, last), target, index)

    # -- brackets ---------------------------------------------------------------------------------------------------

    def _parenthesized(self, left: Tok) -> ast.Expression:
        old_comma, self.no_comma = self.no_comma, False
        old_mode = self.set_mode(COMMAND)
        self.skip_newlines()
        pipeline = self.pipeline_rule()
        if pipeline is None:
            where = self.after(left)
            self.incomplete(where, "ExpectedExpression")
            pipeline = ast.ErrorStatement(where)
        self.skip_newlines()
        right = self.next()
        last: Tok | ast.Node = right
        if right.kind != "RParen":
            self.unget(right)
            self.incomplete_after(pipeline, "MissingEndParenthesisInExpression")
            last = pipeline
        self.no_comma = old_comma
        self.set_mode(old_mode)
        return ast.ParenExpression(self.span(left, last), pipeline)

    def _sub_expression(self, left: Tok) -> ast.Expression:
        statements: list[ast.Statement] = []
        traps: list[ast.TrapStatement] = []
        old_comma, self.no_comma = self.no_comma, False
        old_mode = self.set_mode(COMMAND)
        self.skip_newlines()
        found = self.statement_list_rule(statements, traps)
        self.skip_newlines()
        right = self.next()
        if right.kind == "RParen":
            end = right.end
        else:
            self.unget(right)
            self.incomplete(right, "MissingEndParenthesisInSubexpression")
            end = found.end if found is not None else left.end
        self.no_comma = old_comma
        self.set_mode(old_mode)
        block = ast.StatementBlock(found or self.extent(0, 0), tuple(statements), tuple(traps))
        extent = self.extent(left.start, end)
        return ast.SubExpression(extent, block) if left.kind == "DollarParen" else ast.ArrayExpression(extent, block)

    def _script_block_expression(self, left: Tok) -> ast.ScriptBlockExpression:
        old_comma, self.no_comma = self.no_comma, False
        old_mode = self.set_mode(COMMAND)
        self.skip_newlines()
        block = self.script_block_rule(left, is_filter=False)
        self.no_comma = old_comma
        self.set_mode(old_mode)
        return ast.ScriptBlockExpression(block.extent, block)

    def _hashtable(self, left: Tok) -> ast.Expression:
        self.skip_newlines()
        pairs: list[tuple[ast.Expression, ast.Statement]] = []
        while True:
            pair = self._key_value()
            if pair is None:
                break
            pairs.append(pair)
            if self.peek().kind not in ("NewLine", "Semi"):
                break
            self.skip_newlines_and_semicolons()
        right = self.next()
        end = self.extent_of(right)
        if right.kind != "RCurly":
            self.unget(right)
            self.incomplete_found_at(self.after(left), right, "MissingEndCurlyBrace")
            end = self.before(right)
        return ast.Hashtable(self.span(left, end), tuple(pairs))

    def _key_value(self) -> tuple[ast.Expression, ast.Statement] | None:
        old_mode = self.set_mode(EXPRESSION)
        key = self.label_or_key()
        equals = self.next() if key is not None else None
        self.set_mode(old_mode)
        if key is None or equals is None:
            return None
        if equals.kind != "Equals":
            self.unget(equals)
            where = self.after(key)
            self.error(where, "MissingEqualsInHashLiteral")
            self.sync_on_error(False, _SYNC_KEY)
            return key, ast.ErrorStatement(where)
        self.set_mode(COMMAND)
        self.skip_newlines()
        statement = self.statement_rule()
        if statement is None:
            where = self.after(equals)
            self.incomplete(where, "MissingStatementInHashLiteral")
            statement = ast.ErrorStatement(where)
        self.set_mode(old_mode)
        return key, statement

    # -- names and strings ------------------------------------------------------------------------------------------

    def simple_name(self) -> ast.StringConstantExpression | None:
        self.lexer.want_simple_name = True
        token = self.peek()
        self.lexer.want_simple_name = False
        if token.kind != "Identifier":
            return None
        self.skip()
        return ast.StringConstantExpression(self.extent_of(token), token.text, "BareWord")

    def label_or_key(self) -> ast.Expression | None:
        name = self.simple_name()
        if name is not None:
            return name
        if self.peek().kind in ("NewLine", "Semi"):
            return None
        old_comma, self.no_comma = self.no_comma, True
        found = self.unary_rule()
        self.no_comma = old_comma
        return found

    def expandable(self, token: Tok, kind: str) -> ast.ExpandableStringExpression:
        """A string with nested expressions: the `$( )` are scanned now."""
        nested: list[ast.Expression] = []
        for inner in token.nested or ():
            if inner.kind == "Variable":
                nested.append(self._variable(inner, member_access=False))
                continue
            state = self.lexer.start_nested(inner)
            expression = self.primary_rule(member_access=True)
            self.ahead = None
            self.lexer.finish_nested(state)
            if expression is not None:
                nested.append(expression)
        return ast.ExpandableStringExpression(
            self.extent_of(token), token.string, kind, tuple(nested), tuple(token.parts or ())
        )
