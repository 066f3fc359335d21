"""Rules for type names, attributes and parameter lists.

Decides how `[int[]]`, `[Parameter(Mandatory)]` and `param( … )` read; must not resolve the names (types.py does).
"""

from __future__ import annotations

from fleetdeploy.lab.powershell import ast
from fleetdeploy.lab.powershell.ast import TypeName
from fleetdeploy.lab.powershell.parser_base import ParserBase
from fleetdeploy.lab.powershell.tokens import EXPRESSION, TYPE_NAME, Tok

_SYNC_ARGUMENT = frozenset({"Comma", "RParen", "RBracket", "NewLine"})
_SYNC_BRACKET = frozenset({"RBracket"})
_ERROR_NAME = ":ErrorTypeName:"


class TypeRules(ParserBase):
    """Types, attributes, parameters."""

    # -- parameters -----------------------------------------------------------------------------------------------

    def parameter_list(self) -> list[ast.Parameter]:
        parameters: list[ast.Parameter] = []
        comma: Tok | None = None
        while True:
            parameter = self._parameter()
            if parameter is None:
                if comma is not None:
                    self.incomplete_after(comma, "MissingExpressionAfterToken", ",")
                return parameters
            parameters.append(parameter)
            self.skip_newlines()
            comma = self.peek()
            if comma.kind != "Comma":
                return parameters
            self.skip()

    def _parameter(self) -> ast.Parameter | None:
        old_comma, self.no_comma = self.no_comma, True
        old_mode = self.set_mode(EXPRESSION)
        try:
            self.skip_newlines()
            attributes = self.attribute_list(in_expression=False)
            self.skip_newlines()
            token = self.next()
            if token.kind not in ("Variable", "SplattedVariable"):
                self.unget(token)
                if not attributes:
                    return None
                self.incomplete_after(attributes[-1], "InvalidFunctionParameter")
                self.sync_on_error(True, frozenset({"RParen"}))
                extent = self.span(attributes[0], attributes[-1])
                name = ast.VariableExpression(extent, "__error__")
                return ast.Parameter(extent, name, tuple(attributes))
            variable = ast.VariableExpression(self.extent_of(token), token.string, token.flag)
            default: ast.Expression | None = None
            self.skip_newlines()
            equals = self.peek()
            if equals.kind == "Equals":
                self.skip()
                self.skip_newlines()
                default = self.expression_rule()
                if default is None:
                    self.incomplete_after(equals, "MissingExpressionAfterToken", "=")
        finally:
            self.no_comma = old_comma
            self.set_mode(old_mode)
        first: ast.Node = attributes[0] if attributes else variable
        return ast.Parameter(self.span(first, default or variable), variable, tuple(attributes), default)

    # -- attributes -----------------------------------------------------------------------------------------------

    def attribute_list(self, in_expression: bool) -> list[ast.AttributeBase]:
        attributes: list[ast.AttributeBase] = []
        attribute = self.attribute_rule()
        while attribute is not None:
            attributes.append(attribute)
            if not in_expression or isinstance(attribute, ast.Attribute):
                self.skip_newlines()
            attribute = self.attribute_rule()
        return attributes

    def _open_bracket(self) -> Tok | None:
        if self.ahead is not None:
            return self.next() if self.ahead.kind == "LBracket" else None
        return self.lexer.open_bracket()

    def attribute_rule(self) -> ast.AttributeBase | None:
        bracket = self._open_bracket()
        if bracket is None:
            return None
        self.skip_newlines()
        name = self.type_name_rule()
        if name is None:
            self.resync(bracket.start)
            self.incomplete_after(bracket, "MissingTypename")
            return None
        type_name, type_end = name
        token = self.next()
        if token.kind == "LParen":
            return self._attribute_with_arguments(bracket, token, type_name)
        if token.kind != "RBracket":
            self.unget(token)
            self.error(self.before(token), "EndSquareBracketExpectedAtEndOfAttribute")
            return ast.TypeConstraint(self.extent(bracket.start, type_end), type_name)
        return ast.TypeConstraint(self.span(bracket, token), type_name)

    def _attribute_with_arguments(self, bracket: Tok, left: Tok, type_name: TypeName) -> ast.Attribute:
        self.skip_newlines()
        positional: list[ast.Expression] = []
        named: list[ast.NamedAttributeArgument] = []
        old_mode = self.set_mode(EXPRESSION)
        try:
            end = self._attribute_arguments(positional, named, left.end)
        finally:
            self.set_mode(old_mode)
        self.skip_newlines()
        right = self.next()
        closed = right.kind == "RParen"
        if closed:
            end = right.end
        else:
            self.unget(right)
            self.incomplete(self.extent(end, end), "MissingEndParenthesisInExpression")
        self.skip_newlines()
        right_bracket = self.next()
        if right_bracket.kind == "RBracket":
            end = right_bracket.end
        else:
            self.unget(right_bracket)
            if closed:
                self.incomplete_after(right, "EndSquareBracketExpectedAtEndOfAttribute")
        return ast.Attribute(self.extent(bracket.start, end), type_name, tuple(positional), tuple(named))

    def _attribute_arguments(
        self, positional: list[ast.Expression], named: list[ast.NamedAttributeArgument], end: int
    ) -> int:
        """Fill the lists; returns where the last item ends."""
        old_comma, self.no_comma = self.no_comma, True
        comma: Tok | None = None
        seen: set[str] = set()
        try:
            while True:
                self.skip_newlines()
                name = self.simple_name()
                if name is not None:
                    end = self._named_argument(name, named, seen, end)
                else:
                    value = self.expression_rule()
                    if value is not None:
                        positional.append(value)
                        end = value.extent.end
                    elif comma is not None:
                        where = self.after(comma)
                        self.incomplete(where, "MissingExpressionAfterToken", ",")
                        positional.append(ast.ErrorExpression(where))
                        end = where.end
                self.skip_newlines()
                comma = self.peek()
                if comma.kind != "Comma":
                    return end
                end = comma.end
                self.skip()
        finally:
            self.no_comma = old_comma

    def _named_argument(
        self,
        name: ast.StringConstantExpression,
        named: list[ast.NamedAttributeArgument],
        seen: set[str],
        end: int,
    ) -> int:
        token = self.peek()
        value: ast.Expression | None
        omitted = token.kind != "Equals"
        if omitted:
            value = ast.ConstantExpression(name.extent, True, "Boolean")
        else:
            self.skip()
            self.skip_newlines()
            value = self.expression_rule()
            if value is None:
                where = self.after(token)
                self.incomplete(where, "MissingExpressionInNamedArgument")
                value = ast.ErrorExpression(where)
                self.sync_on_error(True, _SYNC_ARGUMENT)
            end = value.extent.end
        if name.value in seen:
            self.error(name, "DuplicateNamedArgument", name.value)
        else:
            seen.add(name.value)
            named.append(ast.NamedAttributeArgument(self.span(name, value), name.value, value, omitted))
        return end

    # -- type names -----------------------------------------------------------------------------------------------

    def type_name_rule(self) -> tuple[TypeName, int] | None:
        """A type's name and where it ends, or None."""
        old_mode = self.set_mode(TYPE_NAME)
        try:
            token = self.next()
            if token.kind != "Identifier":
                self.unget(token)
                return None
            return self._finish_type_name(token)
        finally:
            self.set_mode(old_mode)

    def _finish_type_name(self, name: Tok, bare_argument: bool = False) -> tuple[TypeName, int]:
        """What may follow the plain name: brackets, an assembly."""
        plain = TypeName(name.text, name.text)
        token = self.peek()
        if token.kind == "LBracket":
            self.skip()
            self.skip_newlines()
            first = self.next()
            if first.kind in ("RBracket", "Comma"):
                return self._array_type(plain, name.end, first)
            if first.kind in ("LBracket", "Identifier"):
                return self._generic_type(name, first, bare_argument)
            if first.kind == "EndOfInput":
                self.unget(first)
                self.incomplete_after(token, "MissingTypename")
            else:
                self.error(first, "UnexpectedToken", first.text)
                self.sync_on_error(True, _SYNC_BRACKET)
            return plain, name.end
        if token.kind == "Comma" and not bare_argument:
            self.skip()
            assembly = self.lexer.assembly_name()
            if not assembly.strip():
                self.error(self.after(token), "MissingAssemblyNameSpecification")
                return plain, name.end
            full = f"{name.text}, {assembly}"
            return TypeName(full, name.text, assembly=assembly), self.restore_point()
        return plain, name.end

    def _generic_argument(self, first: Tok) -> TypeName:
        if first.kind == "Identifier":
            return self._finish_type_name(first, bare_argument=True)[0]
        token = self.next()
        if token.kind != "Identifier":
            self.unget(token)
            self.incomplete_after(token, "MissingTypename")
            return TypeName(_ERROR_NAME, _ERROR_NAME)
        type_name, _ = self._finish_type_name(token)
        right = self.next()
        if right.kind != "RBracket":
            self.unget(right)
            self.incomplete(self.before(right), "EndSquareBracketExpectedAtEndOfType")
        return type_name

    def _generic_type(self, name: Tok, first: Tok, bare_argument: bool) -> tuple[TypeName, int]:
        arguments = [self._generic_argument(first)]
        while True:
            self.skip_newlines()
            token = self.next()
            if token.kind != "Comma":
                break
            self.skip_newlines()
            after = self.peek()
            if after.kind in ("Identifier", "LBracket"):
                self.skip()
                arguments.append(self._generic_argument(after))
            else:
                self.incomplete_after(token, "MissingTypename")
                arguments.append(TypeName(_ERROR_NAME, _ERROR_NAME))
        end = token.end
        if token.kind != "RBracket":
            self.unget(token)
            self.incomplete(self.before(token), "EndSquareBracketExpectedAtEndOfAttribute")
            end = token.start
        full = f"{name.text}[{','.join(_argument_text(a) for a in arguments)}]"
        generic = TypeName(full, name.text, generic_arguments=tuple(arguments))
        after = self.peek()
        if after.kind == "LBracket":
            self.skip()
            return self._array_type(generic, end, self.next())
        if after.kind == "Comma" and not bare_argument:
            self.skip()
            assembly = self.lexer.assembly_name()
            if not assembly:
                self.error(self.after(after), "MissingAssemblyNameSpecification")
        return generic, end

    def _array_type(self, element: TypeName, end: int, first: Tok) -> tuple[TypeName, int]:
        """Behind `name[`: `]`, commas for more dimensions, and more brackets for arrays of arrays."""
        while True:
            kind = first.kind
            if kind == "Comma":
                rank = 1
                token = first
                while token.kind == "Comma":
                    rank += 1
                    comma = token
                    token = self.next()
                if token.kind != "RBracket":
                    self.unget(token)
                    self.error(self.after(comma), "EndSquareBracketExpectedAtEndOfAttribute")
                end = token.end
                element = TypeName(f"{element.full_name}[{',' * (rank - 1)}]", element.name, element, rank)
            elif kind == "RBracket":
                end = first.end
                element = TypeName(f"{element.full_name}[]", element.name, element, 1)
            elif kind == "EndOfInput":
                self.unget(first)
                self.error(self.before(first), "EndSquareBracketExpectedAtEndOfAttribute")
            else:
                self.error(first, "UnexpectedToken", first.text)
                self.sync_on_error(True, _SYNC_BRACKET)
            after = self.peek()
            if after.kind == "Comma":
                self.skip()
                if not self.lexer.assembly_name():
                    self.error(self.after(after), "MissingAssemblyNameSpecification")
                return element, end
            if after.kind != "LBracket":
                return element, end
            self.skip()
            first = self.next()


def _argument_text(name: TypeName) -> str:
    return f"[{name.full_name}]" if name.assembly else name.full_name
