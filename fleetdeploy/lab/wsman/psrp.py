"""PowerShell shells: one runspace pool each, its pipelines on threads of their own.

Joins psrpcore (``pool.py``) to the PowerShell behind the seam (``engine.py``). Everything here runs on the loop's
thread, but for ``_Pipeline._work`` and what it calls. It does not decide what a script means.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import logging
import threading
import uuid
from collections import deque
from collections.abc import Callable
from typing import Any

from psrpcore import (
    CreatePipelineEvent,
    EndOfPipelineInputEvent,
    GetAvailableRunspacesEvent,
    GetCommandMetadataEvent,
    PipelineHostResponseEvent,
    PipelineInputEvent,
    ResetRunspaceStateEvent,
    SetMaxRunspacesEvent,
    SetMinRunspacesEvent,
)
from psrpcore.types import PipelineResultTypes

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.windows.ownership import Children, acting_as
from fleetdeploy.lab.wsman import engine as seam
from fleetdeploy.lab.wsman.faults import PLUGIN_FAILED, WSManFault
from fleetdeploy.lab.wsman.limits import UNLIMITED
from fleetdeploy.lab.wsman.pool import MAX_COMMAND_BYTES, LabPipeline, LabPool, QuotaExceeded, make_error
from fleetdeploy.lab.wsman.prompts import PipelineHost
from fleetdeploy.lab.wsman.shells import Hooks, Shell, ShellCommand
from fleetdeploy.lab.wsman.streams import Input, Sink
from fleetdeploy.lab.wsman.threads import start_thread
from fleetdeploy.lab.wsman.versions import private_data

log = logging.getLogger(__name__)


def _merges_error(command: Any) -> bool:
    """Whether a command's errors go to its output; every other merge of streams is not simulated."""
    none, output = PipelineResultTypes.none, PipelineResultTypes.Output
    others = (command.merge_warning, command.merge_verbose, command.merge_debug, command.merge_information)
    if any(merge != none for merge in others) or command.merge_error not in (none, output):
        raise NotSimulated("a merge of streams in a remote command")
    return bool(command.merge_error == output)


