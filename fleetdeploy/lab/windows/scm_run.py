"""How services run: processes, pending states, crashes, recovery, as time goes by.

Decides what happens after the SCM has accepted a call (``scm.py`` decides whether it does). Everything timed goes
through the environment's timers and checks that it still concerns the same run. Called under the host's lock.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from . import defender, paths, scm_registry, traces
from .errors import FileError, FileErrorKind, Win32Error
from .fault_kinds import FaultKind
from .faults import Fault
from .image_path import BUILT_IN, load
from .nodes import File
from .processes import Process
from .program import Behaviour, WebFace, behaviour_of, port_of
from .scm_recovery import on_failure
from .service import ACCEPT_SHUTDOWN, ACCEPT_STOP, Pending, Service, StartType, State

if TYPE_CHECKING:
    from .host import WindowsHost
    from .scm import ServiceControlManager

_FILE_CODES = {FileErrorKind.NOT_FOUND: 2, FileErrorKind.NO_DIRECTORY: 3, FileErrorKind.SHARING: 32}
_KILLED = 1
_CRASHED = 2


class Runner:
    """Starts, stops and watches the processes of services."""

    def __init__(self, host: WindowsHost, scm: ServiceControlManager) -> None:
        self._host = host
        self._scm = scm

    # ---- timers ----------------------------------------------------------------------------------------------------
    def later(self, entry: Service, delay: float, act: Callable[[], None]) -> None:
        """Do something after ``delay`` seconds, unless the service has been started, ended or cancelled meanwhile."""
        run = entry.run

        def fire() -> None:
            with self._host.lock:
                if entry.run == run and self._host.up:
                    act()

        entry.timers.append(self._host.env.schedule(delay, fire))

    def cancel(self, entry: Service) -> None:
        """Forget all timers of this service, recovery included."""
        entry.run += 1
        for timer in entry.timers:
            timer.cancel()
        entry.timers.clear()

    # ---- starting --------------------------------------------------------------------------------------------------
    def start(
        self, entry: Service, arguments: tuple[str, ...], *, chain: tuple[str, ...] = (), at_once: bool = False
    ) -> Pending:
        """Start the program; with ``at_once`` (scenery) it takes no time to come up."""
        config = entry.config
        if entry.marked_for_delete:
            raise Win32Error(1072)
        if config.start is StartType.DISABLED:
            raise Win32Error(1058)
        if entry.state is not State.STOPPED:
            raise Win32Error(1056)
        if config.name.lower() in chain:
            raise Win32Error(1059)
        self._start_dependencies(entry, chain)
        log = self._host.eventlog
        logon = self._host.accounts.service_logon(config.account, config.password)
        if logon:
            log.scm(7041 if logon == 1385 else 7038, config.name, config.account, f"%%{logon}")
            raise self._refused(entry, 1069)
        try:
            image, behaviour, argv = load(self._host, config.image_path)
        except Win32Error as error:
            raise self._refused(entry, error.code, error.message) from error
        if self._host.faults.take(FaultKind.BLOCK_EXE, image) is not None:
            defender.blocked(self._host, image)
            raise self._refused(entry, 5)
        entry.image = self._hold(entry, image)
        self.cancel(entry)
        process = self._host.processes.spawn(
            image,
            config.image_path,
            parent_pid=self._host.services_process.pid,
            user=config.account,
        )
        process.working_set = int(behaviour.working_set_mb * 1024 * 1024)
        process.on_exit.append(lambda p: self._exited(entry, p))
        entry.process = process
        entry.starts += 1
        entry.state, entry.accepts = State.START_PENDING, 0
        entry.checkpoint, entry.wait_hint = 0, 2000
        entry.win32_exit_code = entry.specific_exit_code = 0
        entry.pending = Pending()
        if at_once:
            behaviour = replace(behaviour, start_seconds=0.0)
        elif self._fault(FaultKind.START_HANGS, entry) is not None:
            behaviour = replace(behaviour, hang_on_start=True)
        self._launch(entry, entry.pending, behaviour, [*argv, *arguments])
        return entry.pending

    def _launch(self, entry: Service, pending: Pending, behaviour: Behaviour, argv: list[str]) -> None:
        """The process exists; see whether it connects and what becomes of it."""
        if behaviour.missing_dll:
            traces.dll_missing(self._host, entry, behaviour.missing_dll)
            gone = traces.STATUS_DLL_NOT_FOUND
            self.later(entry, 0.02, lambda: self._not_connected(entry, pending, gone))
        elif behaviour.exits_at_once:
            self.later(entry, 0.02, lambda: self._not_connected(entry, pending))
        elif not behaviour.service or behaviour.never_starts:
            self.later(entry, self._host.connect_timeout, lambda: self._not_connected(entry, pending))
        else:
            pending.finish()
            if behaviour.hang_on_start:
                entry.checkpoint = 1
            elif behaviour.crash_on_start:
                self.later(entry, behaviour.start_seconds, lambda: self._dies(entry, behaviour, argv))
            elif behaviour.start_seconds <= 0:
                self._running(entry, behaviour, argv)
            else:
                entry.wait_hint = max(int(behaviour.start_seconds * 1000), 2000)
                self.later(entry, behaviour.start_seconds, lambda: self._running(entry, behaviour, argv))

    def _start_dependencies(self, entry: Service, chain: tuple[str, ...]) -> None:
        for name in entry.config.dependencies:
            if name.startswith("+"):
                continue  # a group: every simulated host's groups are up
            needed = self._scm.find(name)
            if needed is None or needed.marked_for_delete:
                self._host.eventlog.scm(7003, entry.config.display_name, name)
                raise Win32Error(1075)
            if needed.state is State.STOPPED:
                try:
                    self.start(needed, (), chain=(*chain, entry.config.name.lower()))
                except Win32Error as error:
                    self._host.eventlog.scm(
                        7001, entry.config.display_name, needed.config.display_name, f"{error.message}."
                    )
                    raise Win32Error(1068) from error

    def _refused(self, entry: Service, code: int, message: str | None = None) -> Win32Error:
        """The start fails with ``code``: remembered, logged, and given back to be raised."""
        error = Win32Error(code, message)
        entry.win32_exit_code = code
        self._host.eventlog.scm(7000, entry.config.display_name, f"%%{error.code}")
        return error

    def _hold(self, entry: Service, image: str) -> File:
        try:
            return self._host.fs.hold_image(image)
        except FileError as error:
            raise self._refused(entry, _FILE_CODES.get(error.kind, 5)) from error

    def _not_connected(self, entry: Service, pending: Pending, exit_code: int = _KILLED) -> None:
        """The connect timeout is over, or the process died before: 1053."""
        display = entry.config.display_name
        self._host.eventlog.scm(7009, str(int(self._host.connect_timeout * 1000)), display)
        self._host.eventlog.scm(7000, display, "%%1053")
        self._stopped(entry, 1053, 0, event=False, exit_code=exit_code)
        pending.finish(1053)

    def _running(self, entry: Service, behaviour: Behaviour, argv: list[str]) -> None:
        config = entry.config
        entry.state = State.RUNNING
        entry.accepts = ACCEPT_STOP | ACCEPT_SHUTDOWN
        entry.checkpoint = entry.wait_hint = 0
        self._host.eventlog.scm(7036, config.display_name, "running")
        began = self._host.clock.uptime()
        environment = {
            **self._host.environment_variables(),
            **scm_registry.environment(self._host.registry, config.name),
        }
        if behaviour.kind == "nssm":
            behaviour, argv = self._wrap(entry)
        port = port_of(behaviour, argv, environment)
        if port:
            face = WebFace(
                behaviour,
                name=config.name,
                host=self._host.name,
                uptime=lambda: self._host.clock.uptime() - began,
                rng=random.Random(f"{self._host.seed}:{self._host.name}:{config.name}:{entry.starts}"),  # noqa: S311
            )
            try:
                entry.listener = self._host.network.listen(port, face, pid=_pid_of(entry))
            except OSError:
                # The port is taken: the program gives up, as log.Fatal does in Go.
                code = traces.port_taken(self._host, entry, behaviour, argv, port)
                self.later(entry, 0.0, lambda: self._die(entry, code))
                return
            traces.say(self._host, behaviour, argv, f"{config.name} {behaviour.version} listens on :{port}")
        dies = behaviour.dies_after
        crash = self._fault(FaultKind.CRASH_LOOP, entry)
        if crash is not None:
            self.later(entry, crash.seconds, lambda: self._die(entry, _CRASHED))
        if dies is not None and not (behaviour.crash_once and entry.starts > 1):
            self.later(entry, dies, lambda: self._dies(entry, behaviour, argv))
        if behaviour.stops_after is not None:
            self.later(entry, behaviour.stops_after, lambda: self._ends_itself(entry, behaviour))

    def _wrap(self, entry: Service) -> tuple[Behaviour, list[str]]:
        """A wrapper such as NSSM: the program named in Parameters\\Application runs as its child and does the work."""
        key = scm_registry.key_of(entry.config.name) + "\\Parameters"
        application, words = self._host.registry.get(key, "Application"), self._host.registry.get(key, "AppParameters")
        path = application.data if application is not None else ""
        if not isinstance(path, str) or not self._host.fs.is_file(path) or entry.process is None:
            return BUILT_IN, []
        arguments = words.data if words is not None and isinstance(words.data, str) else ""
        command = f'"{path}" {arguments}'.rstrip()
        child = self._host.processes.spawn(path, command, parent_pid=entry.process.pid, user=entry.config.account)
        image = self._host.fs.hold_image(path)
        child.on_exit.append(lambda _: self._host.fs.drop_image(image))
        entry.children.append(child)
        return behaviour_of(image.freeze()), paths.split_command_line(command)[1:]

    def start_at_boot(self, entry: Service) -> None:
        """An automatic service; a delayed one later. A refusal is in the event log, as nobody waits for an answer."""

        def go() -> None:
            if entry.state is State.STOPPED:
                try:
                    self.start(entry, ())
                except Win32Error:
                    return  # logged where it arose

        self.later(entry, self._host.delayed_start_seconds if entry.config.delayed else 0.0, go)

    # ---- ending ----------------------------------------------------------------------------------------------------
    def stop(self, entry: Service) -> None:
        behaviour = self._behaviour(entry)
        entry.state, entry.accepts = State.STOP_PENDING, 0
        entry.checkpoint, entry.wait_hint = 1, max(int(behaviour.stop_seconds * 1000), 1000)
        if behaviour.hang_on_stop or self._fault(FaultKind.STOP_HANGS, entry) is not None:
            return
        if behaviour.stop_seconds <= 0:
            self._finish_stop(entry, behaviour)
        else:
            self.later(entry, behaviour.stop_seconds, lambda: self._finish_stop(entry, behaviour))

    def _fault(self, kind: FaultKind, entry: Service) -> Fault | None:
        """A fault of this service's, if it is none that came with Windows: those are left in peace."""
        if self._host.faults.quiet or _is_windows_own(entry):
            return None
        return self._host.faults.take(kind, entry.config.name)

    def _behaviour(self, entry: Service) -> Behaviour:
        if entry.process is None or entry.image is None or _is_windows_own(entry):
            return BUILT_IN
        return behaviour_of(entry.image.freeze())

    def _finish_stop(self, entry: Service, behaviour: Behaviour) -> None:
        if entry.state is State.STOP_PENDING:
            self._stopped(entry, 0, behaviour.linger_seconds)

    def _ends_itself(self, entry: Service, behaviour: Behaviour) -> None:
        """STOPPED, reported by the program, with its exit code: a failure only if the flag says so."""
        if entry.state is not State.RUNNING:
            return
        code = behaviour.exit_code
        if code:
            self._host.eventlog.scm(7023, entry.config.display_name, f"%%{code}")
        self._stopped(entry, code, behaviour.linger_seconds)
        if code and entry.config.failure_flag:
            on_failure(self._host, entry, self, crash=False)

    def _stopped(
        self, entry: Service, code: int, linger: float, *, event: bool = True, exit_code: int | None = None
    ) -> None:
        """The service is STOPPED; its process goes after ``linger`` seconds, with that code unless it has its own."""
        self.cancel(entry)
        self._close(entry)
        process, image = entry.process, entry.image
        entry.state, entry.accepts, entry.checkpoint, entry.wait_hint = State.STOPPED, 0, 0, 0
        entry.win32_exit_code = code
        entry.process = entry.image = None
        if event:
            self._host.eventlog.scm(7036, entry.config.display_name, "stopped")
        if process is not None:

            def gone() -> None:
                if image is not None:
                    self._host.fs.drop_image(image)
                self._host.processes.end(process, code if exit_code is None else exit_code)

            if process.running and linger > 0:
                process.on_exit.clear()
                if image is not None:
                    process.on_exit.append(lambda _: self._host.fs.drop_image(image))
                self._host.env.schedule(linger, lambda: self._end_later(process))
            else:
                process.on_exit.clear()
                gone()
        self._scm.reap(entry)

    def _end_later(self, process: Process) -> None:
        with self._host.lock:
            self._host.processes.end(process, 0)

    def _dies(self, entry: Service, behaviour: Behaviour, argv: list[str]) -> None:
        """It crashes as it was told to, with its last words."""
        self._die(entry, traces.dying(self._host, entry, behaviour, argv))

    def _die(self, entry: Service, code: int) -> None:
        """The process ends by itself without reporting STOPPED: a crash."""
        if entry.process is not None:
            self._host.processes.end(entry.process, code)

    def _exited(self, entry: Service, process: Process) -> None:
        """A service's process is gone (crash or kill) while the SCM thought otherwise."""
        if entry.process is not process:
            return
        self._give_up_waiting(entry)
        self._host.effects.add("crash", entry.config.name)
        self.cancel(entry)
        self._close(entry)
        if entry.image is not None:
            self._host.fs.drop_image(entry.image)
        entry.process = entry.image = None
        entry.state, entry.accepts, entry.checkpoint, entry.wait_hint = State.STOPPED, 0, 0, 0
        entry.win32_exit_code = 1067
        on_failure(self._host, entry, self, crash=True)
        self._scm.reap(entry)

    def _give_up_waiting(self, entry: Service) -> None:
        """Whoever still waits for this start hears 1053 (nobody, if the program had connected)."""
        if entry.pending is not None:
            entry.pending.finish(1053)
            entry.pending = None

    def _close(self, entry: Service) -> None:
        if entry.listener is not None:
            entry.listener.cancel()
            entry.listener = None
        for child in entry.children:
            self._host.processes.end(child, 0)
        entry.children.clear()

    def power_off(self, entry: Service) -> None:
        self.cancel(entry)
        self._give_up_waiting(entry)
        if entry.listener is not None:
            entry.listener.cancel()
            entry.listener = None
        if entry.image is not None:
            self._host.fs.drop_image(entry.image)
        entry.children.clear()
        entry.process = entry.image = None
        entry.state, entry.accepts = State.STOPPED, 0


def _is_windows_own(entry: Service) -> bool:
    return entry.process is not None and entry.process.image_path.lower().startswith("c:\\windows\\system32\\")


def _pid_of(entry: Service) -> int:
    """Who does the work: the program behind a wrapper, else the service's own process."""
    worker = entry.children[-1] if entry.children else entry.process
    return worker.pid if worker is not None else 0
