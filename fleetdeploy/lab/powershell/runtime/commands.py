"""Runs pipelines of commands: finds each command, evaluates its arguments, applies redirections, drives the objects.

Decides what happens when one command ends the pipeline. What a name means is command_lookup.py, what an argument is
call_arguments.py; what a command does is in processors.py, cmdlets/ and native.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell import ast
from fleetdeploy.lab.powershell.runtime import native
from fleetdeploy.lab.powershell.runtime.call_arguments import Arg, argument_makers
from fleetdeploy.lab.powershell.runtime.cmdlet_processor import CmdletProcessor
from fleetdeploy.lab.powershell.runtime.command_lookup import find_command, not_found
from fleetdeploy.lab.powershell.runtime.compiled import Run, code_of, value_code
from fleetdeploy.lab.powershell.runtime.errors import InvocationInfo, StopUpstream, position, runtime_error
from fleetdeploy.lab.powershell.runtime.processors import PipelineFailure, Processor
from fleetdeploy.lab.powershell.runtime.redirections import redirect
from fleetdeploy.lab.powershell.runtime.script_processor import ScriptProcessor
from fleetdeploy.lab.powershell.runtime.values_ext import (
    AliasInfo,
    ApplicationInfo,
    CmdletInfo,
    CommandInfo,
    FunctionInfo,
    ScriptBlockValue,
    ScriptInfo,
)

if TYPE_CHECKING:
    from fleetdeploy.lab.powershell.runtime.interp import Interp

Out = Callable[[Any], None]
NOTHING: Any = object()


# ------------------------------------------------------------------------------------------------ processors


def processor_maker(node: ast.Command, *, has_input: bool) -> Callable[[Interp], Processor]:
    """The function that looks a command up, evaluates its arguments and makes what runs it."""
    head, *rest = node.command_elements
    dot = node.invocation_operator == "Dot"
    plain = node.invocation_operator == "Unknown"
    word = head.value if plain and isinstance(head, ast.StringConstantExpression) else None
    head_code = value_code(head)
    makers = argument_makers(rest)
    line = node.extent.line
    as_method = (
        plain
        and len(rest) == 1
        and isinstance(rest[0], ast.ParenExpression)
        and rest[0].extent.start == head.extent.end
    )

    def make(rt: Interp) -> Processor:
        info = position(node)
        target: Any = head_code(rt) if word is None else word
        if as_method and rt.scope.strict_version() >= 2:
            _refuse_call_syntax(rt, node, head, rest[0], target)
        found = find_command(rt, target, line) if isinstance(target, str) else None
        args: list[Arg] | None = None
        if not isinstance(found, ApplicationInfo):
            args = []
            for add in makers:
                add(rt, args)
        return processor_for(rt, target, args, info, node=node, rest=rest, dot=dot, has_input=has_input, found=found)

    return make


def _refuse_call_syntax(rt: Interp, node: ast.Command, head: ast.Node, only: ast.Node, target: Any) -> None:
    """`f(1, 2)` under strict mode 2 and later."""
    if not isinstance(only, ast.ParenExpression) or only.extent.start != head.extent.end or not isinstance(target, str):
        return
    inner = only.pipeline
    if isinstance(inner, ast.Pipeline) and isinstance(inner.pipeline_elements[0], ast.CommandExpression):
        if not isinstance(inner.pipeline_elements[0].expression, ast.ArrayLiteral):
            return
        if rt.scope.find_function(target.lower()) is not None:
            raise runtime_error(
                "StrictModeFunctionCallWithParens",
                "InvalidOperation",
                "The function or command was called as if it were a method. Parameters should be separated by spaces. "
                "For information about parameters, see the about_Parameters Help topic.",
            )


def processor_for(
    rt: Interp,
    target: Any,
    args: list[Arg] | None,
    info: InvocationInfo,
    *,
    node: ast.Command | None = None,
    rest: Sequence[ast.Node] = (),
    dot: bool = False,
    has_input: bool = False,
    found: CommandInfo | None = None,
) -> Processor:
    """The processor of a block, a name or a CommandInfo; ``found``: what the name means, if that is known already."""
    if isinstance(target, ScriptBlockValue):
        return ScriptProcessor(rt, info, target, args or [], dot=dot, has_input=has_input)
    command: CommandInfo | None
    if found is not None and type(target) is str and target:
        command, name = found, target  # nearly every call
    elif isinstance(target, CommandInfo):
        command = target
        name = target.name
    else:
        if target is None:
            raise runtime_error(
                "BadExpression",
                "InvalidOperation",
                "The expression after '&' in a pipeline element produced an object that was not valid. It must result "
                "in a command name, a script block, or a CommandInfo object.",
            )
        name = rt.to_string(target)
        if not name:
            raise runtime_error("BadExpression", "InvalidOperation", "The command name is empty.")
        command = found or find_command(rt, name, info.line)
    if command is None:
        error = not_found(name)
        raise error
    info.command = command
    info.command_name = command.name
    info.invocation_name = name
    if isinstance(command, AliasInfo):
        command = find_command(rt, command.definition, info.line)
    if isinstance(command, FunctionInfo):
        return ScriptProcessor(
            rt, info, command.block, args or [], name=command.name, dot=dot, has_input=has_input,
            is_filter=command.is_filter,
        )  # fmt: skip
    if isinstance(command, ScriptInfo):
        return ScriptProcessor(
            rt, info, command.block, args or [], name=command.name, dot=dot, has_input=has_input, own_script_scope=True
        )
    if isinstance(command, CmdletInfo):
        return CmdletProcessor(rt, info, command.cls, args or [], has_input=has_input)
    if isinstance(command, ApplicationInfo):
        return native.NativeProcessor(rt, info, command.path, native.raw_arguments(rt, rest, args), has_input=has_input)
    raise NotSimulated(f"running {name}", info.line)


# ------------------------------------------------------------------------------------------------ driving


class Live:
    """Input that arrives item by item while the pipeline runs."""

    def __init__(self, items: Iterator[Any]) -> None:
        self.items = items


class ExpressionStage(Processor):
    """The expression at the head of a pipeline, when it has redirections."""

    def __init__(self, rt: Interp, node: ast.CommandExpression) -> None:
        super().__init__(rt, position(node), "")
        self.node = node

    def do_process_none(self) -> None:
        self.rt.emit(self.rt.eval_raw(self.node.expression), self.out)


def make_pipeline(elements: Sequence[ast.CommandBase]) -> Run:
    """The function of a pipeline that is more than one expression."""
    if len(elements) == 1 and isinstance(elements[0], ast.Command) and not elements[0].redirections:
        return _single(elements[0])
    steps = [_element(element, index) for index, element in enumerate(elements)]

    def run(rt: Interp, out: Out) -> None:
        source: Any = NOTHING
        processors: list[Processor] = []
        pending: list[tuple[Processor, Sequence[ast.Redirection]]] = []
        for make, redirections in steps:
            made = make(rt)
            if not isinstance(made, Processor):
                source = made
                continue
            processors.append(made)
            if redirections:
                pending.append((made, redirections))
        rt.question = drive(rt, processors, source, out, pending)

    return run


def _element(element: ast.CommandBase, index: int) -> tuple[Callable[[Interp], Any], Sequence[ast.Redirection]]:
    """What makes the processor of an element, or the value of the expression at the head; and its redirections."""
    if isinstance(element, ast.CommandExpression) and not index:
        if element.redirections:
            staged = element
            return lambda rt: ExpressionStage(rt, staged), element.redirections
        return code_of(element.expression), ()
    if isinstance(element, ast.Command):
        return _with_line(processor_maker(element, has_input=index > 0), element), element.redirections

    def refused(_rt: Interp) -> Any:
        what = "an expression later in a pipeline" if isinstance(element, ast.CommandExpression) else ""
        raise NotSimulated(what or type(element).__name__, element.extent.line)

    return refused, ()


def _with_line(make: Callable[[Interp], Processor], element: ast.Command) -> Callable[[Interp], Processor]:
    def made(rt: Interp) -> Processor:
        try:
            return make(rt)
        except NotSimulated as refusal:
            if not refusal.line:
                refusal.line = element.extent.line
            raise

    return made


def _single(element: ast.Command) -> Run:
    """A command on its own, the commonest pipeline."""
    make = _with_line(processor_maker(element, has_input=False), element)

    def run(rt: Interp, out: Out) -> None:
        processor = make(rt)
        processor.out = out
        processor.pipeline = processor
        try:
            processor.run_alone()
        finally:
            processor.close()
        rt.question = not processor.failed

    return run


def drive(
    rt: Interp,
    processors: list[Processor],
    source: Any,
    out: Out,
    redirections: Sequence[tuple[Processor, Sequence[ast.Redirection]]] = (),
) -> bool:
    """Run the chain; whether every command succeeded."""
    pipe = object()
    for index, processor in enumerate(processors):
        processor.pipeline = pipe
        processor.index = index
        processor.out = processors[index + 1].accept if index + 1 < len(processors) else out
        processor.info.pipeline_length = len(processors)
        processor.info.pipeline_position = index + 1
    for processor, items in redirections:
        redirect(rt, processor, items)
    start = 0
    try:
        while True:
            try:
                if start == 0:
                    for processor in processors:
                        processor.begin()
                    if source is not NOTHING:
                        first = processors[0].accept
                        if isinstance(source, Live):
                            for item in source.items:
                                first(item)
                        else:
                            rt.emit(source, first)
                    else:
                        processors[0].accept_none()
                for processor in processors[start:]:
                    start = processor.index + 1
                    processor.end()
                break
            except StopUpstream as enough:
                stopper = enough.pipeline
                index = next((one.index for one in processors if one is stopper), -1)
                if index < 0:
                    raise
                for processor in processors[:index]:
                    processor.ended = True
                start = max(index, 1) if index else 1
                if index == 0:
                    processors[0].end()
                    start = 1
    except PipelineFailure as failure:
        if failure.pipeline is not pipe:
            raise
        raise failure.cause from None
    finally:
        for processor in processors:
            processor.close()
    return not any(processor.failed for processor in processors)
