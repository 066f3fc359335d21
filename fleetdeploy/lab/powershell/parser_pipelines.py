"""Rules for pipelines, assignments, commands, their arguments and redirections.

Decides what is a command and what an expression; operators are in parser_expressions.py.
"""

from __future__ import annotations

from fleetdeploy.lab.powershell import ast
from fleetdeploy.lab.powershell.parser_base import ARGUMENT, FILE_NAME, NAME, NAME_AFTER_OPERATOR, ParserBase
from fleetdeploy.lab.powershell.tokens import ASSIGNMENT_OPERATORS, COMMAND, EXPRESSION, STREAMS, Tok

_END_OF_PIPELINE = frozenset({"Semi", "NewLine", "RParen", "RCurly", "EndOfInput"})
_END_OF_COMMAND = _END_OF_PIPELINE | {"Pipe", "AndAnd", "OrOr"}
_NO_ARGUMENT = _END_OF_COMMAND | {"Redirection", "RedirectInStd", "Ampersand", "MinusMinus", "Comma"}
_PRIMARY = frozenset(
    {
        "SplattedVariable",
        "Variable",
        "Number",
        "HereStringExpandable",
        "StringExpandable",
        "HereStringLiteral",
        "StringLiteral",
        "LParen",
        "DollarParen",
        "AtParen",
        "AtCurly",
        "LCurly",
    }
)
_REDIRECTIONS = ("Redirection", "RedirectInStd")
_VERBATIM = "--%"


