"""The door of the lab's PowerShell: `Runspace.run` executes the commands of one pipeline on the caller's thread.

Decides what is shared between the pipelines of a runspace (global scope, $Error, environment), how parameters and
input reach a script, local and global scope, `exit`, and how a pipeline ends. Knows no protocol: wsman/ speaks PSRP
and calls this. Next: runtime/interp.py.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell import ast
from fleetdeploy.lab.powershell.parser import parse
from fleetdeploy.lab.powershell.runtime import commands, environment, typetables, values_ext
from fleetdeploy.lab.powershell.runtime.call_arguments import Arg
from fleetdeploy.lab.powershell.runtime.errors import (
    BreakFlow,
    ExitFlow,
    InvocationInfo,
    PipelineStopped,
    ReturnFlow,
    ScriptError,
    StopUpstream,
)
from fleetdeploy.lab.powershell.runtime.failures import to_script_error
from fleetdeploy.lab.powershell.runtime.interp import Interp
from fleetdeploy.lab.powershell.runtime.processors import Processor
from fleetdeploy.lab.powershell.runtime.scope import Scope
from fleetdeploy.lab.powershell.runtime.script_processor import ScriptProcessor
from fleetdeploy.lab.powershell.runtime.streams import Streams
from fleetdeploy.lab.powershell.runtime.values_ext import InformationRecord, ScriptBlockValue
from fleetdeploy.lab.powershell.values import ArrayList, DotNetException, ErrorRecord, PSArray, PSRuntimeError
from fleetdeploy.lab.windows.errors import MachineDown

if TYPE_CHECKING:
    from fleetdeploy.lab.powershell.dotnet.host_ui import ClientHost

PARSE_EXCEPTION = "System.Management.Automation.ParseException"
INCOMPLETE = "System.Management.Automation.IncompleteParseException"


class Sink(Protocol):
    """Where a pipeline's streams go. Values are the lab's."""

    def output(self, value: Any) -> None: ...

    def error(self, record: ErrorRecord) -> None: ...

    def warning(self, message: str) -> None: ...

    def verbose(self, message: str) -> None: ...

    def debug(self, message: str) -> None: ...

    def information(self, value: Any, tags: Sequence[str] = ()) -> None: ...

    def progress(self, **record: Any) -> None: ...

    def set_should_exit(self, code: int) -> None: ...


@dataclass(frozen=True, slots=True)
class CommandSpec:
    """One command of a pipeline as a client sends it."""

    text: str
    is_script: bool = True
    use_local_scope: bool | None = None
    parameters: tuple[tuple[str | None, Any], ...] = ()
    end_of_statement: bool = False
    merge_error_to_output: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a pipeline ended: "Completed", "Failed" or "Stopped"."""

    state: str
    error: ErrorRecord | None = None
    not_simulated: NotSimulated | None = None


_parse_lock = threading.Lock()


def _parsed(text: str, file: str | None) -> ast.ParseResult:
    # One at a time: many hosts ask for the same script at once, and one parse serves them all.
    with _parse_lock:
        return _parse_once(text, file)


@lru_cache(maxsize=512)
def _parse_once(text: str, file: str | None) -> ast.ParseResult:
    return parse(text, "5.1", file)


def parse_failure(result: ast.ParseResult) -> PSRuntimeError:
    """The ParseException of a script with errors; `Errors` lists (id, line)."""
    errors = result.errors
    incomplete = len(errors) > 0 and errors[0].incomplete_input
    kind = INCOMPLETE if incomplete else PARSE_EXCEPTION
    found = [] if incomplete else [(error.error_id, error.extent.line) for error in errors]
    first = errors[0]
    message = f"At line:{first.extent.line} char:{first.extent.column}\n{first.message}"
    exception = DotNetException(kind, first.message if incomplete else message, None, {"Errors": PSArray(found)})
    return PSRuntimeError(first.error_id, "ParserError", exception)


_REQUIRES = re.compile(r"(?im)^[ \t]*#requires[ \t]+-(\w+)[ \t]*([^\r\n]*)")


@lru_cache(maxsize=512)
def requirements(text: str) -> tuple[tuple[str, str], ...]:
    """The `#requires` of a script, name and value each: looked for once, since all hosts run the same scripts."""
    return tuple(_REQUIRES.findall(text))


def refuse_requirements(text: str) -> None:
    """`#requires` that every simulated host meets pass; others are refused."""
    for name, value in requirements(text):
        met = name.lower() == "runasadministrator" or (
            name.lower() == "version" and value.strip() in ("1.0", "2", "2.0", "3", "3.0", "4", "4.0")
        )
        if not met:
            raise NotSimulated(f"#requires -{name} {value}".strip())


