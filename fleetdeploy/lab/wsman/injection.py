"""Where the faults of a host meet its WinRM service.

Asks ``host.faults`` at fixed points of a request's life and does to the connection what they say. The text that a
fault's pattern is held against: ``connect`` for a new connection; the operation ("Create", "Send", "Signal",
"Delete", ...); for pipelines and commands ``script TEXT``; for a log-on the account's name. What a fault does to
files or services is not decided here.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

from fleetdeploy.lab.windows.faults import Fault, FaultKind
from fleetdeploy.lab.wsman import soap
from fleetdeploy.lab.wsman.fault_table import fault_of
from fleetdeploy.lab.wsman.faults import WSManFault
from fleetdeploy.lab.wsman.http import Reply, Reset

if TYPE_CHECKING:
    from fleetdeploy.lab.wsman.shells import Shell, ShellCommand
    from fleetdeploy.lab.wsman.soap import Request

FOREVER_S = 3600.0


class Kept(Exception):
    """The connection is to be broken, but what was taken can still be fetched by another Receive."""


class Page(Exception):
    """An HTTP answer that is none of WS-Management: to be sent as it is."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.status)
        self.reply = reply


class Injection:
    """The faults of one host, as its WinRM service sees them."""

    def __init__(self, host: Any) -> None:
        self._host = host
        self._faults = host.faults
        self._line_free_at = 0.0
        self._starting: dict[str, float] = {}

    def connecting(self) -> bool:
        """False: this new connection is broken at once."""
        return self._faults.take(FaultKind.REFUSE, "connect") is None

    async def admit(self) -> None:
        """Before a request is read, on a connection that stands: a host that refuses is gone for it too."""
        if self._faults.quiet:
            return
        if self._faults.pending(FaultKind.REFUSE) and self._faults.take(FaultKind.REFUSE, "connect"):
            raise Reset
        link = self._faults.standing(FaultKind.SLOW_LINK)
        if link is not None:
            await asyncio.sleep(max(0.0, link.seconds + link.dice.uniform(-link.jitter, link.jitter)))

    async def carried(self, size: int) -> None:
        """So many bytes of bodies went over the line, either way: a slow one takes its time, one after the other."""
        link = self._faults.standing(FaultKind.SLOW_LINK)
        if link is None or link.bandwidth <= 0:
            return
        now = time.monotonic()
        self._line_free_at = max(self._line_free_at, now) + size / link.bandwidth
        await asyncio.sleep(self._line_free_at - now)

    def refuse_logon(self, user: str) -> bool:
        return self._faults.take(FaultKind.WRONG_PASSWORD, user) is not None

    async def identifying(self) -> None:
        """Before Identify is answered to somebody who has not logged on: who says nothing says nothing to that, too."""
        await self._silence("Identify")
        self._answer_wrongly("Identify")

    async def before(self, request: Request) -> None:
        """Before an operation has had any effect. Commands and Receives are asked about by their script instead."""
        if request.action in (soap.COMMAND, soap.RECEIVE):
            return
        await self._silence(request.operation)
        if self._faults.take(FaultKind.RESET_BEFORE, request.operation):
            raise Reset
        self._answer_wrongly(request.operation)

    async def after(self, request: Request) -> None:
        """After an operation, before its answer."""
        if request.action in (soap.COMMAND, soap.RECEIVE):
            return
        if self._faults.take(FaultKind.RESET_AFTER, request.operation):
            raise Reset
        lost = self._faults.take(FaultKind.LOSE_ANSWER, request.operation)
        if lost is not None:
            await asyncio.sleep(lost.seconds)
            raise Reset

    def starting(self, command: ShellCommand) -> None:
        """A pipeline or command is known and has not begun. May raise Reset: then it never begins."""
        text = f"script {command.text}"
        if self._faults.quiet:
            return
        if self._faults.take(FaultKind.RESET_BEFORE, text):
            raise Reset
        if self._faults.take(FaultKind.REBOOT, text):
            self._host.reboot()
            raise Reset
        self._host.reach(text)
        if command.shell.closed:
            raise WSManFault.aborted()
        command.wrong_answer = self._wrong_answer(text)
        if command.wrong_answer is not None and command.wrong_answer.do == "begin":
            raise _error_of(command.wrong_answer)
        command.break_receive = self._faults.take(FaultKind.RESET_DURING, text) is not None
        silence = self._faults.take(FaultKind.SILENCE, text)
        command.silence_s = 0.0 if silence is None else silence.seconds or FOREVER_S

    def ended(self, command: ShellCommand) -> None:
        """A pipeline or command has had all its effect (any thread); its last output is not fetched yet."""
        text = f"script {command.text}"
        if self._faults.take(FaultKind.RESET_AFTER, text):
            command.break_receive = True
        command.lose_answer = self._faults.take(FaultKind.LOSE_ANSWER, text)

    def shell_made(self, shell: Shell) -> None:
        """A PowerShell shell was asked for: its wsmprovhost may take its time."""
        slow = self._faults.take(FaultKind.SLOW_SHELL, "shell")
        if slow is not None:
            self._starting[shell.id] = time.monotonic() + slow.seconds

    async def shell_ready(self, shell: Shell, timeout_s: float) -> None:
        """Wait until the shell's process runs; raises the operation-timeout fault if that takes longer."""
        at = self._starting.get(shell.id)
        if at is None:
            return
        left = at - time.monotonic()
        await asyncio.sleep(max(0.0, min(left, timeout_s)))
        if left > timeout_s:
            raise WSManFault.timed_out()
        self._starting.pop(shell.id, None)

    async def receiving(self, command: ShellCommand | None) -> None:
        """Before a Receive takes anything."""
        if command is None:
            return
        wrong, command.wrong_answer = command.wrong_answer, None
        if wrong is not None:
            raise _error_of(wrong)
        if command.silence_s:
            silence, command.silence_s = command.silence_s, 0.0
            await asyncio.sleep(silence)
        if command.break_receive:
            command.break_receive = False
            raise Reset

    async def answering(self, command: ShellCommand | None) -> None:
        """A Receive has taken output, all of it or the last."""
        if command is None:
            return
        if command.break_receive:
            command.break_receive = False
            raise Kept
        lost = command.lose_answer
        if lost is not None:
            command.lose_answer = None
            await asyncio.sleep(lost.seconds)
            raise Reset

    def _wrong_answer(self, text: str) -> Fault | None:
        for kind in (FaultKind.HTTP_ERROR, FaultKind.WSMAN_FAULT):
            fault: Fault | None = self._faults.take(kind, text)
            if fault is not None:
                return fault
        return None

    def _answer_wrongly(self, text: str) -> None:
        fault = self._wrong_answer(text)
        if fault is not None:
            raise _error_of(fault)

    async def _silence(self, text: str) -> None:
        silence = self._faults.take(FaultKind.SILENCE, text)
        if silence is not None:
            await asyncio.sleep(silence.seconds or FOREVER_S)


