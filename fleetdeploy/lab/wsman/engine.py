"""The seam between the protocol and the PowerShell that runs behind it.

``Engine`` is what PSRP and WinRS shells need: runspaces, and values to and from what psrpcore can (de)serialise.
``PowerShellEngine`` is the real one; it is imported only when the first shell opens. Tests of the protocol alone
put a double in its place.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol


class Sink(Protocol):
    """Where a running pipeline writes. Called from its thread. Values are the engine's own."""

    def output(self, value: Any) -> None: ...

    def error(self, record: Any) -> None: ...

    def warning(self, message: str) -> None: ...

    def verbose(self, message: str) -> None: ...

    def debug(self, message: str) -> None: ...

    def information(self, value: Any, tags: Sequence[str] = ()) -> None: ...

    def progress(self, *args: Any, **kwargs: Any) -> None: ...

    def set_should_exit(self, code: int) -> None: ...


class Outcome(Protocol):
    """How a pipeline ended."""

    @property
    def state(self) -> str: ...

    @property
    def error(self) -> Any: ...

    @property
    def not_simulated(self) -> Exception | None: ...


@dataclass(frozen=True, slots=True)
class Command:
    """One command of a pipeline, as the client sent it; parameter values are the engine's own."""

    text: str
    is_script: bool
    use_local_scope: bool | None = None
    parameters: tuple[tuple[str | None, Any], ...] = ()
    end_of_statement: bool = False
    merge_error_to_output: bool = False


class Runspace(Protocol):
    """One runspace: pipelines run in it one after another, on the caller's thread.

    ``lift_receive_quota`` is set before each run: what a script may call to receive more than a command may; and
    ``client_host``: what prompts ask (``prompts.py``).
    """

    lift_receive_quota: Callable[[], None] | None
    client_host: Any

    def run(
        self,
        commands: Sequence[Any],
        input: Iterator[Any] | None,  # noqa: A002 - the engine's own name for it
        sink: Any,
        stop: threading.Event,
        *,
        no_input: bool,
    ) -> Outcome: ...


class Engine(Protocol):
    """What runs scripts on a host."""

    def runspace(self, host: Any) -> Runspace: ...

    def command(self, command: Command) -> Any:
        """The engine's own command object."""

    def to_wire(self, value: Any) -> Any: ...

    def from_wire(self, value: Any) -> Any: ...

    def stopped_error(self) -> Any:
        """What a stopped pipeline says at its end, ready for the wire."""
        ...

    def display(self, value: Any) -> list[str]:
        """The lines that a console shows of an output object."""
        ...


class PowerShellEngine:
    """``fleetdeploy.lab.powershell`` behind the seam."""

    def runspace(self, host: Any) -> Runspace:
        from fleetdeploy.lab.powershell import types
        from fleetdeploy.lab.powershell.engine import Runspace as Real

        types.load()
        from fleetdeploy.lab.powershell.dotnet.remoting_host import INTERNAL_HOST, HostPart

        remote = HostPart(INTERNAL_HOST, host.powershell, host.os_build)
        real: Runspace = Real(host, version=host.powershell, variables={"Host": remote})
        return real

    def command(self, command: Command) -> Any:
        from fleetdeploy.lab.powershell.engine import CommandSpec

        return CommandSpec(
            text=command.text,
            is_script=command.is_script,
            use_local_scope=command.use_local_scope,
            parameters=command.parameters,
            end_of_statement=command.end_of_statement,
            merge_error_to_output=command.merge_error_to_output,
        )

    def to_wire(self, value: Any) -> Any:
        from fleetdeploy.lab.powershell import clixml

        return clixml.to_psrp(value)

    def from_wire(self, value: Any) -> Any:
        from fleetdeploy.lab.powershell import clixml_reading

        return clixml_reading.from_psrp(value)

    def stopped_error(self) -> Any:
        from fleetdeploy.lab.powershell import clixml
        from fleetdeploy.lab.powershell.runtime.errors import make_record
        from fleetdeploy.lab.powershell.values import DotNetException

        exception = DotNetException(
            "System.Management.Automation.PipelineStoppedException", "The pipeline has been stopped."
        )
        return clixml.to_psrp(make_record("PipelineStopped", "OperationStopped", exception))

    def display(self, value: Any) -> list[str]:
        from fleetdeploy.lab.powershell.cmdlets.language_output import shown_lines

        return shown_lines(value, 0)