class Runspace:
    """One runspace of a simulated host: pipelines run in it one after another and share its global scope."""

    def __init__(
        self,
        machine: Any = None,
        *,
        version: str = "5.1",
        variables: dict[str, Any] | None = None,
        max_depth: int = 300,
    ) -> None:
        typetables.load()
        self.machine = machine
        self.version = version
        self.max_depth = max_depth
        self.errors = ArrayList([])
        self.signatures: dict[Any, Any] = {}
        self.environment: dict[str, tuple[str, str]] = environment.initial_environment(machine)
        self.global_scope = Scope()
        self._sink: Sink | None = None
        self.lift_receive_quota: Callable[[], None] | None = None
        self.client_host: ClientHost | None = None
        environment.fill(self, variables or {})
        self.initial_names = frozenset(self.global_scope.variables)

    # -- what the runtime asks ---------------------------------------------------------------------------------------

    def environment_get(self, name: str) -> str | None:
        found = self.environment.get(name.lower())
        return None if found is None else found[1]

    def environment_set(self, name: str, value: str | None) -> None:
        if not value:
            self.environment.pop(name.lower(), None)
        else:
            self.environment[name.lower()] = (name, value)

    def compile_block(self, text: str, *, file: str | None = None) -> ScriptBlockValue:
        result = _parsed(text, file)
        if result.errors:
            raise parse_failure(result)
        refuse_requirements(text)
        return ScriptBlockValue(result.script_block, text, file=file or "")

    def host_line(self, text: str) -> None:
        """What goes to the host's screen only (-WhatIf): over the wire nobody sees it."""

    def sink_progress(self, record: dict[str, Any]) -> None:
        if self._sink is not None:
            self._sink.progress(**record)

    # -- running -----------------------------------------------------------------------------------------------------

    def run(
        self,
        commands_: Sequence[CommandSpec],
        input: Iterator[Any] | None,  # noqa: A002 - the word of the contract
        sink: Sink,
        stop: threading.Event,
        *,
        no_input: bool = True,
    ) -> Outcome:
        """Run one pipeline to its end, blocking. Never raises for what a script does."""
        streams = Streams(
            error=sink.error,
            warning=lambda record: sink.warning(record.message),
            verbose=lambda record: sink.verbose(record.message),
            debug=lambda record: sink.debug(record.message),
            information=lambda record: _information(sink, record),
        )
        self._sink = sink
        rt = Interp(self, streams, stop)
        before = values_ext.set_current(rt)
        try:
            self._run(rt, list(commands_), input, sink, no_input=no_input)
        except NotSimulated as refusal:
            if self.machine is not None and refusal not in self.machine.not_simulated:
                self.machine.not_simulated.append(refusal)
            return Outcome("Failed", None, refusal)
        except (PipelineStopped, MachineDown):
            return Outcome("Stopped")
        except ExitFlow as leaving:
            sink.set_should_exit(leaving.code)
            return Outcome("Completed")
        except (BreakFlow, ReturnFlow, StopUpstream):
            return Outcome("Completed")
        except ScriptError as error:
            rt.remember(error)
            return Outcome("Failed", error.record)
        except PSRuntimeError as failure:
            problem = to_script_error(rt, failure, None)
            rt.remember(problem)
            return Outcome("Failed", problem.record)
        except RecursionError:
            return Outcome("Failed", None, NotSimulated("a call chain this deep"))
        finally:
            values_ext.set_current(before)
            self._sink = None
        return Outcome("Completed")

    def _run(
        self, rt: Interp, specs: list[CommandSpec], source: Iterator[Any] | None, sink: Sink, *, no_input: bool
    ) -> None:
        statement: list[CommandSpec] = []
        for spec in specs:
            statement.append(spec)
            if spec.end_of_statement:
                self._statement(rt, statement, source, sink, no_input=no_input)
                statement = []
        if statement:
            self._statement(rt, statement, source, sink, no_input=no_input)

    def _statement(
        self, rt: Interp, specs: list[CommandSpec], source: Iterator[Any] | None, sink: Sink, *, no_input: bool
    ) -> None:
        processors: list[Processor] = []
        for index, spec in enumerate(specs):
            has_input = index > 0 or (source is not None and not no_input)
            processors.append(self._processor(rt, spec, has_input=has_input))
        feed: Any = commands.NOTHING if source is None or no_input else _Feed(source)
        try:
            drive_top(rt, processors, feed, sink.output)
        except PSRuntimeError as failure:
            raise to_script_error(rt, failure, None) from failure

    def _processor(self, rt: Interp, spec: CommandSpec, *, has_input: bool) -> Processor:
        args = [
            Arg(value, name, None if name is None else f"-{name}", name is not None) for name, value in spec.parameters
        ]
        processor: Processor
        if not spec.is_script:
            processor = commands.processor_for(rt, spec.text, args, InvocationInfo(1), has_input=has_input)
        else:
            block = self.compile_block(spec.text)
            # A client's script stands nowhere: its own invocation has no line.
            info = InvocationInfo(0)
            info.command = values_ext.ClientScript(block)
            local = bool(spec.use_local_scope)
            processor = ScriptProcessor(rt, info, block, args, dot=not local, has_input=has_input)
            # A local scope is no script scope: `$script:` still means the global one.
            processor.top_level = True
        if spec.merge_error_to_output:
            outer = processor
            processor.streams = processor.streams.with_(error=lambda record: outer.out(record))
        return processor


class _Feed:
    """Pipeline input that arrives while the pipeline runs."""

    def __init__(self, source: Iterator[Any]) -> None:
        self.source = source


def drive_top(rt: Interp, processors: list[Processor], feed: Any, out: Any) -> None:
    """As commands.drive, with live input; an input stream that ends without an item still runs `process` once."""
    if not isinstance(feed, _Feed):
        commands.drive(rt, processors, feed, out)
        return
    first = processors[0]

    def items() -> Iterator[Any]:
        some = False
        for item in feed.source:
            some = True
            rt.check_stop()
            yield item
        if not some:
            first.accept_none()

    commands.drive(rt, processors, commands.Live(items()), out)


def _information(sink: Sink, record: InformationRecord) -> None:
    sink.information(record.data, record.tags)