class _Pipeline(ShellCommand):
    """One pipeline: waits for a free runspace, runs on an own thread, says how it ended."""

    def __init__(self, shell: PowerShellShell, command_id: str, wire: LabPipeline) -> None:
        super().__init__(shell, command_id)
        self.owner = shell
        self.wire = wire
        self.input = Input()
        self.received = 0
        self.quota: int | None = MAX_COMMAND_BYTES
        self.client_host: PipelineHost | None = None
        self._commands: list[Any] = []
        self._no_input = True

    def create(self, metadata: Any) -> None:
        engine = self.owner.engine
        self._no_input = bool(metadata.no_input)
        info = metadata.host if not metadata.host.UseRunspaceHost else self.owner.pool.host
        self.client_host = PipelineHost(info, self.wire.call_host, engine.from_wire, self.stop)
        self._commands = [
            engine.command(
                seam.Command(
                    text=str(command.command_text),
                    is_script=bool(command.is_script),
                    use_local_scope=command.use_local_scope,
                    parameters=tuple((name, engine.from_wire(value)) for name, value in command.parameters),
                    end_of_statement=bool(command.end_of_statement),
                    merge_error_to_output=_merges_error(command),
                )
            )
            for command in metadata.commands
        ]
        self.text = "\n".join(str(command.command_text) for command in metadata.commands)

    @property
    def held(self) -> int:
        return self.queue.held + self.input.held

    def request_stop(self) -> None:
        super().request_stop()
        self.input.end()
        if self.client_host is not None:
            self.client_host.wake()
        self.owner.withdraw(self)

    def run_in(self, runspace: Callable[[], seam.Runspace], done: Callable[[], None]) -> None:
        self.wire.start()

        def work() -> None:
            try:
                with acting_as(self.owner):
                    self._work(runspace)
            finally:
                self.owner.let_go()
                self.owner.finished(self)
                done()

        start_thread(work, f"lab-{self.owner.host.name}-pipeline")

    def _work(self, runspace: Callable[[], seam.Runspace]) -> None:
        """On the pipeline's thread."""
        try:
            outcome = self._run(runspace())
            problem: Exception | None = outcome.not_simulated
            state, error = outcome.state, outcome.error
        except NotSimulated as refused:
            problem, state, error = refused, "Failed", None
        except Exception as broken:
            log.exception("the lab failed at a pipeline of host %s", self.owner.host.name)
            problem, state, error = NotSimulated(f"(a defect of the lab) {broken!r}"), "Failed", None
        self.owner.effect_done(self)
        try:
            self._end(state, error, problem)
        except Exception as broken:
            log.exception("the lab could not say how a pipeline of host %s ended", self.owner.host.name)
            self._end("Failed", None, NotSimulated(f"(a defect of the lab) {broken!r}"))

    def _run(self, ready: seam.Runspace) -> seam.Outcome:
        ready.lift_receive_quota, ready.client_host = self._lift_quota, self.client_host
        sink = Sink(
            self.wire,
            self.owner.engine.to_wire,
            computer=self.owner.host.name,
            user=self.owner.user,
            screen=self.client_host,
        )
        try:
            return ready.run(
                self._commands,
                None if self._no_input else self.input,
                sink,
                self.stop,
                no_input=self._no_input,
            )
        finally:  # a runspace that waits for the next pipeline holds nothing of this one
            ready.lift_receive_quota = ready.client_host = None

    def _lift_quota(self) -> None:
        self.quota = None

    def _end(self, state: str, error: Any, problem: Exception | None) -> None:
        if problem is not None:
            if problem not in self.owner.host.not_simulated:
                self.owner.host.not_simulated.append(problem)
            self.wire.fail(make_error("FleetDeploy.Lab.NotSimulatedException", str(problem), "NotSimulated"))
        elif state == "Stopped":
            self.wire.stopped(self.owner.engine.stopped_error())
        elif state == "Failed":
            self.wire.fail(self.owner.engine.to_wire(error))
        else:
            self.wire.complete()

    def end_unstarted(self) -> None:
        """Stopped while it waited for a runspace."""
        self.wire.start()
        self.owner.effect_done(self)
        self.wire.stopped(self.owner.engine.stopped_error())
        self.owner.finished(self)


