"""The WinRM service of one simulated host: which operation does what, and who may.

Stands behind the connections of ``http.py``; owns the host's shells and lets them die of idleness, deletion or
reboot, never of a client that went away. How much a client may have is ``quotas.py``, how it leaves a shell and comes
back ``sessions.py``. Where a host has faults, they are asked for here (``injection.py`` says how).
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import logging
import time
import uuid
import xml.etree.ElementTree as ET
from dataclasses import replace
from typing import Any

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.windows.accounts import Refusal
from fleetdeploy.lab.windows.audit import LogonAttempt
from fleetdeploy.lab.wsman import inventory_xml, quotas, sessions, soap
from fleetdeploy.lab.wsman.auth import LogonPolicy
from fleetdeploy.lab.wsman.engine import Engine
from fleetdeploy.lab.wsman.faults import WSManFault
from fleetdeploy.lab.wsman.http import Connection, Reply, Reset
from fleetdeploy.lab.wsman.injection import Injection, Kept, Page
from fleetdeploy.lab.wsman.limits import ServiceLimits, most
from fleetdeploy.lab.wsman.psrp import PowerShellShell
from fleetdeploy.lab.wsman.shells import Shell
from fleetdeploy.lab.wsman.soap import Request
from fleetdeploy.lab.wsman.winrs import CmdShell

log = logging.getLogger(__name__)

CMD_RESOURCE = f"{soap.RSP}/cmd"
POWERSHELL_RESOURCE = f"{soap.POWERSHELL}/Microsoft.PowerShell"
CONFIG_RESOURCE = soap.CFG

_UNAVAILABLE = (
    b'<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01//EN""http://www.w3.org/TR/html4/strict.dtd">\r\n<HTML><HEAD><TITLE>'
    b'Service Unavailable</TITLE>\r\n<META HTTP-EQUIV="Content-Type" Content="text/html; charset=us-ascii"></HEAD>\r\n'
    b"<BODY><h2>Service Unavailable</h2>\r\n<hr><p>HTTP Error 503. The service is unavailable.</p>\r\n"
    b"</BODY></HTML>\r\n"
)


class WinRmService:
    """One host's WinRM service. All methods on the loop's thread."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        host: Any,
        engine: Engine,
        limits: ServiceLimits,
        logons: LogonPolicy | None = None,
    ) -> None:
        self.loop = loop
        self.host = host
        self.engine = engine
        self.limits = limits
        self.accounts = host.accounts
        self.logons = logons or LogonPolicy()
        self.shells: dict[str, Shell] = {}
        self.connection_idle_s = limits.connection_idle_s
        self.connections: set[Connection] = set()
        self.requests = 0
        self.injection = Injection(host)
        self.answering = 0

    # -- what the connections ask ------------------------------------------------------------------------------

    def opened(self, connection: Connection) -> None:
        self.connections.add(connection)
        if not self.injection.connecting():
            connection.reset()

    def closed(self, connection: Connection) -> None:
        self.connections.discard(connection)

    async def admit(self) -> None:
        await self.injection.admit()

    def logged_on(self, attempt: LogonAttempt, refusal: Refusal | None) -> bool:
        if refusal is None and self.injection.refuse_logon(attempt.user):
            refusal = self.accounts.judge(self.accounts.get(attempt.user), password_is_right=False)
        self.host.effects.add("logon" if refusal is None else "logon_failure", attempt.user)
        if refusal is not None:
            self.host.logon_refused(attempt, refusal)
        return refusal is None

    async def identify(self, body: bytes, *, tls: bool) -> Reply | None:
        try:
            root = soap.parse(body)
        except soap.BadEnvelope:
            return None
        if root.find(f".//{{{soap.IDENTITY}}}Identify") is None:
            return None
        try:
            await self.injection.identifying()
        except Page as page:
            return page.reply
        except WSManFault as fault:
            return replace(self._fault(fault, ""), seal=False)
        return Reply(200, self._identity(known=False, tls=tls), seal=False)

    def _identity(self, *, known: bool, tls: bool) -> bytes:
        inner = inventory_xml.identify(self.host.os_version, self.logons.methods, known=known, tls=tls)
        return soap.envelope("", inner)

    async def handle(self, path: str, body: bytes, *, user: str, peer: str, tls: bool) -> Reply:
        self.requests += 1
        if self.answering >= self.limits.max_connections:
            return Reply(503, _UNAVAILABLE, "text/html; charset=us-ascii", seal=False)
        self.answering += 1
        try:
            await self.injection.carried(len(body))
            reply = await self._handled(body, user=user, peer=peer, tls=tls)
            await self.injection.carried(len(reply.body))
        finally:
            self.answering -= 1
        return reply

    async def _handled(self, body: bytes, *, user: str, peer: str, tls: bool) -> Reply:
        if len(body) > self.limits.max_envelope_kb * 1024:
            return Reply(413, b"", "text/html; charset=us-ascii", seal=False)
        try:
            root = soap.parse(body)
            if root.find(f".//{{{soap.IDENTITY}}}Identify") is not None:
                return Reply(200, self._identity(known=True, tls=tls))
            request = soap.read_request(root)
        except soap.BadEnvelope as bad:
            return self._fault(WSManFault.schema(str(bad)), "")
        try:
            self._authorize(request, user)
            quotas.fits_asked(request.max_envelope)
            await self.injection.before(request)
            answer = soap.answer(request, await self._dispatch(request, user, peer))
            await self.injection.after(request)
            quotas.fits(self.limits, len(answer), request.max_envelope)
            return Reply(200, answer)
        except WSManFault as fault:
            return self._fault(fault, request.message_id)
        except Page as page:
            return page.reply
        except NotSimulated as refused:
            self.host.not_simulated.append(refused)
            return self._fault(WSManFault.not_simulated(refused.construct), request.message_id)
        except (Reset, asyncio.CancelledError):
            raise
        except Exception as broken:
            log.exception("the lab failed at %s on host %s", request.operation, self.host.name)
            defect = NotSimulated(f"(a defect of the lab) {request.operation}: {broken!r}")
            self.host.not_simulated.append(defect)
            return self._fault(WSManFault.not_simulated(defect.construct), request.message_id)

    def _authorize(self, request: Request, user: str) -> None:
        """RootSDDL: administrators and members of Remote Management Users; winrm/config is for administrators alone."""
        account = self.accounts.get(user)
        member = account.remote_management and request.resource_uri != CONFIG_RESOURCE
        if not (account.admin or member):
            raise WSManFault.access_denied()

    def _fault(self, fault: WSManFault, relates_to: str) -> Reply:
        xml = fault.xml(self.host.name, wmi=self.limits.quota_faults == "wmi")
        return Reply(500, soap.envelope(soap.FAULT_ACTION, xml, relates_to))

    # -- operations ---------------------------------------------------------------------------------------------

    async def _dispatch(self, request: Request, user: str, peer: str) -> str:
        action = request.action
        if action == soap.CREATE:
            return self._create(request, user, peer)
        if action == soap.GET and request.resource_uri == CONFIG_RESOURCE:
            return inventory_xml.config(self.limits, self.logons.methods)
        if action == soap.ENUMERATE and request.resource_uri == soap.RSP:
            mine = [s.describe(listed=True) for s in self.shells.values() if s.user == user]
            return inventory_xml.enumeration([soap.shell_xml(shell) for shell in mine])
        if action == soap.ENUMERATE and request.resource_uri == f"{soap.RSP}/Command":
            wanted = (request.body.findtext(f".//{{{soap.W}}}Selector") or "").strip().upper()
            shell = self.shells.get(wanted)
            running = list(shell.commands.values()) if shell is not None and shell.user == user else []
            return inventory_xml.enumeration([inventory_xml.command(command) for command in running])
        if action in (soap.GET, soap.DELETE, soap.COMMAND, soap.SEND, soap.RECEIVE, soap.SIGNAL):
            shell = self._find(request, user)
            shell.pending += 1
            shell.last_used = time.monotonic()
            try:
                return await self._in_shell(request, shell)
            finally:
                shell.pending -= 1
                shell.last_used = time.monotonic()
        if action in (soap.DISCONNECT, soap.RECONNECT, soap.CONNECT):
            shell = self._find(request, user)
            shell.last_used = time.monotonic()
            if action == soap.DISCONNECT:
                return sessions.disconnect(request, shell, self.limits)
            return sessions.reconnect(request, shell) if action == soap.RECONNECT else sessions.connect(request, shell)
        raise NotSimulated(f"WS-Management action {action} on {request.resource_uri}")

    def _find(self, request: Request, user: str) -> Shell:
        if not request.shell_id:
            raise WSManFault.invalid_resource()
        shell = self.shells.get(request.shell_id)
        if shell is None or shell.user != user:
            raise WSManFault.shell_not_found(request.shell_id)
        return shell

    def _create(self, request: Request, user: str, peer: str) -> str:
        uri = request.resource_uri
        node = request.body.find(f"{{{soap.RSP}}}Shell")
        if node is None:
            raise WSManFault.schema("no rsp:Shell")
        if uri != CMD_RESOURCE and uri.lower() != POWERSHELL_RESOURCE.lower():
            raise WSManFault.invalid_resource()
        quotas.may_open(self.limits, self.shells.values(), user)
        idle = soap.parse_duration(node.findtext(f"{{{soap.RSP}}}IdleTimeOut") or "")
        if idle is not None:
            sessions.check_idle_timeout(idle, self.limits)
        common = {
            "resource_uri": uri,
            "user": user,
            "idle_timeout": self.limits.idle_timeout_s if idle is None else idle,
            "peer": peer,
            "session_id": request.session_id,
        }
        shell: Shell
        if uri == CMD_RESOURCE:
            shell = CmdShell(self.loop, self.host, engine=self.engine, hooks=self.injection, **common)
        else:
            text = node.findtext(f"{{{soap.POWERSHELL}}}creationXml") or ""
            try:
                creation = base64.b64decode(text)
            except binascii.Error as error:
                raise WSManFault.schema("creationXml is not base64") from error
            shell = PowerShellShell(
                self.loop,
                self.host,
                engine=self.engine,
                creation=creation,
                hooks=self.injection,
                max_processes=most(self.limits.max_processes_per_shell),
                max_memory_mb=most(self.limits.max_memory_per_shell_mb),
                outgrown=self._outgrown,
                **common,
            )
        wanted = (node.get("ShellId") or "").upper()
        if wanted:
            if wanted in self.shells:
                raise WSManFault.invalid_parameter("a shell of this id exists. ")
            shell.id = wanted
        self.shells[shell.id] = shell
        if uri != CMD_RESOURCE:
            self.injection.shell_made(shell)
        self._watch(shell)
        address = f"http://{self.host.name}/wsman"
        return soap.created(uri, shell.id, address, soap.shell_xml(shell.describe()))

    async def _in_shell(self, request: Request, shell: Shell) -> str:
        body, rsp = request.body, f"{{{soap.RSP}}}"
        if request.action == soap.GET:
            return soap.shell_xml(shell.describe())
        if request.action == soap.DELETE:
            self.end_shell(shell)
            return ""
        sessions.must_be_connected(shell)
        if request.action == soap.COMMAND:
            return await self._command(request, shell)
        if request.action == soap.SEND:
            for stream in body.iterfind(f"{rsp}Send/{rsp}Stream"):
                end = (stream.get("End") or "").lower() == "true"
                command_id, text = stream.get("CommandId") or "", (stream.text or "").encode("ascii", "replace")
                try:
                    shell.send(command_id, stream.get("Name") or "stdin", text, end=end)
                finally:
                    if shell.closed:
                        self.end_shell(shell)
            return "<rsp:SendResponse/>"
        if request.action == soap.SIGNAL:
            node = body.find(f"{rsp}Signal")
            code = "" if node is None else (node.findtext(f"{rsp}Code") or "").rsplit("/", 1)[-1].strip().lower()
            if node is not None and node.get("CommandId"):
                shell.signal(node.get("CommandId") or "", code)
            return "<rsp:SignalResponse/>"
        return await self._receive(request, shell)

    async def _command(self, request: Request, shell: Shell) -> str:
        rsp = f"{{{soap.RSP}}}"
        node = request.body.find(f"{rsp}CommandLine")
        if node is None:
            raise WSManFault.schema("no rsp:CommandLine")
        quotas.may_run(self.limits, self.shells.values(), shell)
        wanted = (node.get("CommandId") or str(uuid.uuid4())).upper()
        try:
            uuid.UUID(wanted)
        except ValueError:
            raise WSManFault.invalid_parameter("The command id is no GUID. ") from None
        if wanted in shell.commands:
            raise WSManFault.invalid_parameter("a command of this id exists. ")
        arguments = [argument.text or "" for argument in node.iterfind(f"{rsp}Arguments")]
        shell.started += 1
        try:
            command = await shell.command(wanted, node.findtext(f"{rsp}Command") or "", arguments, request.options)
        finally:
            if shell.closed:
                self.end_shell(shell)
        return f"<rsp:CommandResponse><rsp:CommandId>{command.id}</rsp:CommandId></rsp:CommandResponse>"

    async def _receive(self, request: Request, shell: Shell) -> str:
        desired: ET.Element | None = request.body.find(f"{{{soap.RSP}}}Receive/{{{soap.RSP}}}DesiredStream")
        if desired is None:
            raise WSManFault.schema("no rsp:DesiredStream")
        command_id = (desired.get("CommandId") or "").upper()
        command = shell.find(command_id) if command_id else None
        queue = shell.queue if command is None else command.queue
        await self.injection.shell_ready(shell, min(request.operation_timeout, self.limits.max_timeout_s))
        await self.injection.receiving(command)
        room = min(request.max_envelope, self.limits.max_envelope_kb * 1024) - 4096  # less head, tail and state
        # a client that waits as long as it asks the host to wait must get the host's answer first
        items, finished = await queue.take(room, min(request.operation_timeout, self.limits.max_timeout_s))
        try:
            await self.injection.answering(command)
        except Kept:
            queue.give_back(items)
            raise Reset from None
        parts = [soap.stream_xml(name, command_id, base64.b64encode(data).decode("ascii")) for name, data in items]
        if command_id and finished:
            code = queue.exit_code
            if shell.kind == "cmd":
                parts += [soap.stream_xml(name, command_id, "", end=True) for name in ("stdout", "stderr")]
            parts.append(soap.command_state_xml(command_id, "Done", 0 if code is None else code))
        elif command_id and shell.kind == "cmd":  # of a pipeline that goes on, hosts say nothing (recorded)
            parts.append(soap.command_state_xml(command_id, "Running", None))
        return f"<rsp:ReceiveResponse>{''.join(parts)}</rsp:ReceiveResponse>"

    # -- the lives of shells --------------------------------------------------------------------------------------

    def end_shell(self, shell: Shell, why: WSManFault | None = None) -> None:
        self.shells.pop(shell.id, None)
        shell.close(why)

    def _outgrown(self, shell: Shell) -> None:
        """A shell's process has died of its memory quota."""
        self.end_shell(shell, WSManFault.host_process_died())

    def end_all_shells(self) -> None:
        for shell in list(self.shells.values()):
            self.end_shell(shell)

    def cut_connections(self) -> None:
        """Break every connection (RST); shells live on."""
        for connection in list(self.connections):
            connection.reset()

    def _watch(self, shell: Shell) -> None:
        if self.shells.get(shell.id) is not shell:
            return
        left = shell.idle_timeout - (0.0 if shell.pending else time.monotonic() - shell.last_used)
        if left <= 0:
            self.end_shell(shell)
        else:
            self.loop.call_later(left + 0.01, self._watch, shell)
