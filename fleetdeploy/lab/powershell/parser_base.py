"""What all rules of the parser share: one token of look-ahead, modes, going back, extents, errors.

Decides nothing of the grammar. The rules are spread over parser_blocks, parser_definitions,
parser_statements, parser_pipelines, parser_expressions, parser_primaries and parser_types; parser.py puts them
together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleetdeploy.lab.powershell import ast
from fleetdeploy.lab.powershell.ast import Extent
from fleetdeploy.lab.powershell.lexer import Lexer
from fleetdeploy.lab.powershell.parser_errors import ErrorList
from fleetdeploy.lab.powershell.tokens import MODE_INVARIANT, Tok

if TYPE_CHECKING:
    from collections.abc import Iterable

NAME, NAME_AFTER_OPERATOR, FILE_NAME, ARGUMENT, SWITCH_CONDITION = range(5)
"""What a command argument is wanted for."""


class ParserBase:
    """State of one parse."""

    def __init__(self, source: ast.Source, version: str) -> None:
        self.source = source
        self.version = version
        self.errors = ErrorList(source)
        self.lexer = Lexer(source, self.errors, version)
        self.ahead: Tok | None = None
        self.no_comma = False
        """In arguments of methods, attributes and parameters a comma separates, it makes no array."""

    # -- tokens ---------------------------------------------------------------------------------------------------

    def next(self) -> Tok:
        """Take the next token."""
        token = self.ahead
        if token is not None:
            self.ahead = None
            return token
        return self.lexer.next_token()

    def peek(self) -> Tok:
        """Look at the next token."""
        token = self.ahead
        if token is None:
            token = self.ahead = self.lexer.next_token()
        return token

    def skip(self) -> None:
        """Drop the token looked at."""
        self.ahead = None

    def unget(self, token: Tok) -> None:
        """Put a token back."""
        self.ahead = token

    def skip_newlines(self) -> None:
        """Skip line ends."""
        if self.ahead is None or self.ahead.kind == "NewLine":
            self.ahead = None
            self.lexer.skip_newlines()

    def skip_newlines_and_semicolons(self) -> None:
        """Skip ends of statements."""
        if self.ahead is None or self.ahead.kind in ("NewLine", "Semi"):
            self.ahead = None
            self.lexer.skip_newlines(semicolons=True)

    def set_mode(self, mode: int) -> int:
        """Change the scanner's mode; a token looked at in the other mode is scanned again. Returns the old mode."""
        lexer = self.lexer
        old = lexer.mode
        if mode != old:
            ahead = self.ahead
            if ahead is not None and ahead.kind not in MODE_INVARIANT:
                self.resync(ahead.start)
            lexer.mode = mode
        return old

    def resync(self, start: int) -> None:
        """Scan again from an offset."""
        self.ahead = None
        self.lexer.resync(start)

    def restore_point(self) -> int:
        """Where `resync` has to go to come back here. Valid while no token is looked at."""
        return self.lexer.absolute(self.lexer.pos)

    def sync_on_error(self, consume: bool, kinds: frozenset[str]) -> None:
        """Skip to one of the tokens, over balanced brackets."""
        depths = {
            "RParen": int("RParen" in kinds),
            "RCurly": int("RCurly" in kinds),
            "RBracket": int("RBracket" in kinds),
        }
        openers = {"LParen": "RParen", "LCurly": "RCurly", "LBracket": "RBracket"}
        while True:
            token = self.next()
            kind = token.kind
            if kind in openers:
                depths[openers[kind]] += 1
            elif kind in depths:
                depths[kind] -= 1
                if depths[kind] == 0 and kind in kinds:
                    if not consume:
                        self.unget(token)
                    return
            elif kind == "EndOfInput":
                self.unget(token)
                return
            if kind in kinds and not any(depths.values()):
                return

    # -- extents --------------------------------------------------------------------------------------------------

    def extent(self, start: int, end: int) -> Extent:
        """A stretch of the script."""
        return Extent(self.source, start, end)

    def extent_of(self, token: Tok) -> Extent:
        """Where a token stands."""
        return Extent(self.source, token.start, token.end)

    def span(self, first: Tok | ast.Node | Extent, last: Tok | ast.Node | Extent) -> Extent:
        """From the beginning of one to the end of the other."""
        start = first.extent.start if isinstance(first, ast.Node) else first.start
        end = last.extent.end if isinstance(last, ast.Node) else last.end
        return Extent(self.source, start, end)

    # -- errors ---------------------------------------------------------------------------------------------------

    def error(self, where: Tok | ast.Node | Extent, error_id: str, *args: str) -> None:
        """An error there."""
        extent = where.extent if isinstance(where, ast.Node) else where
        self.errors.add(extent.start, extent.end, error_id, False, *args)

    def incomplete(self, where: Tok | ast.Node | Extent, error_id: str, *args: str) -> bool:
        """An error there that more text might cure. Returns whether it is at the end."""
        extent = where.extent if isinstance(where, ast.Node) else where
        at_end = self.lexer.at_end(extent.end)
        self.errors.add(extent.start, extent.end, error_id, at_end, *args)
        return at_end

    def incomplete_after(self, where: Tok | ast.Node | Extent, error_id: str, *args: str) -> bool:
        """The same, just behind."""
        end = where.extent.end if isinstance(where, ast.Node) else where.end
        at_end = self.lexer.at_end(end)
        self.errors.add(end, end, error_id, at_end, *args)
        return at_end

    def incomplete_found_at(self, where: Extent, found: Tok, error_id: str, *args: str) -> bool:
        """An error shown in one place and noticed in another."""
        at_end = self.lexer.at_end(found.end)
        self.errors.add(where.start, where.end, error_id, at_end, *args)
        return at_end

    def before(self, where: Tok) -> Extent:
        """The character before."""
        offset = max(where.start - 1, 0)
        return Extent(self.source, offset, offset)

    def after(self, where: Tok | ast.Node | Extent) -> Extent:
        """The place just behind."""
        end = where.extent.end if isinstance(where, ast.Node) else where.end
        return Extent(self.source, end, end)

    def error_statement(self, extent: Extent, nested: Iterable[ast.Node | None] = ()) -> ast.ErrorStatement:
        """A statement that could not be parsed, with what was found of it."""
        return ast.ErrorStatement(extent, tuple(n for n in nested if n is not None))

    @staticmethod
    def is_parameter(token: Tok, name: str) -> bool:
        """Is the parameter token an abbreviation of `name`?"""
        return name.startswith(token.string.lower())

    # -- rules called across modules ----------------------------------------------------------------------------------

    def statement_rule(self) -> ast.Statement | None:
        """A statement (parser_statements)."""
        raise NotImplementedError

    def statement_block_rule(self) -> ast.StatementBlock | None:
        """`{ … }` (parser_blocks)."""
        raise NotImplementedError

    def statement_list_rule(self, statements: list[ast.Statement], traps: list[ast.TrapStatement]) -> Extent | None:
        """Statements up to a closing bracket (parser_blocks)."""
        raise NotImplementedError

    def script_block_rule(self, left: Tok | None, is_filter: bool) -> ast.ScriptBlock:
        """A script or function body (parser_blocks)."""
        raise NotImplementedError

    def pipeline_rule(self) -> ast.Statement | None:
        """A pipeline or assignment (parser_pipelines)."""
        raise NotImplementedError

    def single_argument(self, context: int) -> ast.Expression | None:
        """One argument as of a command (parser_pipelines)."""
        raise NotImplementedError

    def expression_rule(self) -> ast.Expression | None:
        """An expression with operators (parser_expressions)."""
        raise NotImplementedError

    def unary_rule(self) -> ast.Expression | None:
        """An operator and what stands behind it (parser_expressions)."""
        raise NotImplementedError

    def primary_rule(self, member_access: bool) -> ast.Expression | None:
        """A literal, variable, bracket (parser_primaries)."""
        raise NotImplementedError

    def expandable(self, token: Tok, kind: str) -> ast.ExpandableStringExpression:
        """The expression of a token with things to expand in it (parser_primaries)."""
        raise NotImplementedError

    def simple_name(self) -> ast.StringConstantExpression | None:
        """An identifier (parser_primaries)."""
        raise NotImplementedError

    def label_or_key(self) -> ast.Expression | None:
        """A label or a hashtable's key (parser_primaries)."""
        raise NotImplementedError

    def attribute_rule(self) -> ast.AttributeBase | None:
        """`[name]` or `[name(…)]` (parser_types)."""
        raise NotImplementedError

    def attribute_list(self, in_expression: bool) -> list[ast.AttributeBase]:
        """Attributes in a row (parser_types)."""
        raise NotImplementedError

    def parameter_list(self) -> list[ast.Parameter]:
        """Parameters separated by commas (parser_types)."""
        raise NotImplementedError
