"""Variables, functions and aliases of one scope, and the chain of scopes.

Decides where a name is looked up (own scope, then every caller's: dynamic scoping) and what an assignment may do
(ReadOnly, Constant, type constraints and validation that stick to a variable). Must not evaluate anything itself:
conversion is handed in. Next: runtime/interp.py, which owns the current scope.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any


class _AutoNull:
    """`AutomationNull`: what a command without output yields. Null in expressions, nothing in a pipeline."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "AUTO_NULL"

    def __bool__(self) -> bool:
        return False


AUTO_NULL = _AutoNull()


@dataclass(slots=True)
class Variable:
    """One variable. `constraints` are applied, in order, to every value assigned later (type, Validate attributes)."""

    name: str
    value: Any = None
    options: frozenset[str] = frozenset()
    private: bool = False
    description: str = ""
    constraints: tuple[Callable[[Any], Any], ...] = ()

    def assign(self, value: Any) -> None:
        for constrain in self.constraints:
            value = constrain(value)
        self.value = value


@dataclass(slots=True, eq=False)
class Scope:
    """One scope. `script` is the scope `$script:` means (the global one outside files and closures)."""

    parent: Scope | None = None
    script: Scope | None = None
    variables: dict[str, Variable] = field(default_factory=dict)
    functions: dict[str, Any] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    strict: int | None = None

    def chain(self) -> Iterator[Scope]:
        scope: Scope | None = self
        while scope is not None:
            yield scope
            scope = scope.parent

    @property
    def global_scope(self) -> Scope:
        scope = self
        while scope.parent is not None:
            scope = scope.parent
        return scope

    def find(self, name: str) -> Variable | None:
        """The nearest variable of that lower-case name; a private one counts only in its own scope."""
        scope: Scope | None = self
        while scope is not None:
            variable = scope.variables.get(name)
            if variable is not None and (scope is self or not variable.private):
                return variable
            scope = scope.parent
        return None

    def find_function(self, name: str) -> Any:
        scope: Scope | None = self
        while scope is not None:
            function = scope.functions.get(name)
            if function is not None:
                return function
            scope = scope.parent
        return None

    def find_alias(self, name: str) -> str | None:
        scope: Scope | None = self
        while scope is not None:
            target = scope.aliases.get(name)
            if target is not None:
                return target
            scope = scope.parent
        return None

    def strict_version(self) -> int:
        """0 (off), 1, 2 or 3 (Latest)."""
        scope: Scope | None = self
        while scope is not None:
            if scope.strict is not None:
                return scope.strict
            scope = scope.parent
        return 0

    def set(self, name: str, value: Any) -> Variable:
        """Set in this very scope, without checks: for automatic variables."""
        key = name.lower()
        variable = self.variables.get(key)
        if variable is None:
            variable = self.variables[key] = Variable(name, value)
        else:
            variable.value = value
        return variable

    def ancestor(self, depth: int) -> Scope | None:
        scope: Scope | None = self
        for _ in range(depth):
            if scope is None:
                return None
            scope = scope.parent
        return scope
