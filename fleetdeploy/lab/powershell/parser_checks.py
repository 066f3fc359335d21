"""What the parser refuses although it reads well: assignments to nothing, keys twice, control leaving a finally.

Decides by the finished tree alone; names of types are compared as text, since nothing is resolved here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fleetdeploy.lab.powershell import ast

if TYPE_CHECKING:
    from collections.abc import Callable

    from fleetdeploy.lab.powershell.parser_errors import ErrorList

_CONSTANTS = (
    ast.ConstantExpression,
    ast.StringConstantExpression,
    ast.TypeExpression,
    ast.ScriptBlockExpression,
    ast.ErrorExpression,
)
_STEPS = frozenset({"PlusPlus", "PostfixPlusPlus", "MinusMinus", "PostfixMinusMinus"})
_VOID = frozenset({"void", "system.void"})
_REF = frozenset(
    {"ref", "psreference", "system.management.automation.psreference", "management.automation.psreference"}
)
_LANGUAGE_CONSTANTS = frozenset({"true", "false", "null"})


def check(tree: ast.ScriptBlock, errors: ErrorList) -> None:
    """Add the errors of a tree."""
    _Checker(errors).visit(tree, ())


class _Checker:
    def __init__(self, errors: ErrorList) -> None:
        self.errors = errors

    def error(self, node: ast.Node, error_id: str, *args: str) -> None:
        self.errors.add(node.extent.start, node.extent.end, error_id, False, *args)

    def visit(self, node: ast.Node, parents: tuple[ast.Node, ...]) -> None:
        method = _METHODS.get(type(node))
        if method is not None:
            method(self, node, parents)
        below = (*parents, node)
        for child in node.children():
            self.visit(child, below)

    # -- parameters -----------------------------------------------------------------------------------------------

    def parameters(self, parameters: tuple[ast.Parameter, ...]) -> None:
        seen: set[str] = set()
        for parameter in parameters:
            name = parameter.name.variable_path
            if name.lower() in seen:
                self.error(parameter.name, "DuplicateFormalParameter", name)
            seen.add(name.lower())
            for attribute in parameter.attributes:
                if isinstance(attribute, ast.TypeConstraint) and attribute.type_name.full_name.lower() in _VOID:
                    self.error(attribute, "VoidTypeConstraintNotAllowed")
                    break

    def param_block(self, node: ast.ParamBlock, _: tuple[ast.Node, ...]) -> None:
        self.parameters(node.parameters)

    def parameter(self, node: ast.Parameter, _: tuple[ast.Node, ...]) -> None:
        for attribute in node.attributes:
            if isinstance(attribute, ast.TypeConstraint) and attribute.type_name.full_name.lower() == "ordered":
                self.error(attribute, "OrderedAttributeOnlyOnHashLiteralNode", attribute.type_name.full_name)

    def function(self, node: ast.FunctionDefinition, _: tuple[ast.Node, ...]) -> None:
        if node.parameters is None:
            return
        if node.body.param_block is not None:
            self.error(node.body.param_block, "OnlyOneParameterListAllowed")
        else:
            self.parameters(node.parameters)

    def attribute(self, node: ast.Attribute, _: tuple[ast.Node, ...]) -> None:
        names: set[str] = set()
        for named in node.named_arguments:
            name = named.argument_name
            if name.lower() in names:
                self.error(named, "DuplicateNamedArgument", name)
            else:
                names.add(name.lower())
                if not named.expression_omitted and not _is_constant(named.argument):
                    self.error(named.argument, "ParameterAttributeArgumentNeedsToBeConstantOrScriptBlock")
        for argument in node.positional_arguments:
            if not _is_constant(argument):
                self.error(argument, "ParameterAttributeArgumentNeedsToBeConstantOrScriptBlock")

    # -- statements -----------------------------------------------------------------------------------------------

    def foreach(self, node: ast.ForEachStatement, _: tuple[ast.Node, ...]) -> None:
        if node.parallel:
            self.error(node, "KeywordParameterReservedForFutureUse", "foreach", "parallel")
        if node.throttle_limit is not None:
            self.error(node, "KeywordParameterReservedForFutureUse", "foreach", "throttlelimit")
            if not node.parallel:
                self.error(node, "ThrottleLimitRequiresParallelFlag")

    def try_statement(self, node: ast.TryStatement, _: tuple[ast.Node, ...]) -> None:
        clauses = node.catch_clauses
        for i, first in enumerate(clauses[:-1]):
            for second in clauses[i + 1 :]:
                if not first.catch_types:
                    at = max(second.extent.start - 1, 0)
                    self.errors.add(at, at, "EmptyCatchNotLast", False)
                    break
                names = {t.type_name.full_name.lower().removeprefix("system.") for t in first.catch_types}
                for later in second.catch_types:
                    if later.type_name.full_name.lower().removeprefix("system.") in names:
                        self.error(later, "ExceptionTypeAlreadyCaught", later.type_name.full_name)

    def leaving(
        self,
        node: ast.BreakStatement | ast.ContinueStatement | ast.ReturnStatement,
        parents: tuple[ast.Node, ...],
    ) -> None:
        label: str | None = None
        if not isinstance(node, ast.ReturnStatement):
            if node.label is None:
                label = ""
            elif isinstance(node.label, ast.StringConstantExpression):
                label = node.label.value
        for i in range(len(parents) - 1, 0, -1):
            parent = parents[i]
            if isinstance(parent, (ast.NamedBlock, ast.TrapStatement, ast.ScriptBlock)):
                return
            if label is not None and isinstance(parent, ast.LabeledStatement):
                own = parent.label or ""
                if not label or own.lower() == label.lower():
                    return
            above = parents[i - 1]
            if isinstance(above, ast.TryStatement) and above.finally_ is parent:
                self.error(node, "ControlLeavingFinally")
                return

    # -- expressions ----------------------------------------------------------------------------------------------

    def assignment(self, node: ast.AssignmentStatement, _: tuple[ast.Node, ...]) -> None:
        self.target(node.left, node.operator == "Equals", "InvalidLeftHandSide", ())

    def unary(self, node: ast.UnaryExpression, _: tuple[ast.Node, ...]) -> None:
        if node.token_kind in _STEPS:
            text = "++" if "Plus" in node.token_kind else "--"
            self.target(node.child, False, "OperatorRequiresVariableOrProperty", (text,))

    def target(self, node: ast.Expression, simple: bool, error_id: str, args: tuple[str, ...]) -> None:
        """Can `node` be assigned to?"""
        if isinstance(node, ast.ArrayLiteral):
            if not simple:
                self.error(node, error_id, *args)
                return
            for element in node.elements:
                self.target(element, True, error_id, args)
        elif isinstance(node, ast.ParenExpression):
            inner = _pure_expression(node.pipeline)
            if inner is None:
                self.error(node.pipeline, error_id, *args)
            else:
                self.target(inner, simple, error_id, args)
        elif isinstance(node, ast.AttributedExpression):
            child: ast.Expression = node
            refs: list[ast.AttributeBase] = []
            converts = 0
            while isinstance(child, ast.AttributedExpression):
                if isinstance(child, ast.ConvertExpression):
                    converts += 1
                    name = child.type_name.full_name.lower()
                    if name in _REF:
                        refs.append(child.attribute)
                    elif name in _VOID:
                        self.error(child.attribute, "VoidTypeConstraintNotAllowed")
                child = child.child
            if refs and converts > 1:
                self.error(refs[-1], "ReferenceNeedsToBeByItselfInTypeConstraint")
            else:
                self.target(child, simple, error_id, args)
        elif not (
            isinstance(node, (ast.VariableExpression, ast.IndexExpression))
            or (isinstance(node, ast.MemberExpression) and not isinstance(node, ast.InvokeMemberExpression))
        ):
            self.error(node, error_id, *args)

    def convert(self, node: ast.ConvertExpression, parents: tuple[ast.Node, ...]) -> None:
        name = node.type_name.full_name
        if name.lower() == "ordered" and not isinstance(node.child, ast.Hashtable):
            self.error(node, "OrderedAttributeOnlyOnHashLiteralNode", name)
        if name.lower() not in _REF:
            return
        child = node.child
        doubled = False
        while isinstance(child, ast.AttributedExpression):
            if isinstance(child, ast.ConvertExpression) and child.type_name.full_name.lower() in _REF:
                doubled = True
                self.error(child.attribute, "ReferenceNeedsToBeByItselfInTypeSequence")
            child = child.child
        above = parents[-1] if parents else None
        if (
            isinstance(above, ast.ConvertExpression)
            and not doubled
            and above.type_name.full_name.lower() not in _REF
            and not _on_left_side(node, parents)
        ):
            self.error(node.attribute, "ReferenceNeedsToBeLastTypeInTypeConversion")

    def attributed(self, node: ast.AttributedExpression, _: tuple[ast.Node, ...]) -> None:
        child: ast.Expression = node
        while isinstance(child, ast.AttributedExpression):
            child = child.child
        if not isinstance(child, ast.VariableExpression):
            self.error(node.attribute, "UnexpectedAttribute", node.attribute.type_name.full_name)

    def using(self, node: ast.UsingExpression, _: tuple[ast.Node, ...]) -> None:
        inner = node.sub_expression
        while True:
            if isinstance(inner, ast.VariableExpression):
                return
            if (
                isinstance(inner, ast.MemberExpression)
                and not isinstance(inner, ast.InvokeMemberExpression)
                and isinstance(inner.member, ast.StringConstantExpression)
            ):
                inner = inner.expression
            elif isinstance(inner, ast.IndexExpression):
                if not _is_constant(inner.index):
                    self.error(inner.index, "InvalidUsingExpression")
                    return
                inner = inner.target
            else:
                self.error(inner, "InvalidUsingExpression")
                return

    def variable(self, node: ast.VariableExpression, parents: tuple[ast.Node, ...]) -> None:
        if not node.splatted or not parents or isinstance(parents[-1], (ast.Command, ast.UsingExpression)):
            return
        in_list = isinstance(parents[-1], ast.ArrayLiteral) and isinstance(parents[-2], ast.Command)
        error_id = "SplattingNotPermittedInArgumentList" if in_list else "SplattingNotPermitted"
        self.error(node, error_id, node.variable_path)

    def hashtable(self, node: ast.Hashtable, _: tuple[ast.Node, ...]) -> None:
        seen: set[str] = set()
        for key, _value in node.key_value_pairs:
            if isinstance(key, (ast.ConstantExpression, ast.StringConstantExpression)):
                text = str(key.value)
                if text.lower() in seen:
                    self.error(key, "DuplicateKeyInHashLiteral", text)
                seen.add(text.lower())


def _pure_expression(statement: ast.Statement) -> ast.Expression | None:
    if isinstance(statement, ast.Pipeline) and len(statement.pipeline_elements) == 1:
        element = statement.pipeline_elements[0]
        if isinstance(element, ast.CommandExpression) and not element.redirections:
            return element.expression
    return None


def _on_left_side(node: ast.Node, parents: tuple[ast.Node, ...]) -> bool:
    for parent in reversed(parents):
        if isinstance(parent, ast.AssignmentStatement):
            return any(n is node for n in parent.left.walk())
        if isinstance(parent, ast.CommandExpression):
            return False
    return False


def _is_constant(node: ast.Node) -> bool:
    """May this be an attribute's argument?"""
    if isinstance(node, _CONSTANTS):
        return True
    if isinstance(node, ast.VariableExpression):
        return node.variable_path.lower() in _LANGUAGE_CONSTANTS
    if isinstance(node, ast.MemberExpression) and not isinstance(node, ast.InvokeMemberExpression):
        return node.static and isinstance(node.expression, ast.TypeExpression)
    if isinstance(node, (ast.Pipeline, ast.CommandExpression, ast.StatementBlock)):
        return all(_is_constant(child) for child in node.children())
    if isinstance(
        node,
        (
            ast.ArrayLiteral,
            ast.ArrayExpression,
            ast.SubExpression,
            ast.ParenExpression,
            ast.UnaryExpression,
            ast.BinaryExpression,
            ast.ConvertExpression,
            ast.Hashtable,
        ),
    ):
        return all(isinstance(child, ast.AttributeBase) or _is_constant(child) for child in node.children())
    return False


_METHODS: dict[type, Callable[[_Checker, Any, tuple[ast.Node, ...]], None]] = {
    ast.ParamBlock: _Checker.param_block,
    ast.Parameter: _Checker.parameter,
    ast.FunctionDefinition: _Checker.function,
    ast.Attribute: _Checker.attribute,
    ast.ForEachStatement: _Checker.foreach,
    ast.TryStatement: _Checker.try_statement,
    ast.BreakStatement: _Checker.leaving,
    ast.ContinueStatement: _Checker.leaving,
    ast.ReturnStatement: _Checker.leaving,
    ast.AssignmentStatement: _Checker.assignment,
    ast.UnaryExpression: _Checker.unary,
    ast.ConvertExpression: _Checker.convert,
    ast.AttributedExpression: _Checker.attributed,
    ast.UsingExpression: _Checker.using,
    ast.VariableExpression: _Checker.variable,
    ast.Hashtable: _Checker.hashtable,
}
