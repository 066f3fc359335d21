"""Rules for expressions: operators by precedence, casts, arrays.

Decides how operators bind; what they stand between is parser_primaries.py's. Whether a target can be assigned to is
for parser_checks.py.
"""

from __future__ import annotations

from fleetdeploy.lab.powershell import ast
from fleetdeploy.lab.powershell.parser_primaries import PrimaryRules
from fleetdeploy.lab.powershell.tokens import BINARY_PRECEDENCE, EXPRESSION, UNARY_OPERATORS, Tok

_POSTFIX = {"PlusPlus": "PostfixPlusPlus", "MinusMinus": "PostfixMinusMinus"}


class ExpressionRules(PrimaryRules):
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
        first = self.unary_rule()
        comma = self.peek()
        if comma.kind != "Comma" or self.no_comma or first is None:
            return first
        items = [first]
        while comma.kind == "Comma":
            self.skip()
            self.skip_newlines()
            item = self.unary_rule()
            if item is None:
                self.incomplete_after(comma, "MissingExpressionAfterToken", ",")
                items.append(ast.ErrorExpression(self.extent_of(comma)))
                break
            items.append(item)
            comma = self.peek()
        return ast.ArrayLiteral(self.span(first, items[-1]), tuple(items))

    def unary_rule(self) -> ast.Expression | None:
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
            child = self.unary_rule()
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
                child = self.unary_rule()
                if child is not None:
                    result = ast.ConvertExpression(self.span(last, child), last, child)
            if result is None:
                result = ast.TypeExpression(last.extent, last.type_name)
        else:
            self.skip_newlines()
            child = self.unary_rule()
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
