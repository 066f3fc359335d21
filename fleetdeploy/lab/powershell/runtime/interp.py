"""The interpreter of one pipeline: its state (scope, streams, flags) and the operations everything else builds on.

Decides name spaces of variables, automatic variables, preferences, how errors are remembered and reported, and how
a script block is called. Evaluation is expressions.py, execution statements.py, commands commands.py. One Interp
belongs to one thread. Next: engine.py, which makes one per pipeline.
"""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, ClassVar

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell import ast, convert
from fleetdeploy.lab.powershell.runtime import expressions as expressions  # fill the tables of compiled
from fleetdeploy.lab.powershell.runtime import specials
from fleetdeploy.lab.powershell.runtime import statements as statements
from fleetdeploy.lab.powershell.runtime.compiled import block_run, code_of, statement_value
from fleetdeploy.lab.powershell.runtime.errors import (
    PipelineStopped,
    ScriptError,
)
from fleetdeploy.lab.powershell.runtime.language_mode import CONSTRAINED
from fleetdeploy.lab.powershell.runtime.scope import AUTO_NULL, Scope
from fleetdeploy.lab.powershell.runtime.streams import Streams
from fleetdeploy.lab.powershell.runtime.values_ext import (
    DebugRecord,
    InformationRecord,
    ScriptBlockValue,
    VerboseRecord,
    WarningRecord,
    is_enumerable,
    iterate,
)
from fleetdeploy.lab.powershell.values import ErrorRecord

if TYPE_CHECKING:
    from fleetdeploy.lab.powershell.engine import Runspace

Out = Callable[[Any], None]
_NOT_GIVEN: Any = object()
MAX_ERRORS = 256
sys.setrecursionlimit(max(sys.getrecursionlimit(), 20_000))


