"""The rule for `switch`, the statement with the most ways to be wrong."""

from __future__ import annotations

from fleetdeploy.lab.powershell import ast
from fleetdeploy.lab.powershell.parser_base import FILE_NAME, SWITCH_CONDITION, ParserBase
from fleetdeploy.lab.powershell.tokens import Tok

_FLAGS = {"file": "File", "regex": "Regex", "wildcard": "Wildcard", "casesensitive": "CaseSensitive"}
_FLAGS_ALL = ("regex", "wildcard", "exact", "casesensitive", "parallel", "file")


class SwitchRule(ParserBase):
    """`switch -flags (value) { condition { … } }`."""

    def switch_rule(self, label: Tok | None, token: Tok) -> ast.Statement:
        """From behind the keyword on."""
        start = label or token
        self.skip_newlines()
        flags, condition, end, failed, at_end = self._flags(start)
        nested: list[ast.Node | None] = []
        left = self.peek()
        if left.kind == "LParen":
            end = left
            self.skip()
            if "file" in flags:
                failed = True
                self.error(left, "PipelineValueRequired")
            self.skip_newlines()
            condition = self.pipeline_rule()
            nested.append(condition)
            if condition is None:
                failed = True
                at_end = self.incomplete_after(left, "PipelineValueRequired")
            else:
                end = condition
            self.skip_newlines()
            right = self.next()
            if right.kind != "RParen":
                self.unget(right)
                if not at_end:
                    failed = True
                    at_end = self.incomplete_after(end, "MissingEndParenthesisInSwitchStatement")
            else:
                end = right
        elif condition is None and "file" not in flags:
            failed = True
            at_end = self.incomplete_after(end, "PipelineValueRequired")
        self.skip_newlines()
        brace = self.next()
        clauses: list[tuple[ast.Expression, ast.StatementBlock]] = []
        default: ast.StatementBlock | None = None
        if brace.kind != "LCurly":
            self.unget(brace)
            if not at_end:
                failed = True
                self.incomplete_after(end, "MissingCurlyBraceInSwitchStatement")
        else:
            end = brace
            self.skip_newlines()
            while True:
                word = self.peek()
                clause = self.single_argument(SWITCH_CONDITION)
                if clause is None:
                    failed = True
                    self.incomplete_after(end, "MissingSwitchConditionExpression")
                    if self.peek().kind == "RCurly":
                        self.skip()
                    break
                nested.append(clause)
                end = clause
                body = self.statement_block_rule()
                if body is None:
                    failed = True
                    at_end = self.incomplete_after(end, "MissingSwitchStatementClause")
                else:
                    nested.append(body)
                    end = body
                    if _is_default(clause):
                        word.kind = "Default"
                        if default is not None:
                            failed = True
                            self.error(clause, "MultipleSwitchDefaultClauses")
                        default = body
                    else:
                        clauses.append((clause, body))
                self.skip_newlines_and_semicolons()
                after = self.peek()
                if after.kind == "RCurly":
                    self.skip()
                    # only a whole statement ends with its brace
                    closing = after
                    if not failed and condition is not None:
                        shown = tuple(_FLAGS[f] for f in _FLAGS if f in flags)
                        text = label.string if label is not None else None
                        extent = self.span(start, closing)
                        return ast.SwitchStatement(extent, text, condition, shown, tuple(clauses), default)
                    break
                if after.kind == "EndOfInput":
                    if not at_end:
                        failed = True
                        self.incomplete_found_at(self.extent_of(brace), after, "MissingEndCurlyBrace")
                    break
        return self.error_statement(self.span(start, end), nested)

    def _flags(self, start: Tok) -> tuple[set[str], ast.Statement | None, Tok | ast.Node, bool, bool]:
        """(flags, the -file argument, where they end, an error was found, it is at the end of the input)."""
        flags: set[str] = set()
        condition: ast.Statement | None = None
        end: Tok | ast.Node = start
        failed = at_end = False
        parameter = self.peek()
        while parameter.kind == "Parameter":
            self.skip()
            end = parameter
            flag = next((f for f in _FLAGS_ALL if self.is_parameter(parameter, f)), None)
            if flag is None:
                failed = True
                self.error(parameter, "InvalidSwitchFlag", parameter.string)
            else:
                if flag in ("regex", "wildcard", "exact"):
                    flags -= {"regex", "wildcard"}
                if flag != "exact":
                    flags.add(flag)
                if flag == "parallel":
                    self.lexer.not_in_this_lab("switch -parallel", parameter.at)
                if flag == "file":
                    self.skip_newlines()
                    name = self.single_argument(FILE_NAME)
                    if name is None:
                        failed = True
                        at_end = self.incomplete_after(parameter, "MissingFilenameOption")
                    else:
                        end = name
                        condition = ast.Pipeline(name.extent, (ast.CommandExpression(name.extent, name),))
            parameter = self.peek()
        return flags, condition, end, failed, at_end


def _is_default(clause: ast.Expression) -> bool:
    return (
        isinstance(clause, ast.StringConstantExpression)
        and clause.string_constant_type == "BareWord"
        and clause.value.lower() == "default"
    )
