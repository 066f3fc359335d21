"""The syntax tree of a PowerShell script: plain data, named as in System.Management.Automation.Language without `Ast`.

Decides what a node holds; must not evaluate, resolve names or types. Attribute names are the .NET property names in
snake_case (a Python keyword gets a trailing `_`). Nodes are frozen and compare by identity, so they can key caches.
Made by parser.py; walked by runtime/. Operators are TokenKind names ("Plus", "Ieq", "PlusEquals", "PostfixPlusPlus").
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, TypeAlias

from fleetdeploy.lab.powershell.source import Extent as Extent
from fleetdeploy.lab.powershell.source import Source as Source

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """Any node of the tree. ``code`` and ``value_code`` belong to the runtime, which keeps what it made of the node."""

    extent: Extent
    code: Any = field(init=False, repr=False)
    value_code: Any = field(init=False, repr=False)

    def children(self) -> Iterator[Node]:
        """The nodes directly below, in the order of the attributes."""
        kind = type(self)
        names = _NAMES.get(kind)
        if names is None:
            names = _NAMES[kind] = tuple(one.name for one in fields(kind) if one.init)
        for name in names:
            value = getattr(self, name)
            if isinstance(value, Node):
                yield value
            elif type(value) is tuple:
                yield from _nodes_in(value)

    def walk(self) -> Iterator[Node]:
        """This node and all below, parents first."""
        yield self
        for child in self.children():
            yield from child.walk()


_NAMES: dict[type, tuple[str, ...]] = {}
"""Attributes by kind of node: asked for every node of every script."""


def _nodes_in(items: tuple[object, ...]) -> Iterator[Node]:
    for item in items:
        if isinstance(item, Node):
            yield item
        elif isinstance(item, tuple):
            yield from _nodes_in(item)


@dataclass(frozen=True, slots=True, eq=False)
class Statement(Node):
    """What may stand alone in a block."""


@dataclass(frozen=True, slots=True, eq=False)
class Expression(Node):
    """What has a value."""


@dataclass(frozen=True, slots=True)
class TypeName:
    """A type as written. `full_name` is the text ("byte[]", "System.Collections.Generic.List[string]").

    `name` is the plain name (without array ranks and generic arguments); `element` is set for an array type (then
    `rank` is its number of dimensions); `generic_arguments` for a constructed generic; `assembly` where one is given.
    """

    full_name: str
    name: str
    element: TypeName | None = None
    rank: int = 0
    generic_arguments: tuple[TypeName, ...] = ()
    assembly: str | None = None


# -- blocks ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class ScriptBlock(Node):
    """A whole script, a function's body or `{ … }`. Without begin/process/end the statements are in `end_block`
    (unnamed); a filter's are in `process_block`."""

    param_block: ParamBlock | None = None
    dynamic_param_block: NamedBlock | None = None
    begin_block: NamedBlock | None = None
    process_block: NamedBlock | None = None
    end_block: NamedBlock | None = None
    using_statements: tuple[UsingStatement, ...] = ()
    attributes: tuple[Attribute, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class NamedBlock(Node):
    """`begin`, `process`, `end`, `dynamicparam` (block_kind "Begin", …); `unnamed` where no keyword was written."""

    block_kind: str
    unnamed: bool
    statements: tuple[Statement, ...] = ()
    traps: tuple[TrapStatement, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class StatementBlock(Node):
    """`{ statements }` of a control statement, or what stands in `@( )` and `$( )`."""

    statements: tuple[Statement, ...] = ()
    traps: tuple[TrapStatement, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class ParamBlock(Node):
    """`param( … )` with the attributes before it."""

    attributes: tuple[AttributeBase, ...] = ()
    parameters: tuple[Parameter, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Parameter(Node):
    """One parameter: attributes and type constraints in the order written."""

    name: VariableExpression
    attributes: tuple[AttributeBase, ...] = ()
    default_value: Expression | None = None


@dataclass(frozen=True, slots=True, eq=False)
class AttributeBase(Node):
    """An attribute or a type constraint."""

    type_name: TypeName


@dataclass(frozen=True, slots=True, eq=False)
class Attribute(AttributeBase):
    """`[Name(1, B = 2)]`."""

    positional_arguments: tuple[Expression, ...] = ()
    named_arguments: tuple[NamedAttributeArgument, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class TypeConstraint(AttributeBase):
    """`[type]` before a parameter, a variable or a converted expression."""


@dataclass(frozen=True, slots=True, eq=False)
class NamedAttributeArgument(Node):
    """`Name = value`, or `Name` alone (`expression_omitted`, argument is then a constant $true)."""

    argument_name: str
    argument: Expression
    expression_omitted: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class UsingStatement(Statement):
    """`using namespace X` (kind "Namespace"), `using module X` ("Module"), `using assembly X` ("Assembly")."""

    using_statement_kind: str
    name: StringConstantExpression | None = None
    alias: StringConstantExpression | None = None
    module_specification: Hashtable | None = None


# -- pipelines ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class Redirection(Node):
    """from_stream is "Output", "Error", "Warning", "Verbose", "Debug", "Information" or "All"."""

    from_stream: str


@dataclass(frozen=True, slots=True, eq=False)
class FileRedirection(Redirection):
    """`2> file`, `>> file`."""

    location: Expression
    append: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class MergingRedirection(Redirection):
    """`2>&1`."""

    to_stream: str


@dataclass(frozen=True, slots=True, eq=False)
class CommandBase(Statement):
    """One element of a pipeline."""


@dataclass(frozen=True, slots=True, eq=False)
class Command(CommandBase):
    """A command call. command_elements: the name (an expression) first, then CommandParameter and expressions.
    invocation_operator is "Unknown", "Ampersand" or "Dot"."""

    command_elements: tuple[Node, ...]
    redirections: tuple[Redirection, ...] = ()
    invocation_operator: str = "Unknown"


@dataclass(frozen=True, slots=True, eq=False)
class CommandExpression(CommandBase):
    """An expression as an element of a pipeline."""

    expression: Expression
    redirections: tuple[Redirection, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class CommandParameter(Node):
    """`-Name`, or `-Name:value` (then `argument`)."""

    parameter_name: str
    argument: Expression | None
    error_position: Extent


@dataclass(frozen=True, slots=True, eq=False)
class Pipeline(Statement):
    """`a | b | c`; one expression alone is a pipeline too."""

    pipeline_elements: tuple[CommandBase, ...]


@dataclass(frozen=True, slots=True, eq=False)
class AssignmentStatement(Statement):
    """`left op right`; right is any statement. operator "Equals", "PlusEquals", …"""

    left: Expression
    operator: str
    right: Statement
    error_position: Extent


# -- statements --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class IfStatement(Statement):
    """clauses: (condition, block) of `if` and every `elseif`."""

    clauses: tuple[tuple[Statement, StatementBlock], ...]
    else_clause: StatementBlock | None = None


@dataclass(frozen=True, slots=True, eq=False)
class LabeledStatement(Statement):
    """A loop or switch; `label` without the colon."""

    label: str | None


@dataclass(frozen=True, slots=True, eq=False)
class SwitchStatement(LabeledStatement):
    """flags: some of "File", "Regex", "Wildcard", "Exact", "CaseSensitive", "Parallel" in this order."""

    condition: Statement
    flags: tuple[str, ...]
    clauses: tuple[tuple[Expression, StatementBlock], ...]
    default: StatementBlock | None = None


@dataclass(frozen=True, slots=True, eq=False)
class ForEachStatement(LabeledStatement):
    """`foreach ($variable in condition) body`."""

    variable: VariableExpression
    condition: Statement
    body: StatementBlock
    parallel: bool = False
    throttle_limit: Expression | None = None


@dataclass(frozen=True, slots=True, eq=False)
class ForStatement(LabeledStatement):
    """`for (initializer; condition; iterator) body`."""

    initializer: Statement | None
    condition: Statement | None
    iterator: Statement | None
    body: StatementBlock


@dataclass(frozen=True, slots=True, eq=False)
class WhileStatement(LabeledStatement):
    """`while (condition) body`."""

    condition: Statement
    body: StatementBlock


@dataclass(frozen=True, slots=True, eq=False)
class DoWhileStatement(LabeledStatement):
    """`do body while (condition)`."""

    condition: Statement
    body: StatementBlock


@dataclass(frozen=True, slots=True, eq=False)
class DoUntilStatement(LabeledStatement):
    """`do body until (condition)`."""

    condition: Statement
    body: StatementBlock


@dataclass(frozen=True, slots=True, eq=False)
class TryStatement(Statement):
    """`try body catch … finally …`."""

    body: StatementBlock
    catch_clauses: tuple[CatchClause, ...]
    finally_: StatementBlock | None = None


@dataclass(frozen=True, slots=True, eq=False)
class CatchClause(Node):
    """`catch [A], [B] body`; no types: catches all."""

    catch_types: tuple[TypeConstraint, ...]
    body: StatementBlock


@dataclass(frozen=True, slots=True, eq=False)
class TrapStatement(Statement):
    """`trap [type] body`."""

    trap_type: TypeConstraint | None
    body: StatementBlock


@dataclass(frozen=True, slots=True, eq=False)
class FunctionDefinition(Statement):
    """`function name(parameters) body`; parameters is None where no list was written before the body."""

    name: str
    is_filter: bool
    parameters: tuple[Parameter, ...] | None
    body: ScriptBlock


@dataclass(frozen=True, slots=True, eq=False)
class ReturnStatement(Statement):
    """`return pipeline`."""

    pipeline: Statement | None = None


@dataclass(frozen=True, slots=True, eq=False)
class ThrowStatement(Statement):
    """`throw pipeline`; alone it rethrows."""

    pipeline: Statement | None = None


@dataclass(frozen=True, slots=True, eq=False)
class ExitStatement(Statement):
    """`exit pipeline`."""

    pipeline: Statement | None = None


@dataclass(frozen=True, slots=True, eq=False)
class BreakStatement(Statement):
    """`break label`."""

    label: Expression | None = None


@dataclass(frozen=True, slots=True, eq=False)
class ContinueStatement(Statement):
    """`continue label`."""

    label: Expression | None = None


@dataclass(frozen=True, slots=True, eq=False)
class DataStatement(Statement):
    """`data variable -supportedCommand a, b { … }`."""

    variable: str | None
    commands_allowed: tuple[Expression, ...]
    body: StatementBlock


@dataclass(frozen=True, slots=True, eq=False)
class ErrorStatement(Statement):
    """What could not be parsed; only in trees with errors."""

    nested_ast: tuple[Node, ...] = ()


# -- expressions -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class BinaryExpression(Expression):
    """`left op right`; error_position is the operator's."""

    left: Expression
    operator: str
    right: Expression
    error_position: Extent


@dataclass(frozen=True, slots=True, eq=False)
class UnaryExpression(Expression):
    """`op child`, and `child++` ("PostfixPlusPlus", "PostfixMinusMinus")."""

    token_kind: str
    child: Expression


@dataclass(frozen=True, slots=True, eq=False)
class AttributedExpression(Expression):
    """`[Attribute()] child`, as before an assigned variable."""

    attribute: AttributeBase
    child: Expression


@dataclass(frozen=True, slots=True, eq=False)
class ConvertExpression(AttributedExpression):
    """`[type] child`; attribute is a TypeConstraint."""

    @property
    def type_name(self) -> TypeName:
        return self.attribute.type_name


@dataclass(frozen=True, slots=True, eq=False)
class MemberExpression(Expression):
    """`expression.member`, `expression::member` (static)."""

    expression: Expression
    member: Expression
    static: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class InvokeMemberExpression(MemberExpression):
    """`expression.member(arguments)`."""

    arguments: tuple[Expression, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class IndexExpression(Expression):
    """`target[index]`."""

    target: Expression
    index: Expression


@dataclass(frozen=True, slots=True, eq=False)
class VariableExpression(Expression):
    """`$name`, `$scope:name`, `${any text}`; variable_path is the text without $ and braces; `@name` is splatted."""

    variable_path: str
    splatted: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class ConstantExpression(Expression):
    """A number (or the $true of an omitted attribute argument).

    `type_name`: "Int32", "Int64", "Decimal", "Double", "Boolean", …
    `value` is a value of the lab: int, values.Int64, decimal.Decimal, float, bool, … as type_name says.
    """

    value: object
    type_name: str


@dataclass(frozen=True, slots=True, eq=False)
class StringConstantExpression(Expression):
    """A string without anything to expand. string_constant_type: "BareWord", "SingleQuoted", "DoubleQuoted",
    "SingleQuotedHereString", "DoubleQuotedHereString"."""

    value: str
    string_constant_type: str


@dataclass(frozen=True, slots=True, eq=False)
class ExpandableStringExpression(Expression):
    """A string with variables or `$( )` in it (or a bare word with some).

    `parts` is what evaluation needs: literal text (escapes already resolved) and the nested expressions, in order.
    """

    value: str
    string_constant_type: str
    nested_expressions: tuple[Expression, ...]
    parts: tuple[str | int, ...]
    """Literal texts, and the indices into nested_expressions that stand between them."""


@dataclass(frozen=True, slots=True, eq=False)
class TypeExpression(Expression):
    """`[type]` as a value."""

    type_name: TypeName


@dataclass(frozen=True, slots=True, eq=False)
class ArrayLiteral(Expression):
    """`a, b`."""

    elements: tuple[Expression, ...]


@dataclass(frozen=True, slots=True, eq=False)
class ArrayExpression(Expression):
    """`@( … )`."""

    sub_expression: StatementBlock


@dataclass(frozen=True, slots=True, eq=False)
class SubExpression(Expression):
    """`$( … )`."""

    sub_expression: StatementBlock


@dataclass(frozen=True, slots=True, eq=False)
class ParenExpression(Expression):
    """`( … )`: holds a pipeline or an assignment."""

    pipeline: Statement


@dataclass(frozen=True, slots=True, eq=False)
class ScriptBlockExpression(Expression):
    """`{ … }` as a value."""

    script_block: ScriptBlock


@dataclass(frozen=True, slots=True, eq=False)
class Hashtable(Expression):
    """`@{ key = value }`; keys are expressions (a bare name is a StringConstantExpression), values statements."""

    key_value_pairs: tuple[tuple[Expression, Statement], ...]


@dataclass(frozen=True, slots=True, eq=False)
class UsingExpression(Expression):
    """`$using:name`; sub_expression is the variable without the prefix, perhaps with members or indices after it."""

    sub_expression: Expression


@dataclass(frozen=True, slots=True, eq=False)
class ErrorExpression(Expression):
    """What could not be parsed; only in trees with errors."""

    nested_ast: tuple[Node, ...] = ()


# -- what a parse returns ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ParseError:
    """One error of the parser, with the real parser's id.

    `incomplete_input`: more text could have made it right (then the whole error is an IncompleteParseException).
    """

    error_id: str
    message: str
    extent: Extent
    incomplete_input: bool = False


@dataclass(frozen=True, slots=True)
class Token:
    """One token: kind (TokenKind name), offsets in the source, text as written."""

    kind: str
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class ParseResult:
    """The tree (complete only without errors), the tokens and the errors in order of place."""

    script_block: ScriptBlock
    tokens: tuple[Token, ...]
    errors: tuple[ParseError, ...]


AnyBlock: TypeAlias = StatementBlock | NamedBlock