class PipelineRules(ParserBase):
    """Pipelines and commands."""

    # -- pipelines ------------------------------------------------------------------------------------------------

    def pipeline_rule(self) -> ast.Statement | None:
        elements: list[ast.CommandBase] = []
        pipe: Tok | None = None
        while True:
            assign: Tok | None = None
            old_mode = self.set_mode(EXPRESSION)
            expression = self.expression_rule()
            if expression is not None:
                # looked at in expression mode: `=0` would be one word otherwise
                token = self.peek()
                if token.kind in ASSIGNMENT_OPERATORS:
                    self.skip()
                    assign = token
            self.set_mode(old_mode)
            element: ast.CommandBase | None
            if expression is not None:
                if elements:
                    self.error(expression, "ExpressionsMustBeFirstInPipeline")
                if assign is not None:
                    return self._assignment(expression, assign)
                element = self._command_expression(expression)
            else:
                element = self._command()
            if element is not None:
                elements.append(element)
            elif elements or self.peek().kind == "Pipe":
                if pipe is not None:
                    self.incomplete_after(pipe, "EmptyPipeElement")
                else:
                    self.incomplete(self.peek(), "EmptyPipeElement")
            pipe = self.peek()
            kind = pipe.kind
            if kind == "NewLine" and self.version == "7" and self._pipe_on_next_line(pipe):
                self.skip_newlines()
                pipe = self.peek()
                kind = pipe.kind
            if kind in _END_OF_PIPELINE:
                break
            if kind == "Pipe":
                self.skip()
                self.skip_newlines()
                if self.peek().kind == "EndOfInput":
                    self.incomplete_after(pipe, "EmptyPipeElement")
                    break
            elif kind in ("AndAnd", "OrOr"):
                if self.version == "7":
                    self.lexer.not_in_this_lab(pipe.text, pipe.at)
                self.skip()
                self.skip_newlines()
                self.error(pipe, "InvalidEndOfLine", pipe.text)
                if self.peek().kind == "EndOfInput":
                    break
            else:
                self.error(pipe, "UnexpectedToken", pipe.text)
                break
        if not elements:
            return None
        return ast.Pipeline(self.span(elements[0], elements[-1]), tuple(elements))

    def _pipe_on_next_line(self, newline: Tok) -> bool:
        """PowerShell 7: a line may begin with the pipe."""
        text = self.lexer.text
        at = self.lexer.relative(newline.end)
        blank = False
        while at < len(text):
            c = text[at]
            if c in "\r\n":
                if blank:
                    return False
                blank = True
            elif c == "#":
                while at < len(text) and text[at] not in "\r\n":
                    at += 1
                blank = False
                continue
            elif not c.isspace():
                return c == "|" and text[at + 1 : at + 2] != "|"
            at += 1
        return False

    def _assignment(self, left: ast.Expression, operator: Tok) -> ast.AssignmentStatement:
        self.skip_newlines()
        right = self.statement_rule()
        if right is None:
            where = self.after(operator)
            self.incomplete(where, "ExpectedValueExpression", operator.text)
            right = ast.ErrorStatement(where)
        if isinstance(right, ast.Pipeline) and isinstance(right.pipeline_elements[0], ast.CommandExpression):
            # a lone expression stands without its pipeline, as in the real tree
            right = right.pipeline_elements[0] if len(right.pipeline_elements) == 1 else right
        return ast.AssignmentStatement(self.span(left, right), left, operator.kind, right, self.extent_of(operator))

    def _command_expression(self, expression: ast.Expression) -> ast.CommandExpression:
        redirections: list[ast.Redirection] = []
        last: ast.Node = expression
        while self.peek().kind in _REDIRECTIONS:
            redirection, _ = self._redirection(self.next(), redirections)
            if redirection is not None:
                last = redirection
        return ast.CommandExpression(self.span(expression, last), expression, tuple(redirections))

    def _redirection(self, token: Tok, found: list[ast.Redirection]) -> tuple[ast.Redirection | None, int]:
        """Append to `found`; returns it and where it ends."""
        source, target = token.streams or (0, 0)
        result: ast.Redirection
        if target == 0:
            name = self.single_argument(FILE_NAME)
            if name is None:
                self.error(self.after(token), "MissingFileSpecification")
                name = ast.ErrorExpression(self.extent_of(token))
            if token.kind == "RedirectInStd":
                self.error(token, "RedirectionNotSupported", token.text)
                return None, name.extent.end
            result = ast.FileRedirection(self.span(token, name), STREAMS[source], name, token.flag)
        else:
            if target != 1 or source == target:
                self.error(token, "RedirectionNotSupported", token.text)
            result = ast.MergingRedirection(self.extent_of(token), STREAMS[source], "Output")
        if any(r.from_stream == result.from_stream for r in found):
            self.error(result, "StreamAlreadyRedirected", result.from_stream.lower())
        else:
            found.append(result)
        return result, result.extent.end

    # -- arguments ------------------------------------------------------------------------------------------------

    def single_argument(self, context: int) -> ast.Expression | None:
        if self.peek().kind in ("Comma", "EndOfInput"):
            return None
        old_mode = self.set_mode(COMMAND)
        argument = self._argument(context, self.next())
        self.set_mode(old_mode)
        return argument

    def _argument(self, context: int, token: Tok) -> ast.Expression | None:
        """One argument, or several with commas between (then an array)."""
        items: list[ast.Expression] = []
        comma: Tok | None = None
        while True:
            kind = token.kind
            item: ast.Expression | None
            verbatim = False
            if kind in _NO_ARGUMENT:
                self.unget(token)
                if comma is None:
                    return None
                self.incomplete_after(comma, "MissingExpression", ",")
                return ast.ErrorExpression(self.span(items[0], comma), tuple(items))
            if kind in _PRIMARY:
                self.unget(token)
                item = self.primary_rule(member_access=True)
                if item is None:
                    return None
            elif kind == "Generic":
                if token.nested and context != NAME:
                    item = self.expandable(token, "BareWord")
                else:
                    item = ast.StringConstantExpression(self.extent_of(token), token.string, "BareWord")
                    verbatim = token.string == _VERBATIM
            else:
                item = ast.StringConstantExpression(self.extent_of(token), token.text, "BareWord")
                if context not in (NAME, NAME_AFTER_OPERATOR) and kind != "Identifier":
                    # a keyword or operator is a plain word here
                    token.kind = "Generic"
            if context != ARGUMENT or verbatim:
                return item
            token = self.peek()
            if token.kind != "Comma":
                break
            comma = token
            items.append(item)
            self.skip()
            self.skip_newlines()
            token = self.next()
        if not items:
            return item
        items.append(item)
        return ast.ArrayLiteral(self.span(items[0], item), tuple(items))

    # -- commands -------------------------------------------------------------------------------------------------

    def _command(self) -> ast.Command | None:
        redirections: list[ast.Redirection] = []
        elements: list[ast.Node] = []
        old_mode = self.set_mode(COMMAND)
        token = first = self.next()
        end = token.end
        context = NAME
        operator = "Unknown"
        if token.kind in ("Dot", "Ampersand"):
            operator = token.kind
            context = NAME_AFTER_OPERATOR
            token = self.next()
        dashes = False
        while True:
            kind = token.kind
            naming = context != ARGUMENT
            if kind in _END_OF_COMMAND:
                self.unget(token)
                break
            if kind == "Ampersand":
                end = token.end
                if self.version == "7":
                    self.lexer.not_in_this_lab("& at the end of a command", token.at)
                self.error(token, "AmpersandNotAllowed")
            elif kind == "MinusMinus":
                end = token.end
                extent = self.extent_of(token)
                elements.append(
                    ast.StringConstantExpression(extent, token.text, "BareWord")
                    if dashes
                    else ast.CommandParameter(extent, "-", None, extent)
                )
                dashes = True
            elif kind == "Comma":
                end = token.end
                self.error(token, "MissingArgument")
                self.skip_newlines()
            elif kind == "Parameter" and not naming and not dashes:
                parameter = self._parameter_element(token)
                end = parameter.extent.end
                elements.append(parameter)
            elif kind == "Parameter" or (kind in _REDIRECTIONS and naming):
                end = token.end
                elements.append(ast.StringConstantExpression(self.extent_of(token), token.text, "BareWord"))
            elif kind in _REDIRECTIONS:
                _, end = self._redirection(token, redirections)
            else:
                argument = self._argument(context, token)
                if argument is None:
                    break
                elements.append(argument)
                end = argument.extent.end
                if kind == "Generic" and token.string == _VERBATIM:
                    self.ahead = None
                    rest = self.lexer.verbatim_argument()
                    elements.append(ast.StringConstantExpression(self.extent_of(rest), rest.string, "BareWord"))
                    end = rest.end
                    break
            context = ARGUMENT
            token = self.next()
        self.set_mode(old_mode)
        if not elements:
            if operator != "Unknown":
                self.error(first, "MissingExpression", first.text)
            return None
        return ast.Command(self.extent(first.start, end), tuple(elements), tuple(redirections), operator)

    def _parameter_element(self, token: Tok) -> ast.CommandParameter:
        extent = self.extent_of(token)
        argument: ast.Expression | None = None
        if token.flag and self.peek().kind != "Comma":
            argument = self._argument(ARGUMENT, self.next())
            if argument is None:
                self.error(self.after(token), "ParameterRequiresArgument", token.text)
            else:
                extent = self.span(token, argument)
        return ast.CommandParameter(extent, token.string, argument, self.extent_of(token))