class Interp:
    """The state of one running pipeline."""

    NEVER_UNSET: ClassVar[frozenset[str]] = frozenset({"args", "error", "input"})

    def __init__(self, runspace: Runspace, streams: Streams, stop: threading.Event) -> None:
        self.runspace = runspace
        self.machine = runspace.machine
        self.constrained = getattr(self.machine, "language_mode", "") == CONSTRAINED
        self.scope: Scope = runspace.global_scope
        self.streams = streams
        self.base_streams = streams
        self.stop = stop
        self.stopped = stop.is_set
        self.propagate = False
        self.in_try = False
        self.question = True
        # True at the top of a script and in dot-sourced blocks: `+=` then sees the caller's variables.
        self.dotted = True
        self.catching: list[ErrorRecord] = []
        self.namespaces: list[str] = []
        self.closure: Scope | None = None
        self.depth = 0
        self.out: Out = lambda _value: None
        self.shields = 0
        self.frame: Any = None
        # The cmdlet whose block is running (ForEach-Object …), if any.
        self.cmdlet: Any = None

    # -- evaluation ------------------------------------------------------------------------------------------------

    def eval_raw(self, node: ast.Node) -> Any:
        return code_of(node)(self)

    def eval(self, node: ast.Node) -> Any:
        value = code_of(node)(self)
        return None if value is AUTO_NULL else value

    def value_of(self, node: ast.Statement) -> Any:
        """A statement as a value: an expression's own value, else what it writes (AUTO_NULL, one, or an array)."""
        return statement_value(node)(self)

    def exec_block(self, block: ast.StatementBlock | ast.NamedBlock, out: Out) -> None:
        block_run(block)(self, out)

    def emit(self, value: Any, out: Out) -> None:
        """Write a value as a statement does: collections element by element."""
        kind = type(value)
        if kind is str or kind is int or kind is bool or value is None:
            out(value)
        elif value is AUTO_NULL:
            return
        elif is_enumerable(value):
            for item in iterate(value):
                out(None if item is AUTO_NULL else item)
        else:
            out(value)

    def to_string(self, value: Any) -> str:
        """Text as in an expandable string: collections joined by $OFS."""
        if type(value) is str:
            return value
        if value is None or value is AUTO_NULL:
            return ""
        if is_enumerable(value) and not isinstance(value, str):
            variable = self.scope.find("ofs")
            separator = " "
            if variable is not None and variable.value is not None:
                separator = convert.to_string(variable.value)
            return separator.join(
                convert.net_to_string(item)
                if is_enumerable(item)
                else convert.written(None if item is AUTO_NULL else item)
                for item in iterate(value)
            )
        return convert.to_string(value)

    # -- stopping --------------------------------------------------------------------------------------------------

    def check_stop(self) -> None:
        if self.stop.is_set() and not self.shields:
            raise PipelineStopped

    @contextlib.contextmanager
    def shielded(self) -> Iterator[None]:
        self.shields += 1
        try:
            yield
        finally:
            self.shields -= 1

    def sleep(self, seconds: float) -> None:
        if self.shields:
            time.sleep(min(seconds, 1.0))
            return
        if self.stop.wait(seconds):
            raise PipelineStopped

    # -- scopes and variables ----------------------------------------------------------------------------------------

    def scope_of(self, qualifier: str) -> Scope:
        if qualifier == "global":
            return self.runspace.global_scope
        if qualifier == "script":
            return self.scope.script or self.runspace.global_scope
        return self.scope

    def drive_variable(self, drive: str, name: str, line: int) -> Any:
        return specials.drive_get(self, drive, name, line)

    def set_drive_variable(self, drive: str, name: str, value: Any, line: int) -> None:
        specials.drive_set(self, drive, name, value, line)

    def method_special(self, target: Any, name: str, args: list[Any], node: ast.Node | None) -> Any:
        return specials.method(self, target, name, args, node)

    def static_special(self, target: Any, name: str, args: list[Any], node: ast.Node | None) -> Any:
        return specials.static(self, target, name, args, node)

    def preference(self, name: str, default: str) -> str:
        variable = self.scope.find(name.lower())
        if variable is None or variable.value is None:
            return default
        return convert.to_string(variable.value).lower()

    # -- errors ------------------------------------------------------------------------------------------------------

    def remember(self, error: ScriptError) -> None:
        """Put it in $Error, once."""
        if not error.recorded:
            error.recorded = True
            self.add_to_errors(error.record)

    def add_to_errors(self, record: ErrorRecord) -> None:
        errors = self.runspace.errors.items
        if errors and errors[0] is record:
            return
        errors.insert(0, record)
        del errors[MAX_ERRORS:]

    def listen(self, record: ErrorRecord) -> None:
        for collected in self.streams.error_lists:
            collected.items.append(record)

    def report(self, record: ErrorRecord) -> None:
        """Write to the error stream and the lists of -ErrorVariable."""
        self.listen(record)
        self.streams.error(record)

    def write_information(self, record: InformationRecord, *, shown: bool = True) -> None:
        for collected in self.streams.information_lists:
            collected.items.append(record)
        if shown:
            self.streams.information(record)

    def write_stream(self, name: str, text: str, preference: str) -> None:
        """Warning, verbose and debug: what the preference says."""
        if preference == "inquire":
            raise NotSimulated(f"a prompt for {name} (Inquire)")
        kind = {"warning": WarningRecord, "verbose": VerboseRecord, "debug": DebugRecord}[name]
        record = kind(text)
        if name == "warning" and preference != "ignore":
            for collected in self.streams.warning_lists:
                collected.items.append(record)
        if preference in ("continue", "stop"):
            getattr(self.streams, name)(record)
        if preference == "stop":
            from fleetdeploy.lab.powershell.runtime.errors import runtime_error

            raise runtime_error(
                "ActionPreferenceStop",
                "OperationStopped",
                f"The running command stopped because the preference variable is set to Stop: {text}",
                exception_type="System.Management.Automation.ActionPreferenceStopException",
            )

    # -- script blocks -----------------------------------------------------------------------------------------------

    def invoke_block(
        self,
        block: ScriptBlockValue,
        args: list[Any] | tuple[Any, ...] = (),
        *,
        dollar_under: Any = _NOT_GIVEN,
        this: Any = _NOT_GIVEN,
        input: list[Any] | None = None,  # noqa: A002 - the word of PowerShell
        same_scope: bool = False,
        propagate: bool = False,
        out: Out | None = None,
    ) -> list[Any]:
        """Call a block with positional arguments; its output as a list (or to `out`).

        `same_scope`: as ForEach-Object does, in the caller's scope. `propagate`: errors of its statements travel.
        """
        from fleetdeploy.lab.powershell.runtime import blocks

        collected: list[Any] = []
        blocks.call(
            self,
            block,
            list(args),
            out or collected.append,
            dollar_under=dollar_under,
            this=this,
            input_items=input,
            same_scope=same_scope,
            propagate=propagate,
        )
        return collected


NOT_GIVEN = _NOT_GIVEN