_PHRASES = {
    "400": "Bad Request",
    "401": "Unauthorized",
    "403": "Forbidden",
    "404": "Not Found",
    "407": "Proxy Authentication Required",
    "413": "Request Entity Too Large",
    "500": "Internal Server Error",
    "502": "Bad Gateway",
    "503": "Service Unavailable",
}
_HTML = (
    '<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01//EN""http://www.w3.org/TR/html4/strict.dtd">\r\n'
    "<HTML><HEAD><TITLE>{phrase}</TITLE>\r\n"
    '<META HTTP-EQUIV="Content-Type" Content="text/html; charset=us-ascii"></HEAD>\r\n'
    "<BODY><h2>{phrase}</h2>\r\n<hr><p>HTTP Error {code}. {words}</p>\r\n</BODY></HTML>\r\n"
)


def _error_of(fault: Fault) -> Exception:
    """What is raised to answer so. The page is http.sys's own, with tags that are never closed."""
    if fault.kind is FaultKind.WSMAN_FAULT:
        return fault_of(fault.code, fault.form)
    phrase = _PHRASES[fault.code]
    words = "The service is unavailable." if fault.code == "503" else f"The request failed: {phrase}."
    page = _HTML.format(phrase=phrase, code=fault.code, words=words).encode("ascii")
    asks = (("WWW-Authenticate", "Negotiate"), ("WWW-Authenticate", "Kerberos")) if fault.code == "401" else ()
    return Page(Reply(int(fault.code), page, "text/html; charset=us-ascii", headers=asks, seal=False))
