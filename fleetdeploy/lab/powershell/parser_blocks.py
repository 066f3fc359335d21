"""Rules for blocks: scripts, `{ … }` of statements, `param` and `using`.

Decides how statements are grouped; single statements are in parser_statements.py, functions, try, trap and data in
parser_definitions.py.
"""

from __future__ import annotations

from fleetdeploy.lab.powershell import ast
from fleetdeploy.lab.powershell.ast import Extent
from fleetdeploy.lab.powershell.parser_base import ARGUMENT, ParserBase
from fleetdeploy.lab.powershell.tokens import BLOCK_NAMES, Tok

_USING_KINDS = {"namespace": "Namespace", "module": "Module", "assembly": "Assembly"}


class BlockRules(ParserBase):
    """Blocks."""

    # -- scripts --------------------------------------------------------------------------------------------------

    def script_block_rule(self, left: Tok | None, is_filter: bool) -> ast.ScriptBlock:
        self.skip_newlines()
        using = self._using_statements() if left is None else []
        restore = self.ahead.start if self.ahead is not None else self.restore_point()
        param_block = self._param_block()
        if param_block is None:
            # attributes read so far belong to something else: a cast, a type literal
            self.resync(restore)
        self.skip_newlines_and_semicolons()
        if self.peek().kind in BLOCK_NAMES:
            return self._named_blocks(left, tuple(using), param_block)
        statements: list[ast.Statement] = []
        traps: list[ast.TrapStatement] = []
        body = param_block.extent if param_block is not None else None
        while True:
            found = self.statement_list_rule(statements, traps)
            if body is None:
                body = found
            elif found is not None:
                body = self.span(body, found)
            full, inner, done = self._close_body(left, body)
            if done:
                break
        block = ast.NamedBlock(
            inner if inner is not None else self.extent(0, 0),
            "Process" if is_filter else "End",
            True,
            tuple(statements),
            tuple(traps),
        )
        if is_filter:
            return ast.ScriptBlock(full, param_block, process_block=block, using_statements=tuple(using))
        return ast.ScriptBlock(full, param_block, end_block=block, using_statements=tuple(using))

    def _close_body(self, left: Tok | None, body: Extent | None) -> tuple[Extent, Extent | None, bool]:
        """(whole extent, extent of the statements, finished) at the end of a script or `}`."""
        token = self.next()
        if left is None:
            full = self.extent(0, self.lexer.length)
            if token.kind != "EndOfInput":
                self.error(token, "UnexpectedToken", token.text)
                return full, body, False
            self.unget(token)
            return full, body, True
        if token.kind != "RCurly":
            self.unget(token)
            end = body.end if body is not None else left.end
            self.incomplete_found_at(self.extent_of(left), token, "MissingEndCurlyBrace")
            return self.extent(left.start, end), body, True
        if body is None and self.after(left).column != self.extent_of(token).column:
            # an empty body is what stands between the braces, less one character
            body = self.extent(left.end, token.start - 1)
        return self.span(left, token), body, True

    def _named_blocks(
        self, left: Tok | None, using: tuple[ast.UsingStatement, ...], param_block: ast.ParamBlock | None
    ) -> ast.ScriptBlock:
        blocks: dict[str, ast.NamedBlock] = {}
        start: int | None = left.start if left is not None else param_block.extent.start if param_block else None
        end = 0
        full: Extent | None = None
        while True:
            name = self.next()
            if name.kind not in BLOCK_NAMES:
                if name.kind not in ("RCurly", "EndOfInput"):
                    self.error(name, "MissingNamedBlocks", name.text)
                    if left is not None:
                        self.unget(name)
                        full = self.extent(start or 0, end)
                    else:
                        full = self.extent(0, self.lexer.length)
                else:
                    self.unget(name)
                break
            if start is None:
                start = name.start
            end = name.end
            body = self.statement_block_rule()
            if body is None:
                self.incomplete_after(name, "MissingNamedStatementBlock", name.text)
                body = ast.StatementBlock(self.extent_of(name))
            else:
                end = body.extent.end
            extent = self.extent(name.start, end)
            if name.kind in blocks:
                self.error(extent, "DuplicateScriptCommandClause", name.text.lower())
            else:
                blocks[name.kind] = ast.NamedBlock(extent, name.kind, False, body.statements, body.traps)
            self.skip_newlines_and_semicolons()
        if full is None:
            full, _, _ = self._close_body(left, self.extent(start or 0, end))
        return ast.ScriptBlock(
            full,
            param_block,
            blocks.get("Dynamicparam"),
            blocks.get("Begin"),
            blocks.get("Process"),
            blocks.get("End"),
            using,
        )

    def _param_block(self) -> ast.ParamBlock | None:
        self.skip_newlines()
        attributes = self.attribute_list(in_expression=False)
        self.skip_newlines()
        keyword = self.peek()
        if keyword.kind != "Param":
            return None
        self.skip()
        self.skip_newlines()
        left = self.next()
        if left.kind != "LParen":
            # a command named param
            self.unget(left)
            return None
        parameters = self.parameter_list()
        self.skip_newlines()
        right = self.next()
        end = self.extent_of(right)
        if right.kind != "RParen":
            self.unget(right)
            end = self.before(right)
            self.incomplete_after(
                parameters[-1] if parameters else left, "MissingEndParenthesisInFunctionParameterList"
            )
        for attribute in attributes:
            if not isinstance(attribute, ast.Attribute):
                self.error(attribute, "TypeNotAllowedBeforeParam", attribute.type_name.full_name)
        kept = tuple(a for a in attributes if isinstance(a, ast.Attribute))
        return ast.ParamBlock(self.span(keyword, end), kept, tuple(parameters))

    def _using_statements(self) -> list[ast.UsingStatement]:
        found: list[ast.UsingStatement] = []
        while True:
            token = self.peek()
            if token.kind != "Using":
                self.resync(token.start)
                return found
            self.skip()
            statement = self.using_rule(token)
            self.skip_newlines_and_semicolons()
            if isinstance(statement, ast.UsingStatement):
                found.append(statement)

    def using_rule(self, keyword: Tok) -> ast.Statement:
        """`using namespace …`; modules and assemblies are not for this lab."""
        directive = self.next()
        kind = _USING_KINDS.get(directive.text.lower())
        if kind is None:
            self.unget(directive)
            self.incomplete_after(keyword, "MissingUsingStatementDirective")
            return ast.ErrorStatement(self.extent_of(keyword))
        if kind != "Namespace":
            self.lexer.not_in_this_lab(f"using {directive.text.lower()}", directive.at)
        item = self.next()
        if item.kind in ("EndOfInput", "NewLine", "Semi"):
            self.unget(item)
            self.incomplete_after(directive, "MissingUsingItemName")
            return ast.ErrorStatement(self.span(keyword, directive))
        self.unget(item)
        name = self.single_argument(ARGUMENT)
        if not isinstance(name, ast.StringConstantExpression):
            self.error(item, "MissingUsingItemName")
            return self.error_statement(self.span(keyword, item), (name,))
        end = self.peek()
        if end.kind in ("NewLine", "Semi"):
            self.skip()
        elif end.kind != "EndOfInput":
            self.incomplete(end, "MissingStatementTerminator")
        return ast.UsingStatement(self.span(keyword, name), kind, name)

    # -- statements in braces ---------------------------------------------------------------------------------------

    def statement_block_rule(self) -> ast.StatementBlock | None:
        self.skip_newlines()
        left = self.next()
        if left.kind != "LCurly":
            self.unget(left)
            return None
        statements: list[ast.Statement] = []
        traps: list[ast.TrapStatement] = []
        found = self.statement_list_rule(statements, traps)
        right = self.next()
        if right.kind == "RCurly":
            end = right.end
        else:
            self.unget(right)
            end = found.end if found is not None else left.end
            self.incomplete_found_at(self.extent_of(left), right, "MissingEndCurlyBrace")
        return ast.StatementBlock(self.extent(left.start, end), tuple(statements), tuple(traps))

    def statement_list_rule(self, statements: list[ast.Statement], traps: list[ast.TrapStatement]) -> Extent | None:
        first: ast.Statement | None = None
        last: ast.Statement | None = None
        self.skip_newlines_and_semicolons()
        while True:
            statement = self.statement_rule()
            if statement is None:
                break
            if isinstance(statement, ast.TrapStatement):
                traps.append(statement)
            else:
                statements.append(statement)
            first = first or statement
            last = statement
            self.skip_newlines_and_semicolons()
            if self.peek().kind in ("RParen", "RCurly"):
                break
        return self.span(first, last) if first is not None and last is not None else None
