"""Rules for expressions: operators by precedence, casts, members, indices, literals, strings.

Decides how values are written; whether a target can be assigned to is for parser_checks.py.
"""

from __future__ import annotations

from fleetdeploy.lab.powershell import ast
from fleetdeploy.lab.powershell.parser_base import ARGUMENT, ParserBase
from fleetdeploy.lab.powershell.tokens import BINARY_PRECEDENCE, COMMAND, EXPRESSION, UNARY_OPERATORS, Tok

_SYNC_KEY = frozenset({"RCurly", "Semi", "NewLine"})
_STRING_KINDS = {
    "StringLiteral": "SingleQuoted",
    "HereStringLiteral": "SingleQuotedHereString",
    "StringExpandable": "DoubleQuoted",
    "HereStringExpandable": "DoubleQuotedHereString",
}
_POSTFIX = {"PlusPlus": "PostfixPlusPlus", "MinusMinus": "PostfixMinusMinus"}


class ExpressionRules(ParserBase):
    """Expressions."""

    # -- operators ------------------------------------------------------------------------------------------------

    def expression_rule(self) -> ast.Expression | None:
        old_mode = self.set_mode(EXPRESSION)
        first = self._array_literal()
        if first is None:
            self.set_mode(old_mode)
            return None
        token = self.peek()
        level = BINARY_PRECEDENCE.get(token.kind)
        if level is None:
            result = self._parameter_in_expression(token, first) if token.kind == "Parameter" else first
            self.set_mode(old_mode)
            return result
        self.skip()
        operands = [first]
        operators = [token]
        while True:
            self.skip_newlines()
            operand = self._array_literal()
            if operand is None:
                where = self.after(token)
                self.incomplete(where, "ExpectedValueExpression", token.text)
                operand = ast.ErrorExpression(where)
            operands.append(operand)
            token = self.peek()
            new_level = BINARY_PRECEDENCE.get(token.kind)
            if new_level is None:
                break
            self.skip()
            while operators and new_level <= BINARY_PRECEDENCE[operators[-1].kind]:
                self._reduce(operands, operators)
            operators.append(token)
        while operators:
            self._reduce(operands, operators)
        result = operands[0]
        if token.kind == "Parameter":
            result = self._parameter_in_expression(token, result)
        self.set_mode(old_mode)
        return result

    def _reduce(self, operands: list[ast.Expression], operators: list[Tok]) -> None:
        right = operands.pop()
        left = operands.pop()
        token = operators.pop()
        operands.append(ast.BinaryExpression(self.span(left, right), left, token.kind, right, self.extent_of(token)))

    def _parameter_in_expression(self, token: Tok, expression: ast.Expression) -> ast.Expression:
        """`1 -foo`: take it for an operator half typed."""
        self.error(token, "UnexpectedToken", token.text)
        self.skip()
        extent = self.extent_of(token)
        parameter = ast.CommandParameter(extent, token.string, None, extent)
        return ast.ErrorExpression(self.span(expression, token), (expression, parameter))

    def _array_literal(self) -> ast.Expression | None:
        first = self._unary()
        comma = self.peek()
        if comma.kind != "Comma" or self.no_comma or first is None:
            return first
        items = [first]
        while comma.kind == "Comma":
            self.skip()
            self.skip_newlines()
            item = self._unary()
            if item is None:
                self.incomplete_after(comma, "MissingExpressionAfterToken", ",")
                items.append(ast.ErrorExpression(self.extent_of(comma)))
                break
            items.append(item)
            comma = self.peek()
        return ast.ArrayLiteral(self.span(first, items[-1]), tuple(items))

    def _unary(self) -> ast.Expression | None:
        lexer = self.lexer
        old_signed = lexer.allow_signed_numbers
        lexer.allow_signed_numbers = True
        if self.ahead is not None and self.ahead.kind == "Minus":
            self.resync(self.ahead.start)
        token = self.peek()
        lexer.allow_signed_numbers = old_signed
        kind = token.kind
        result: ast.Expression | None
        if kind in UNARY_OPERATORS:
            if kind == "Comma" and self.no_comma:
                return None
            self.skip()
            self.skip_newlines()
            child = self._unary()
            if child is None:
                self.incomplete_after(token, "MissingExpressionAfterOperator", token.text)
                return ast.ErrorExpression(self.extent_of(token))
            extent = self.span(token, child)
            result = ast.ArrayLiteral(extent, (child,)) if kind == "Comma" else ast.UnaryExpression(extent, kind, child)
        elif kind == "LBracket":
            result = self._cast()
        else:
            result = self.primary_rule(member_access=True)
        if result is None:
            return None
        token = self.peek()
        postfix = _POSTFIX.get(token.kind)
        if postfix is not None:
            self.skip()
            result = ast.UnaryExpression(self.span(result, token), postfix, result)
        return result

    def _cast(self) -> ast.Expression | None:
        """A type literal, a cast, or attributes before an expression."""
        attributes = self.attribute_list(in_expression=True)
        if not attributes:
            return None
        last = attributes[-1]
        result: ast.Expression | None = None
        if isinstance(last, ast.TypeConstraint):
            access = self.lexer.member_access(allow_bracket=False) if self.ahead is None else None
            if access is not None:
                result = self._after_primary(access, ast.TypeExpression(last.extent, last.type_name))
            elif self.peek().kind not in ("NewLine", "Comma"):
                child = self._unary()
                if child is not None:
                    result = ast.ConvertExpression(self.span(last, child), last, child)
            if result is None:
                result = ast.TypeExpression(last.extent, last.type_name)
        else:
            self.skip_newlines()
            child = self._unary()
            if child is None:
                self.incomplete(last, "UnexpectedAttribute", last.type_name.full_name)
                return ast.ErrorExpression(self.span(attributes[0], last))
            result = ast.AttributedExpression(self.span(last, child), last, child)
        for attribute in reversed(attributes[:-1]):
            extent = self.span(attribute, result)
            if isinstance(attribute, ast.TypeConstraint):
                result = ast.ConvertExpression(extent, attribute, result)
            else:
                result = ast.AttributedExpression(extent, attribute, result)
        return result

    # -- primary expressions ----------------------------------------------------------------------------------------

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
            return self._unary()
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
        found = self._unary()
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
