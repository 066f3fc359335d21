"""A script as the rules see it: the tree, who is above whom, which function a node belongs to, what is called.

Gathered once for all rules. Decides nothing about right or wrong.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell import ast
from fleetdeploy.lab.powershell.parser import parse
from fleetdeploy.powershell_rules.aliases import ALIASES
from fleetdeploy.powershell_rules.findings import words

N = TypeVar("N", bound=ast.Node)
Scope = ast.FunctionDefinition | ast.ScriptBlock
"""A function, or the script itself. Script blocks within belong to what they stand in."""

PROGRAM_ENDINGS = (".exe", ".com", ".cmd", ".bat")
PROGRAMS = words("""
    appcmd arp auditpol bcdedit certutil cmd defrag dism diskpart driverquery find findstr fsutil getmac gpresult
    gpupdate hostname icacls ipconfig klist logman lodctr msiexec nbtstat net netdom netsh netstat nltest nslookup
    openfiles pathping ping pnputil powercfg query quser qwinsta qprocess reg regsvr32 robocopy route rundll32 sfc
    shutdown systeminfo takeown taskkill tasklist tracert typeperf tzutil vssadmin w32tm wbadmin wevtutil whoami
    winrm wmic xcopy schtasks setx
""")
"""What Windows has in its path, as people call it without an ending; none of them is an alias."""


@dataclass(frozen=True, slots=True)
class Call:
    """A command whose name is written out. ``name`` is lower-case, ``shown`` as written."""

    node: ast.Command
    name: str
    shown: str

    @property
    def arguments(self) -> tuple[ast.Node, ...]:
        return self.node.command_elements[1:]

    @property
    def is_program(self) -> bool:
        """A native program: its name ends like one, or is one that Windows has."""
        return self.name.endswith(PROGRAM_ENDINGS) or self.name in PROGRAMS


class Script:
    """Parsed text. ``tree`` is None if there are errors or the parser refuses a construct (``refused``)."""

    def __init__(self, text: str, versions: tuple[str, ...]) -> None:
        self.text = text
        self.versions = versions
        self.source = ast.Source(text)
        self.tree: ast.ScriptBlock | None = None
        self.errors: tuple[ast.ParseError, ...] = ()
        self.refused: NotSimulated | None = None
        self.parents: dict[ast.Node, ast.Node] = {}
        self.scopes: dict[ast.Node, Scope] = {}
        self._by_kind: dict[type, list[ast.Node]] = defaultdict(list)
        self._by_scope: dict[tuple[ast.Node, type], list[ast.Node]] = defaultdict(list)
        try:
            result = parse(text)
        except NotSimulated as refused:
            self.refused = refused
            return
        self.errors = result.errors
        if not result.errors:
            self.tree = result.script_block
            self._gather(result.script_block, result.script_block)

    def _gather(self, node: ast.Node, scope: Scope) -> None:
        pending: list[tuple[ast.Node, Scope]] = [(node, scope)]
        while pending:
            node, scope = pending.pop()
            self.scopes[node] = scope
            self._by_kind[type(node)].append(node)
            self._by_scope[scope, type(node)].append(node)
            inner = node if isinstance(node, ast.FunctionDefinition) else scope
            below = list(node.children())
            for child in reversed(below):
                self.parents[child] = node
                pending.append((child, inner))

    @property
    def root(self) -> ast.ScriptBlock:
        """The tree of a text that parses."""
        assert self.tree is not None  # noqa: S101 - rules that need a tree are not asked without one
        return self.tree

    def of(self, *kinds: type[N]) -> Iterator[N]:
        """All nodes of exactly these kinds, in the order of the text."""
        for kind in kinds:
            for node in self._by_kind[kind]:
                if isinstance(node, kind):
                    yield node

    def within(self, scope: Scope, *kinds: type[N]) -> Iterator[N]:
        """Those that belong to a scope."""
        for kind in kinds:
            for node in self._by_scope[scope, kind]:
                if isinstance(node, kind):
                    yield node

    def above(self, node: ast.Node) -> Iterator[ast.Node]:
        """Parents, nearest first."""
        while (parent := self.parents.get(node)) is not None:
            yield parent
            node = parent

    def place(self, start: int, end: int | None = None) -> ast.Extent:
        """A stretch of the text, for what has no node."""
        return ast.Extent(self.source, start, start if end is None else end)

    def line_place(self, line: int) -> ast.Extent:
        """A whole line."""
        starts = self.source.line_starts()
        return self.place(starts[min(max(line, 1), len(starts)) - 1])

    @cached_property
    def functions(self) -> dict[str, ast.FunctionDefinition]:
        """Functions of the script by lower-case name."""
        return {node.name.lower(): node for node in self.of(ast.FunctionDefinition)}

    @cached_property
    def calls(self) -> tuple[Call, ...]:
        """Commands whose name is written out. Of a path in ``"$folder\\x.exe"`` the text as written is the name."""
        found = []
        for node in self.of(ast.Command):
            head = node.command_elements[0]
            if isinstance(head, (ast.StringConstantExpression, ast.ExpandableStringExpression)):
                text = head.value
                if isinstance(head, ast.ExpandableStringExpression) and not text.lower().endswith(PROGRAM_ENDINGS):
                    continue
                found.append(Call(node, text.lower(), text))
        return tuple(found)

    @cached_property
    def programs(self) -> tuple[Call, ...]:
        """The calls of native programs."""
        return tuple(call for call in self.calls if call.is_program and call.name not in self.functions)

    @cached_property
    def cmdlet_calls(self) -> tuple[Call, ...]:
        """The calls of cmdlets by their own names, and of what nobody knows."""
        return tuple(
            call
            for call in self.calls
            if not call.is_program and call.name not in self.functions and call.name not in ALIASES
        )


def parameters_of(function: ast.FunctionDefinition) -> tuple[ast.Parameter, ...]:
    """A function's parameters, wherever they are written."""
    if function.parameters is not None:
        return function.parameters
    return function.body.param_block.parameters if function.body.param_block is not None else ()


def constant_text(node: ast.Node | None) -> str | None:
    """The value of a string without anything to expand, else None."""
    return node.value if isinstance(node, ast.StringConstantExpression) else None


def plain_type(name: ast.TypeName) -> str:
    """Lower-case and without ``System.``, as tables here write it."""
    return name.name.lower().removeprefix("system.")


def unwrapped(node: ast.Node) -> ast.Node:
    """What stands in parentheses, if that is one expression."""
    while isinstance(node, ast.ParenExpression):
        inner = node.pipeline
        if not isinstance(inner, ast.Pipeline) or len(inner.pipeline_elements) != 1:
            break
        element = inner.pipeline_elements[0]
        if not isinstance(element, ast.CommandExpression):
            break
        node = element.expression
    return node
