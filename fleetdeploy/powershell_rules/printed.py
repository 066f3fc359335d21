"""What native programs print, followed through a script: into variables, lists, loops, own functions and out of them.

By names alone: a variable of a function is one value, a key of hashtables is one value wherever it stands, a function
is what its name was defined as last. Nothing is followed into script blocks kept in variables, nor into objects that
are changed after they were made. Decides what such text is; what may not be done with it is said in ``texts.py``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from fleetdeploy.lab.powershell import ast
from fleetdeploy.powershell_rules.calls import aliases_of, is_switch
from fleetdeploy.powershell_rules.command_table import words_of
from fleetdeploy.powershell_rules.findings import words
from fleetdeploy.powershell_rules.script import Call, Scope, Script, constant_text, parameters_of, unwrapped

_EACH = words("foreach-object foreach %")
_SWALLOWS = words("out-null")


class Printed:
    """Which values of a script are, or are made of, what a program printed. Grows until nothing new is found."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.programs = {call.node for call in script.programs}
        self.own = {call.node: call for call in script.calls if call.name in script.functions}
        self.names: dict[Scope, set[str]] = defaultdict(set)
        self.giving: set[str] = set()
        """Own functions that give such text out, lower-case."""
        self.fields: set[str] = set()
        """Keys of hashtables that hold some."""
        if not self.programs:
            return
        self._pairs = [
            (key, value)
            for table in script.of(ast.Hashtable)
            for key_node, value in table.key_value_pairs
            if (key := constant_text(key_node)) is not None
        ]
        self._keys = {key.lower() for key, _ in self._pairs}
        self._outputs = {name: list(_outputs(script, function)) for name, function in script.functions.items()}
        self._each = {call.node for call in script.calls if call.name in _EACH}
        while self._grow():
            pass

    def _size(self) -> int:
        return sum(len(names) for names in self.names.values()) + len(self.giving) + len(self.fields)

    def _grow(self) -> bool:
        before = self._size()
        for assigned in self.script.of(ast.AssignmentStatement):
            left = assigned.left
            while isinstance(left, ast.AttributedExpression):
                left = left.child
            if isinstance(left, ast.VariableExpression) and self.holds(assigned.right):
                self.names[self.script.scopes[assigned]].add(left.variable_path.lower())
        for loop in self.script.of(ast.ForEachStatement):
            if self.holds(loop.condition):
                self.names[self.script.scopes[loop]].add(loop.variable.variable_path.lower())
        self.fields.update(key.lower() for key, value in self._pairs if self.holds(value))
        for call in self.own.values():
            self._pass(call)
        self.giving.update(name for name, nodes in self._outputs.items() if any(self.holds(node) for node in nodes))
        return self._size() > before

    def _pass(self, call: Call) -> None:
        """What a call gives to the parameters of an own function."""
        function = self.script.functions[call.name]
        parameters = parameters_of(function)
        switches = frozenset(p.name.variable_path.lower() for p in parameters if is_switch(p))
        given = words_of(call, switches)
        names = self.names[function]
        named = set()
        for word, value in given.named:
            parameter = _named(parameters, word.parameter_name.lower())
            if parameter is not None:
                named.add(parameter)
                if value is not None and self.holds(value):
                    names.add(parameter.name.variable_path.lower())
        free = [p for p in parameters if p not in named and p.name.variable_path.lower() not in switches]
        for parameter, value in zip(free, given.positional, strict=False):
            if self.holds(value):
                names.add(parameter.name.variable_path.lower())
        if self._before(call.node):
            names.add("input")

    def _before(self, element: ast.Node) -> bool:
        """Whether such text comes down the pipeline to an element."""
        pipeline = self.script.parents.get(element)
        if not isinstance(pipeline, ast.Pipeline):
            return False
        before = pipeline.pipeline_elements[: pipeline.pipeline_elements.index(element)]
        return any(self.holds(one) for one in before)

    def holds(self, node: ast.Node) -> bool:
        """Whether a value is, or is made of, what a program printed."""
        return bool(self.programs) and any(self._is(part) for part in self._parts(node))

    def _is(self, node: ast.Node) -> bool:
        if isinstance(node, ast.VariableExpression):
            name = node.variable_path.lower()
            if name in ("_", "psitem"):
                return self._is_item(node)
            return name in self.names.get(self.script.scopes[node], ())
        if isinstance(node, ast.MemberExpression):
            return self._field(node) in self.fields
        if isinstance(node, ast.Command):
            call = self.own.get(node)
            return node in self.programs or (call is not None and call.name in self.giving)
        return False

    def _is_item(self, node: ast.Node) -> bool:
        """``$_`` in the block of a ForEach-Object that such text comes down to."""
        block = next((a for a in self.script.above(node) if isinstance(a, ast.ScriptBlockExpression)), None)
        command = self.script.parents.get(block) if block is not None else None
        return command in self._each and command is not None and self._before(command)

    def _parts(self, node: ast.Node) -> Iterator[ast.Node]:
        """What a value is made of: not the arguments of own functions, nor numbers kept beside a text."""
        if isinstance(node, ast.Pipeline) and node.pipeline_elements[-1] in self.own:
            yield node.pipeline_elements[-1]
            return
        if only_code(node):
            return
        yield node
        if node in self.own or isinstance(node, ast.Hashtable):
            return
        for child in node.children():
            yield from self._parts(child)

    def _field(self, node: ast.Node) -> str | None:
        """``state`` of ``$said.state``, if a hashtable of the script has such a key."""
        if not isinstance(node, ast.MemberExpression) or isinstance(node, ast.InvokeMemberExpression):
            return None
        key = (constant_text(node.member) or "").lower()
        return key if key in self._keys else None


