"""Native programs: the table `@native("sc.exe")`, argument mangling of Windows PowerShell, output, stderr, exit codes.

A program is a function `(ctx, argv, stdin) -> NativeResult`: `argv` are the arguments as the program sees them
(after the C runtime has split the command line), `stdin` the lines piped in, or None. It may use `ctx.machine`,
`ctx.sleep(seconds)` and `ctx.check_stop()`. A program or option the lab does not simulate: `raise
NotSimulated("sc.exe qtriggerinfo")`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell import ast, convert
from fleetdeploy.lab.powershell.containers import DictionaryBase
from fleetdeploy.lab.powershell.runtime.call_arguments import NO_ARGUMENT, Arg
from fleetdeploy.lab.powershell.runtime.errors import InvocationInfo, ScriptError, complete
from fleetdeploy.lab.powershell.runtime.processors import Processor
from fleetdeploy.lab.powershell.runtime.values_ext import is_enumerable, iterate
from fleetdeploy.lab.powershell.spelled import Spelled
from fleetdeploy.lab.powershell.values import DotNetException, ErrorRecord, is_number
from fleetdeploy.lab.windows.ownership import child

if TYPE_CHECKING:
    from fleetdeploy.lab.powershell.runtime.interp import Interp


@dataclass(frozen=True, slots=True)
class NativeResult:
    """What a program printed and returned."""

    exit_code: int = 0
    stdout_lines: Sequence[str] = ()
    stderr_lines: Sequence[str] = ()


@dataclass(slots=True)
class NativeContext:
    """What a program may use."""

    machine: Any
    sleep: Callable[[float], None]
    check_stop: Callable[[], None]
    environment: Callable[[str], str | None] = field(default=lambda _name: None)


Program = Callable[[NativeContext, list[str], "list[str] | None"], NativeResult]
_programs: dict[str, Program] = {}


def native(*names: str) -> Callable[[Program], Program]:
    """Register a program under its file names ("sc.exe")."""

    def register(program: Program) -> Program:
        for name in names:
            _programs[name.lower()] = program
        return program

    return register


def program_of(name: str) -> Program | None:
    """The program registered under a file name, with or without .exe and a Windows path."""
    key = name.lower().replace("/", "\\").rsplit("\\", 1)[-1]
    return _programs.get(key) or _programs.get(f"{key}.exe")


def find(rt: Interp, key: str) -> str | None:
    """The name to run, if a call of `key` means a program."""
    from fleetdeploy.lab.powershell.cmdlets import registry

    registry.load_all()
    if "\\" in key or "/" in key:
        path = key.replace("/", "\\")
        if not path.endswith(".exe"):
            return None
        if program_of(path) is not None and path.startswith(("c:\\windows\\",)):
            return path
        if rt.machine is not None and ":" in path[:3] and rt.machine.fs.is_file(path):
            raise NotSimulated(f"running the program {key}")
        return None
    if key == "sc":
        return None
    return key if program_of(key) is not None else None


# ------------------------------------------------------------------------------------------------ arguments


def raw_arguments(rt: Interp, rest: Sequence[ast.Node], args: list[Arg] | None) -> str:
    """The command line behind the program's name, as Windows PowerShell 5.1 builds it."""
    pieces: list[str] = []
    if args is not None and not rest:
        for arg in args:
            if arg.name is not None:
                pieces.append(_quoted(arg.text or f"-{arg.name}"))
            if arg.value is not NO_ARGUMENT:
                pieces.extend(_value_pieces(rt, arg.value, None))
        return " ".join(pieces)
    index = 0
    while index < len(rest):
        node = rest[index]
        index += 1
        if isinstance(node, ast.CommandParameter):
            text = node.extent.text
            if node.argument is None:
                pieces.append(_quoted(text))
                continue
            gap = node.extent.source.text[node.error_position.end : node.argument.extent.start]
            head = node.extent.source.text[node.extent.start : node.error_position.end]
            if not head.endswith(":"):
                head += ":" if ":" in gap else ""
            values = _value_pieces(rt, rt.eval(node.argument), _source_text(node.argument), raw=True)
            if gap.strip(":") or node.extent.source.text[node.argument.extent.start - 1].isspace():
                pieces.append(_quoted(head))
                pieces.extend(_quoted(one) for one in values)
            else:
                pieces.append(_quoted(head + " ".join(values)))
            continue
        if (
            isinstance(node, ast.StringConstantExpression)
            and node.value == "--%"
            and node.string_constant_type == "BareWord"
        ):
            continue
        if index >= 2 and _is_stop(rest[index - 2]):
            raw = node.value if isinstance(node, ast.StringConstantExpression) else node.extent.text
            pieces.append(re.sub(r"%([^%]+)%", lambda found: rt.runspace.environment_get(found[1]) or found[0], raw))
            continue
        if isinstance(node, ast.VariableExpression) and node.splatted:
            value = rt.eval(node)
            if isinstance(value, DictionaryBase):
                for key, item in value.items():
                    pieces.append(_quoted(f"-{rt.to_string(key)}:{rt.to_string(item)}"))
            else:
                pieces.extend(_value_pieces(rt, value, None))
            continue
        if isinstance(node, ast.StringConstantExpression) and node.string_constant_type == "BareWord":
            pieces.append(_quoted(node.value))
            continue
        if isinstance(node, ast.ArrayLiteral):
            pieces.append(_comma_list(rt, node))
            continue
        pieces.extend(_value_pieces(rt, rt.eval(node), _source_text(node)))
    return " ".join(piece for piece in pieces if piece != "")