class PowerShellShell(Shell):
    """A runspace pool."""

    kind = "psrp"

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        host: Any,
        *,
        engine: seam.Engine,
        creation: bytes,
        hooks: Hooks,
        max_processes: int = UNLIMITED,
        **common: Any,
    ) -> None:
        super().__init__(loop, host, **common)
        self.children = Children(max_processes)
        self.engine = engine
        self._hooks = hooks
        self._by_uuid: dict[uuid.UUID, _Pipeline] = {}
        self._idle: list[seam.Runspace] = []
        self._running = 0
        self._waiting: deque[_Pipeline] = deque()
        self._lock = threading.Lock()
        self.pool = LabPool(self._emit, private_data(host.powershell, host.os_build))
        try:
            self.pool.feed(creation)
        except Exception as error:
            raise WSManFault.schema(f"creationXml: {error}") from error
        self.queue.separate_last()  # that the pool is open comes with a Receive of its own (recorded)

    def _emit(self, pipeline_id: uuid.UUID | None, fragment: bytes) -> None:
        if pipeline_id is None:
            self.queue.put("stdout", fragment)
            return
        pipeline = self._by_uuid.get(pipeline_id)
        if pipeline is not None:
            pipeline.queue.put("stdout", fragment)

    def connected(self, opening: bytes) -> bytes:
        try:
            return self.pool.connected(opening)
        except ValueError as error:
            raise WSManFault.schema(f"connectXml: {error}") from error

    async def command(self, command_id: str, line: str, arguments: list[str], options: dict[str, str]) -> ShellCommand:
        key = uuid.UUID(command_id)
        pipeline = _Pipeline(self, command_id.upper(), LabPipeline(self.pool, key))
        self.commands[pipeline.id] = self._by_uuid[key] = pipeline
        self._feed(pipeline, "".join(arguments).encode("ascii"))
        return pipeline

    def send(self, command_id: str, stream: str, data: bytes, *, end: bool) -> None:
        pipeline = self.find(command_id) if command_id else None
        self._feed(pipeline if isinstance(pipeline, _Pipeline) else None, data)

    def _feed(self, pipeline: _Pipeline | None, encoded: bytes) -> None:
        try:
            data = base64.b64decode(encoded)
        except binascii.Error as error:
            raise WSManFault.schema("a stream that is not base64") from error
        try:
            if pipeline is not None:
                pipeline.received += len(data)
                if pipeline.quota is not None and pipeline.received > pipeline.quota:
                    raise QuotaExceeded(
                        "The total data received from the remote client exceeded the allowed maximum. The allowed "
                        f"maximum is {MAX_COMMAND_BYTES}."
                    )
            events = self.pool.feed(data)
        except QuotaExceeded as quota:
            self.close()  # the session is broken for good, as on a real host
            raise WSManFault.powershell(PLUGIN_FAILED, str(quota)) from quota
        for event in events:
            self._on_event(event)

    def _on_event(self, event: Any) -> None:
        target = self._by_uuid.get(event.pipeline_id) if event.pipeline_id else None
        if isinstance(event, CreatePipelineEvent) and target is not None:
            target.create(event.pipeline)
            self._hooks.starting(target)
            self._start(target)
        elif isinstance(event, PipelineInputEvent) and target is not None:
            target.input.put(self.engine.from_wire(event.data))
            self.grown()
        elif isinstance(event, EndOfPipelineInputEvent) and target is not None:
            target.input.end()
        elif isinstance(event, PipelineHostResponseEvent) and target is not None and target.client_host is not None:
            target.client_host.answered(event)
        elif isinstance(event, GetAvailableRunspacesEvent):
            self.pool.runspace_availability_response(event.ci, max(0, self.pool.max_runspaces - self._running))
        elif isinstance(event, SetMaxRunspacesEvent | SetMinRunspacesEvent):
            self.pool.runspace_availability_response(event.ci, True)
        elif isinstance(event, ResetRunspaceStateEvent):
            with self._lock:
                self._idle.clear()
            self.pool.runspace_availability_response(event.ci, True)
        elif isinstance(event, GetCommandMetadataEvent):
            raise WSManFault.not_simulated("GetCommandMetadata")

    def _start(self, pipeline: _Pipeline) -> None:
        with self._lock:
            if self._running >= max(1, self.pool.max_runspaces):
                self._waiting.append(pipeline)
                return
            self._running += 1
            free = self._idle.pop() if self._idle else None
        held: list[seam.Runspace] = [free] if free is not None else []

        def runspace() -> seam.Runspace:
            if not held:
                held.append(self.engine.runspace(self.host))
            return held[0]

        def done() -> None:
            with self._lock:
                self._running -= 1
                self._idle.extend(held)
                following = self._waiting.popleft() if self._waiting and not self.closed else None
            if following is not None:
                self._start(following)

        pipeline.run_in(runspace, done)

    def withdraw(self, pipeline: _Pipeline) -> None:
        with self._lock:
            if pipeline not in self._waiting:
                return
            self._waiting.remove(pipeline)
        pipeline.end_unstarted()

    def effect_done(self, pipeline: _Pipeline) -> None:
        """From the pipeline's thread, before its last message: an answer that is to be lost must not slip through."""
        self._hooks.ended(pipeline)

    def finished(self, pipeline: _Pipeline) -> None:
        """From the pipeline's thread, after its last message."""
        self.pool.pipeline_table.pop(pipeline.wire.pipeline_id, None)
        pipeline.queue.finish()

    def signal(self, command_id: str, code: str) -> None:
        command = self.find(command_id)
        super().signal(command_id, code)
        if command.id not in self.commands:
            self._by_uuid.pop(uuid.UUID(command.id), None)

    def close(self, why: WSManFault | None = None) -> None:
        super().close(why)
        self._by_uuid.clear()
