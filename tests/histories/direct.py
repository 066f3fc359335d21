"""A session that hands scripts to the lab's PowerShell at once, without HTTP, NTLM and PSRP: for long soaks only.

The scripts, the interpreter, the simulated Windows, its files, locks, faults and power are the real ones; only the
way there is short. ``make check`` plays its histories over real sockets; ``make soak`` may play thousands this way.
What the wire adds (sealing, fragments, quotas, Receive) has tests of its own. An error means here what it means in
``hosts/psrp.py``: ``Unreachable`` only where nothing can have begun, else ``AnswerLost``.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

from fleetdeploy.errors import AnswerLost, Unreachable
from fleetdeploy.hosts.session import Script, ScriptError, ScriptResult
from fleetdeploy.lab.fleet import LabHost
from fleetdeploy.lab.powershell.engine import CommandSpec
from fleetdeploy.lab.powershell.values import ByteArray
from fleetdeploy.lab.windows.faults import FaultKind
from fleetdeploy.lab.windows.ownership import acting_as
from fleetdeploy.lab.wsman.engine import PowerShellEngine
from fleetdeploy.lab.wsman.http import Reset
from fleetdeploy.lab.wsman.shells import Shell, ShellCommand
from fleetdeploy.lab.wsman.threads import start_thread
from fleetdeploy.model.host import Connection
from fleetdeploy.model.secret import Secret


class DirectShell(Shell):
    """Stands in the host's list of shells, so that it ends with the power or with an administrator's hand."""

    kind = "direct"

    def __init__(self, host: LabHost, loop: Any, user: str) -> None:
        super().__init__(loop, host.machine, resource_uri="direct", user=user, idle_timeout=7200, peer="127.0.0.1")
        host.service.shells[self.id] = self


class _Sink:
    """Keeps what a script writes."""

    def __init__(self) -> None:
        self.values: list[str] = []
        self.errors: list[ScriptError] = []
        self.exit_code: int | None = None

    def output(self, value: Any) -> None:
        if value is not None:
            self.values.append(str(value))

    def error(self, record: Any) -> None:
        self.errors.append(_problem(record))

    def warning(self, message: str) -> None: ...

    verbose = debug = warning

    def information(self, value: Any, tags: Any = ()) -> None: ...

    def progress(self, **record: Any) -> None: ...

    def set_should_exit(self, code: int) -> None:
        self.exit_code = code


def _problem(record: Any) -> ScriptError:
    return ScriptError(error_id=record.error_id, message=record.exception.message)


class DirectSession:
    """``hosts.session.Session`` on a machine of the lab."""

    def __init__(self, host: LabHost, loop: Any, user: str) -> None:
        self._host, self._loop, self._user = host, loop, user
        self._engine = PowerShellEngine()
        self._shell: DirectShell | None = None
        self._runspace: Any = None
        self._last = time.monotonic()
        self._changing = False

    @property
    def idle_s(self) -> float:
        return time.monotonic() - self._last

    @property
    def may_be_changing(self) -> bool:
        return self._changing

    def run(self, script: Script, *, feed: Iterator[bytes | str] | None = None, deadline_s: float) -> ScriptResult:
        host, name = self._host, self._host.name
        faults = host.machine.faults
        refused = faults.pending(FaultKind.REFUSE) and faults.take(FaultKind.REFUSE, "connect")
        if not host.machine.up or refused:
            self._forget()
            raise Unreachable(f"{name}: {script.name}: the host does not answer", host=name)
        if self._shell is None or self._shell.closed:
            self._shell = DirectShell(host, self._loop, self._user)
            self._runspace = self._engine.runspace(host.machine)
        shell = self._shell
        command = ShellCommand(shell, str(uuid.uuid4()).upper())
        command.text = script.text
        shell.commands[command.id] = command
        self._changing = script.changing
        try:
            host.service.injection.starting(command)
        except Reset:
            self._forget()
            raise AnswerLost(f"{name}: {script.name}: the connection broke", host=name) from None
        sink, ended = _Sink(), threading.Event()
        outcome: list[Any] = []
        values = {k: v for k, v in script.parameters.items() if v is not None}
        spec = CommandSpec(script.text, use_local_scope=True, parameters=tuple(values.items()))
        setattr(command, "_commands", [spec])  # noqa: B010 - where a pipeline keeps what it was given
        runspace = self._runspace
        runspace.lift_receive_quota = lambda: None

        broken: list[BaseException] = []

        def fed_from(source: Iterator[bytes | str]) -> Iterator[Any]:
            while True:
                try:
                    item = next(source)
                except StopIteration:
                    return
                except BaseException as error:  # noqa: BLE001 - over a wire it would be raised on the caller's thread
                    broken.append(error)
                    command.stop.set()
                    return
                yield ByteArray(item) if isinstance(item, bytes) else item

        def work() -> None:
            try:
                with acting_as(shell):
                    fed = None if feed is None else fed_from(feed)
                    outcome.append(runspace.run([spec], fed, sink, command.stop, no_input=feed is None))
                    host.service.injection.ended(command)
            finally:
                shell.let_go()
                ended.set()

        start_thread(work, f"lab-{name}-direct")
        until = time.monotonic() + deadline_s
        if command.break_receive:
            self._forget()
            raise AnswerLost(f"{name}: no answer to {script.name}: reset", host=name)
        while not ended.wait(0.1):
            # Whoever ends a shell aborts the waiting Receive at once, before its script has come to an end.
            if shell.closed or time.monotonic() > until:
                self._forget()
                raise AnswerLost(f"{name}: no answer to {script.name}", host=name)
        if broken:
            self._forget()
            raise broken[0]
        lost = command.break_receive or command.lose_answer is not None
        if shell.closed or lost or not outcome or outcome[0].state == "Stopped":
            self._forget()
            raise AnswerLost(f"{name}: no answer to {script.name}: the shell ended", host=name)
        shell.commands.pop(command.id, None)
        self._changing = False
        self._last = time.monotonic()
        if outcome[0].not_simulated is not None:
            raise AssertionError(str(outcome[0].not_simulated))
        if outcome[0].error is not None:
            sink.errors.append(_problem(outcome[0].error))
        return ScriptResult(tuple(sink.values), tuple(sink.errors), outcome[0].state == "Failed", sink.exit_code)

    def _forget(self) -> None:
        """The connection is gone; a shell in which a script may still run is left to itself."""
        self._shell = self._runspace = None

    def close(self) -> None:
        shell, self._shell = self._shell, None
        if shell is not None and not self._changing:
            self._loop.call_soon_threadsafe(self._host.service.end_shell, shell)


def factory(hosts: Callable[[str], LabHost], loop: Any) -> Callable[..., DirectSession]:
    """What takes the place of ``PsrpSession`` in ``app/connect.py``."""

    def make(host: str, connection: Connection, secret: Secret | None, **more: Any) -> DirectSession:
        return DirectSession(hosts(host), loop, connection.user or "")

    return make