def _comma_list(rt: Interp, node: ast.ArrayLiteral) -> str:
    """`a,b` stays one argument, `a, b` becomes `a,` and `b`: the commas and blanks as written."""
    text = ""
    for position, element in enumerate(node.elements):
        if position:
            gap = node.extent.source.text[node.elements[position - 1].extent.end : element.extent.start]
            text += ", " if gap.endswith((" ", "\t", "\n")) else ","
        text += " ".join(_value_pieces(rt, rt.eval(element), _source_text(element)))
    return text


def _is_stop(node: ast.Node) -> bool:
    return isinstance(node, ast.StringConstantExpression) and node.value == "--%"


def _source_text(node: ast.Node) -> str | None:
    return node.extent.text if isinstance(node, ast.ConstantExpression) and is_number(node.value) else None


def _value_pieces(rt: Interp, value: Any, text: str | None, *, raw: bool = False) -> list[str]:
    if value is None:
        return []
    if text is not None and not is_enumerable(value):
        return [text]
    if isinstance(value, Spelled):
        shown = [convert.written(value)]
    else:
        items = list(iterate(value)) if is_enumerable(value) else [value]
        shown = [convert.written(item) if isinstance(item, Spelled) else rt.to_string(item) for item in items]
    return shown if raw else [_quoted(one) for one in shown if one != ""]


def _quoted(text: str) -> str:
    """5.1 puts quotes around what has white space outside of quotes, and escapes nothing inside."""
    if not text:
        return ""
    inside = False
    needs = False
    for char in text:
        if char == '"':
            inside = not inside
        elif char.isspace() and not inside:
            needs = True
    return f'"{text}"' if needs else text


def split_command_line(line: str) -> list[str]:
    """Arguments as the C runtime splits a command line."""
    args: list[str] = []
    index = 0
    size = len(line)
    while True:
        while index < size and line[index] in " \t":
            index += 1
        if index >= size:
            return args
        current = ""
        quoted = False
        while index < size:
            char = line[index]
            if char in " \t" and not quoted:
                break
            if char == "\\":
                count = 0
                while index < size and line[index] == "\\":
                    count += 1
                    index += 1
                if index < size and line[index] == '"':
                    current += "\\" * (count // 2)
                    if count % 2:
                        current += '"'
                        index += 1
                else:
                    current += "\\" * count
                continue
            if char == '"':
                if quoted and index + 1 < size and line[index + 1] == '"':
                    current += '"'
                    index += 2
                    continue
                quoted = not quoted
                index += 1
                continue
            current += char
            index += 1
        args.append(current)


# ------------------------------------------------------------------------------------------------ running


class NativeProcessor(Processor):
    """One run of a native program in a pipeline."""

    def __init__(self, rt: Interp, info: InvocationInfo, name: str, line: str, *, has_input: bool) -> None:
        super().__init__(rt, info, name)
        self.command_line = line
        self.has_input = has_input
        self.lines: list[str] = []

    def do_process(self, value: Any) -> None:
        self.lines.extend(self.rt.to_string(value).split("\n"))

    def do_end(self) -> None:
        rt = self.rt
        program = program_of(self.name)
        if program is None:
            raise NotSimulated(f"the program {self.name}", self.info.line)
        context = NativeContext(rt.machine, rt.sleep, rt.check_stop, rt.runspace.environment_get)
        # What it reads from may be another program, which Windows runs at the same time.
        with child(self.name, processes=2 if self.has_input else 1):
            result = program(context, split_command_line(self.command_line), self.lines if self.has_input else None)
        rt.runspace.global_scope.set("LASTEXITCODE", result.exit_code)
        stop = bool(result.stderr_lines) and rt.preference("ErrorActionPreference", "continue") == "stop"
        if stop and rt.streams.error is rt.base_streams.error:
            raise NotSimulated("stderr of a program under $ErrorActionPreference Stop", self.info.line)
        for number, line in enumerate(result.stderr_lines):
            record = self._stderr(line, first=number == 0)
            if stop:
                # Windows PowerShell 5.1: a redirected line of stderr is an error that Stop makes terminating.
                raise ScriptError(record, stop=True)
            rt.streams.error(record)
        for line in result.stdout_lines:
            self.out(line)
        if result.exit_code:
            self.failed = True

    def _stderr(self, line: str, *, first: bool) -> ErrorRecord:
        exception = DotNetException("System.Management.Automation.RemoteException", line)
        record = ErrorRecord(
            exception, "NativeCommandError" if first else "NativeCommandErrorMessage", "NotSpecified", line
        )
        return complete(record, info=self.info)
