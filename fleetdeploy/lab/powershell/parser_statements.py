"""Rules for control statements: if, loops, switch, return and the like.

Decides what a statement's keyword wants behind it and how to go on when it is not there.
"""

from __future__ import annotations

from fleetdeploy.lab.powershell import ast
from fleetdeploy.lab.powershell.parser_base import ARGUMENT
from fleetdeploy.lab.powershell.parser_blocks import BlockRules
from fleetdeploy.lab.powershell.parser_definitions import DefinitionRules
from fleetdeploy.lab.powershell.parser_switch import SwitchRule
from fleetdeploy.lab.powershell.tokens import KEYWORDS, NO_ATTRIBUTES_BEFORE, Tok

_KEYWORD_KINDS = frozenset(KEYWORDS.values())
_LOOPS = frozenset({"Switch", "Foreach", "For", "While", "Do"})


class StatementRules(BlockRules, DefinitionRules, SwitchRule):
    """Statements."""

    def statement_rule(self) -> ast.Statement | None:
        token = self.next()
        attributes: list[ast.AttributeBase] = []
        restore = token.start
        if token.kind == "Generic" and token.text[0] == "[":
            self.resync(restore)
            attributes = self.attribute_list(in_expression=False)
            token = self.next()
            if attributes:
                token = self._attributes_before(token, attributes, restore)
        kind = token.kind
        if kind == "If":
            return self._if(token)
        if kind in _LOOPS:
            return self._loop(None, token)
        if kind in ("Return", "Throw", "Exit"):
            return self._leaving(token)
        if kind in ("Break", "Continue"):
            label = self.label_or_key()
            extent = self.span(token, label or token)
            return ast.BreakStatement(extent, label) if kind == "Break" else ast.ContinueStatement(extent, label)
        if kind in ("Function", "Filter", "Workflow"):
            return self.function_rule(token)
        if kind == "Try":
            return self.try_rule(token)
        if kind == "Trap":
            return self.trap_rule(token)
        if kind == "Data":
            return self.data_rule(token)
        if kind in ("From", "Define", "Var"):
            self.error(token, "ReservedKeywordNotAllowed", token.text.lower())
            return ast.ErrorStatement(self.extent_of(token))
        if kind in ("Parallel", "Sequence", "Configuration", "Class", "Enum"):
            self.lexer.not_in_this_lab(token.text.lower(), token.at)
        if kind == "Label":
            self.skip_newlines()
            loop = self.next()
            if loop.kind in _LOOPS:
                return self._loop(token, loop)
            self.resync(token.start)
            return self.pipeline_rule()
        if kind == "EndOfInput" and not attributes:
            self.unget(token)
            return None
        if kind in ("Else", "ElseIf", "Catch", "Until") and self.errors.errors:
            # a follow-up of the error before
            self.skip_newlines()
            return self.statement_rule()
        if kind == "Using":
            using = self.using_rule(token)
            self.error(using, "UsingMustBeAtStartOfScript")
            return using
        if attributes:
            self.resync(restore)
        else:
            self.unget(token)
        return self.pipeline_rule()

    def _attributes_before(self, token: Tok, attributes: list[ast.AttributeBase], restore: int) -> Tok:
        """Attributes were read in front of `token`: keep them, complain, or read them again as an expression."""
        has_types = any(isinstance(a, ast.TypeConstraint) for a in attributes)
        if token.kind in NO_ATTRIBUTES_BEFORE:
            if not has_types:
                self.error(attributes[0], "UnexpectedAttribute", attributes[0].type_name.full_name)
                return token
        elif token.kind in _KEYWORD_KINDS:
            first_type = next((a for a in attributes if isinstance(a, ast.TypeConstraint)), None)
            if first_type is not None:
                self.error(first_type, "TypeNotAllowedBeforeStatement", first_type.type_name.full_name)
            return token
        if token.kind == "EndOfInput":
            return token
        attributes.clear()
        self.resync(restore)
        return self.next()

    def _leaving(self, token: Tok) -> ast.Statement:
        value = self.pipeline_rule()
        extent = self.span(token, value or token)
        if token.kind == "Return":
            return ast.ReturnStatement(extent, value)
        if token.kind == "Throw":
            return ast.ThrowStatement(extent, value)
        return ast.ExitStatement(extent, value)

    def _loop(self, label: Tok | None, token: Tok) -> ast.Statement:
        if token.kind == "Switch":
            return self.switch_rule(label, token)
        if token.kind == "Foreach":
            return self._foreach(label, token)
        if token.kind == "For":
            return self._for(label, token)
        if token.kind == "While":
            return self._while(label, token)
        return self._do(label, token)

    # -- if -------------------------------------------------------------------------------------------------------

    def _if(self, if_token: Tok) -> ast.Statement:
        clauses: list[tuple[ast.Statement, ast.StatementBlock]] = []
        parts: list[ast.Node] = []
        otherwise: ast.StatementBlock | None = None
        keyword = if_token
        while True:
            self.skip_newlines()
            left = self.next()
            if left.kind != "LParen":
                self.unget(left)
                self.incomplete_after(keyword, "MissingOpenParenthesisInIfStatement", keyword.text)
                return self.error_statement(self.span(if_token, keyword), parts)
            self.skip_newlines()
            condition = self.pipeline_rule()
            if condition is None:
                where = self.after(left)
                self.incomplete(where, "IfStatementMissingCondition", keyword.text)
                condition = ast.ErrorStatement(where)
            else:
                parts.append(condition)
            self.skip_newlines()
            right = self.next()
            if right.kind != "RParen":
                self.unget(right)
                if not isinstance(condition, ast.ErrorStatement):
                    self.incomplete(right, "MissingEndParenthesisAfterStatement", keyword.text)
                return self.error_statement(self.span(if_token, self.before(right)), parts)
            self.skip_newlines()
            body = self.statement_block_rule()
            if body is None:
                self.incomplete(right, "MissingStatementBlock", keyword.text)
                return self.error_statement(self.span(if_token, right), parts)
            parts.append(body)
            clauses.append((condition, body))
            self.skip_newlines()
            keyword = self.peek()
            if keyword.kind == "ElseIf":
                self.skip()
                continue
            if keyword.kind == "Else":
                self.skip()
                self.skip_newlines()
                otherwise = self.statement_block_rule()
                if otherwise is None:
                    self.incomplete_after(keyword, "MissingStatementBlockAfterElse")
                    return self.error_statement(self.span(if_token, keyword), parts)
            break
        return ast.IfStatement(self.span(if_token, otherwise or clauses[-1][1]), tuple(clauses), otherwise)

    # -- loops ------------------------------------------------------------------------------------------------------

    def _foreach(self, label: Tok | None, token: Tok) -> ast.Statement:
        start = label or token
        self.skip_newlines()
        parallel = False
        throttle: ast.Expression | None = None
        error_end: Tok | ast.Node | None = None
        parameter = self.peek()
        while parameter.kind == "Parameter":
            self.skip()
            if self.is_parameter(parameter, "parallel"):
                parallel = True
            elif self.is_parameter(parameter, "throttlelimit"):
                self.skip_newlines()
                throttle = self.single_argument(ARGUMENT)
                if throttle is None:
                    self.incomplete_after(parameter, "MissingThrottleLimit")
            else:
                error_end = parameter
                self.error(parameter, "InvalidForeachFlag", parameter.string)
            self.skip_newlines()
            parameter = self.peek()
        left = self.next()
        if left.kind != "LParen":
            self.unget(left)
            self.incomplete_after(token, "MissingOpenParenthesisAfterKeyword", "foreach")
            return ast.ErrorStatement(self.span(start, token))
        self.skip_newlines()
        name = self.next()
        if name.kind not in ("Variable", "SplattedVariable"):
            self.unget(name)
            self.incomplete_after(left, "MissingVariableNameAfterForeach")
            return ast.ErrorStatement(self.span(start, left))
        variable = ast.VariableExpression(self.extent_of(name), name.string, name.flag)
        self.skip_newlines()
        values: ast.Statement | None = None
        body: ast.StatementBlock | None = None
        in_token = self.next()
        if in_token.kind != "In":
            self.unget(in_token)
            error_end = variable
            self.incomplete_after(variable, "MissingInInForeach")
        else:
            self.skip_newlines()
            values = self.pipeline_rule()
            if values is None:
                error_end = in_token
                self.incomplete_after(in_token, "MissingForeachExpression")
            else:
                self.skip_newlines()
                right = self.next()
                if right.kind != "RParen":
                    self.unget(right)
                    error_end = values
                    self.incomplete_after(values, "MissingEndParenthesisAfterForeach")
                else:
                    body = self.statement_block_rule()
                    if body is None:
                        error_end = right
                        self.incomplete_after(right, "MissingForeachStatement")
        if error_end is not None or values is None or body is None:
            return self.error_statement(self.span(start, error_end or token), (variable, values, body))
        text = label.string if label is not None else None
        return ast.ForEachStatement(self.span(start, body), text, variable, values, body, parallel, throttle)

    def _for(self, label: Tok | None, token: Tok) -> ast.Statement:
        start = label or token
        self.skip_newlines()
        left = self.next()
        if left.kind != "LParen":
            self.unget(left)
            self.incomplete_after(token, "MissingOpenParenthesisAfterKeyword", "for")
            return ast.ErrorStatement(self.span(start, token))
        error_end: Tok | ast.Node = left
        parts: list[ast.Statement | None] = []
        for last in (False, False, True):
            self.skip_newlines()
            part = self.pipeline_rule()
            parts.append(part)
            if part is not None:
                error_end = part
            if not last and self.peek().kind == "Semi":
                error_end = self.next()
        self.skip_newlines()
        right = self.next()
        body: ast.StatementBlock | None = None
        if right.kind != "RParen":
            self.unget(right)
            self.incomplete_after(error_end, "MissingEndParenthesisAfterStatement", "for")
        else:
            body = self.statement_block_rule()
            if body is None:
                error_end = right
                self.incomplete_after(right, "MissingLoopStatement", "for")
        if body is None:
            return self.error_statement(self.span(start, error_end), parts)
        text = label.string if label is not None else None
        return ast.ForStatement(self.span(start, body), text, parts[0], parts[1], parts[2], body)

    def _while(self, label: Tok | None, token: Tok) -> ast.Statement:
        start = label or token
        self.skip_newlines()
        left = self.next()
        if left.kind != "LParen":
            self.unget(left)
            self.incomplete_after(token, "MissingOpenParenthesisAfterKeyword", token.text)
            return ast.ErrorStatement(self.span(start, token))
        self.skip_newlines()
        found = self.pipeline_rule()
        condition = found
        if condition is None:
            where = self.after(left)
            self.incomplete(where, "MissingExpressionAfterKeyword", "while")
            condition = ast.ErrorStatement(where)
        self.skip_newlines()
        right = self.next()
        if right.kind != "RParen":
            self.unget(right)
            if not isinstance(condition, ast.ErrorStatement):
                self.incomplete_after(condition, "MissingEndParenthesisAfterStatement", "while")
            return self.error_statement(self.span(start, condition), (found,))
        self.skip_newlines()
        body = self.statement_block_rule()
        if body is None:
            self.incomplete_after(right, "MissingLoopStatement", "while")
            return self.error_statement(self.span(start, right), (found,))
        text = label.string if label is not None else None
        return ast.WhileStatement(self.span(start, body), text, condition, body)

    def _do(self, label: Tok | None, token: Tok) -> ast.Statement:
        start = label or token
        error_end: Tok | ast.Node | None = None
        condition: ast.Statement | None = None
        right: Tok = token
        keyword = token
        body = self.statement_block_rule()
        if body is None:
            error_end = token
            self.incomplete_after(token, "MissingLoopStatement", "do")
        else:
            self.skip_newlines()
            keyword = self.next()
            if keyword.kind not in ("While", "Until"):
                self.unget(keyword)
                error_end = body
                self.incomplete_after(body, "MissingWhileOrUntilInDoWhile")
            else:
                word = keyword.text.lower()
                self.skip_newlines()
                left = self.next()
                if left.kind != "LParen":
                    self.unget(left)
                    error_end = keyword
                    self.incomplete_after(keyword, "MissingOpenParenthesisAfterKeyword", word)
                else:
                    self.skip_newlines()
                    condition = self.pipeline_rule()
                    if condition is None:
                        error_end = left
                        self.incomplete_after(left, "MissingExpressionAfterKeyword", word)
                    self.skip_newlines()
                    right = self.next()
                    if right.kind != "RParen":
                        self.unget(right)
                        if condition is not None:
                            error_end = condition
                            self.incomplete_after(condition, "MissingEndParenthesisAfterStatement", word)
        if error_end is not None or body is None or condition is None:
            return self.error_statement(self.span(start, error_end or token), (body, condition))
        text = label.string if label is not None else None
        extent = self.span(start, right)
        if keyword.kind == "Until":
            return ast.DoUntilStatement(extent, text, condition, body)
        return ast.DoWhileStatement(extent, text, condition, body)