def only_code(node: ast.Node) -> bool:
    """``$said.code`` and ``.Length``: a number kept beside the text."""
    node = unwrapped(node)
    while isinstance(node, ast.ConvertExpression):
        node = unwrapped(node.child)
    if not isinstance(node, ast.MemberExpression) or isinstance(node, ast.InvokeMemberExpression):
        return False
    member = (constant_text(node.member) or "").lower()
    return "code" in member or member in ("length", "count")


def _named(parameters: tuple[ast.Parameter, ...], name: str) -> ast.Parameter | None:
    known = {p: (p.name.variable_path.lower(), *(alias.lower() for alias in aliases_of(p))) for p in parameters}
    exact = (p for p, own in known.items() if name in own)
    begun = (p for p, own in known.items() if any(word.startswith(name) for word in own))
    return next(exact, None) or next(begun, None)


def _outputs(script: Script, function: ast.FunctionDefinition) -> Iterator[ast.Node]:
    """What a function gives out: what it returns, and statements whose value nothing takes."""
    for returned in script.within(function, ast.ReturnStatement):
        if returned.pipeline is not None and not _taken(script, returned):
            yield returned.pipeline
    for pipeline in script.within(function, ast.Pipeline):
        if isinstance(script.parents.get(pipeline), (ast.NamedBlock, ast.StatementBlock)) and not (
            _taken(script, pipeline) or _swallowed(pipeline)
        ):
            yield pipeline


def _taken(script: Script, node: ast.Node) -> bool:
    """Whether the value goes into something else within the function."""
    taking = (ast.AssignmentStatement, ast.SubExpression, ast.ArrayExpression, ast.ScriptBlockExpression)
    for above in script.above(node):
        if isinstance(above, ast.FunctionDefinition):
            return False
        if isinstance(above, (*taking, ast.ParenExpression)):
            return True
    return False


def _swallowed(pipeline: ast.Pipeline) -> bool:
    last = pipeline.pipeline_elements[-1]
    if isinstance(last, ast.Command):
        gone = (r.location.extent.text.lower() for r in last.redirections if isinstance(r, ast.FileRedirection))
        return "$null" in gone or (constant_text(last.command_elements[0]) or "").lower() in _SWALLOWS
    return (
        isinstance(last, ast.CommandExpression)
        and isinstance(last.expression, ast.ConvertExpression)
        and last.expression.type_name.name.lower().removeprefix("system.") == "void"
    )
