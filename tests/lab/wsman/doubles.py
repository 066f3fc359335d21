"""Stand-ins for the machine and the PowerShell behind the protocol, so that the protocol is tested alone.

``EchoEngine`` knows no PowerShell: its "scripts" are one-word orders with arguments, enough to make each kind of
message.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from psrpcore.types import ErrorCategory, ErrorCategoryInfo, ErrorRecord, NETException

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.windows.accounts import Accounts, Refusal
from fleetdeploy.lab.windows.audit import LogonAttempt
from fleetdeploy.lab.windows.effects import Effects
from fleetdeploy.lab.windows.faults import Faults
from fleetdeploy.lab.wsman.engine import Command


class PlainHost:
    """A machine with accounts and nothing else."""

    def __init__(self, name: str, *, powershell: str, os_build: int, **_: Any) -> None:
        self.name = name
        self.powershell = powershell
        self.os_build = os_build
        self.os_version = f"10.0.{os_build}"
        self.accounts = Accounts(name, lockout_threshold=5)
        self.effects = Effects()
        self.faults = Faults()
        self.not_simulated: list[Exception] = []
        self.released: list[Any] = []
        self.refusals: list[tuple[LogonAttempt, Refusal]] = []
        self.on_down: list[Any] = []
        self.on_winrm_restart: list[Any] = []
        self.up = True

    def logon_refused(self, attempt: LogonAttempt, refusal: Refusal) -> None:
        self.refusals.append((attempt, refusal))

    def release(self, owner: Any) -> None:
        self.released.append(owner)

    def reach(self, point: str) -> None:
        self.faults.passed(point)

    def reboot(self) -> None:
        self.effects.add("boot")
        self.up = False
        for listener in self.on_down:
            listener()
        threading.Timer(0.2, lambda: setattr(self, "up", True)).start()

    def close(self) -> None:
        self.up = False


@dataclass
class Ended:
    state: str = "Completed"
    error: Any = None
    not_simulated: NotSimulated | None = None


def record(message: str, error_id: str) -> ErrorRecord:
    exception = NETException(Message=message)
    exception.PSObject.type_names = [
        "System.Management.Automation.RuntimeException",
        "System.Exception",
        "System.Object",
    ]
    value = ErrorRecord(
        Exception=exception,
        CategoryInfo=ErrorCategoryInfo(Category=ErrorCategory.OperationStopped, Reason="RuntimeException"),
        FullyQualifiedErrorId=error_id,
    )
    value.PSObject.to_string = message
    return value


class EchoRunspace:
    def __init__(self, host: Any, engine: EchoEngine) -> None:
        self.host = host
        self.engine = engine
        self.variables: dict[str, str] = {}
        self.exit_code = 0
        self.lift_receive_quota: Any = None
        self.client_host: Any = None

    def run(
        self,
        commands: Sequence[Command],
        input: Iterator[Any] | None,  # noqa: A002
        sink: Any,
        stop: threading.Event,
        *,
        no_input: bool,
    ) -> Ended:
        self.engine.ran.append([c.text for c in commands])
        if not commands[0].is_script:  # a program: prints its arguments, its exit code is their number
            if commands[0].text == "nonesuch.exe":
                sink.error(SimpleNamespace(error_id="CommandNotFoundException"))
                return Ended()
            words = [str(value) for _, value in commands[0].parameters]
            self.exit_code = len(words)
            sink.output(" ".join([commands[0].text, *words]))
            return Ended()
        if commands[0].text == "$LASTEXITCODE":
            sink.output(self.exit_code)
            return Ended()
        for order in commands[0].text.split("\n"):
            word, _, rest = order.strip().partition(" ")
            if word == "throw":
                return Ended("Failed", record(rest, rest))
            if word == "refuse":
                return Ended("Failed", None, NotSimulated(rest, 1))
            self.order(word, rest, commands[0], input, sink, stop)
            if stop.is_set():
                return Ended("Stopped")
        return Ended()

    def order(self, word: str, rest: str, command: Command, items: Any, sink: Any, stop: threading.Event) -> None:
        match word:
            case "say":
                sink.output(rest)
            case "many":
                for number in range(int(rest)):
                    sink.output(number)
            case "big":
                sink.output("x" * int(rest))
            case "null":
                sink.output(None)
            case "error":
                sink.error(record(rest, rest))
            case "exit":
                sink.set_should_exit(int(rest))
            case "sleep":
                stop.wait(float(rest))
            case "input":
                assert items is not None
                for item in items:
                    sink.output(len(item) if isinstance(item, bytes | bytearray) else item)
            case "parameters":
                sink.output([f"{name}={value}" for name, value in command.parameters])
            case "scope":
                sink.output(str(command.use_local_scope))
            case "set":
                name, _, value = rest.partition("=")
                self.variables[name] = value
            case "get":
                sink.output(self.variables.get(rest))
            case "wait-for":
                self.engine.gates.setdefault(rest, threading.Event()).wait(10)
            case "progress":
                sink.progress("A", 1, "S", 50)
            case "information":
                sink.information(rest, ["T"])
            case "warning" | "verbose" | "debug":
                getattr(sink, word)(rest)
            case "crash":
                raise RuntimeError(rest)


class EchoEngine:
    def __init__(self) -> None:
        self.ran: list[list[str]] = []
        self.gates: dict[str, threading.Event] = {}

    def runspace(self, host: Any) -> EchoRunspace:
        return EchoRunspace(host, self)

    def command(self, command: Command) -> Command:
        return command

    def to_wire(self, value: Any) -> Any:
        return value

    def from_wire(self, value: Any) -> Any:
        return value

    def stopped_error(self) -> Any:
        return record("The pipeline has been stopped.", "PipelineStopped")

    def display(self, value: Any) -> list[str]:
        return [str(value)]


__all__ = ["EchoEngine", "PlainHost"]
