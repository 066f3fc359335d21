"""Where the faults of a host meet its WinRM service.

Asks ``host.faults`` at fixed points of a request's life and does to the connection what they say. The text that a
fault's pattern is held against: ``connect`` for a new connection; the operation ("Create", "Send", "Signal",
"Delete", ...); for pipelines and commands ``script TEXT``; for a log-on the account's name. What a fault does to
files or services is not decided here.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from fleetdeploy.lab.windows.faults import FaultKind
from fleetdeploy.lab.wsman import soap
from fleetdeploy.lab.wsman.http import Reset

if TYPE_CHECKING:
    from fleetdeploy.lab.wsman.shells import ShellCommand
    from fleetdeploy.lab.wsman.soap import Request

FOREVER_S = 3600.0


class Kept(Exception):
    """The connection is to be broken, but what was taken can still be fetched by another Receive."""


class Injection:
    """The faults of one host, as its WinRM service sees them."""

    def __init__(self, host: Any) -> None:
        self._host = host
        self._faults = host.faults

    def connecting(self) -> bool:
        """False: this new connection is broken at once."""
        return self._faults.take(FaultKind.REFUSE, "connect") is None

    async def admit(self) -> None:
        """Before a request is read, on a connection that stands: a host that refuses is gone for it too."""
        if self._faults.pending(FaultKind.REFUSE) and self._faults.take(FaultKind.REFUSE, "connect"):
            raise Reset

    def refuse_logon(self, user: str) -> bool:
        return self._faults.take(FaultKind.WRONG_PASSWORD, user) is not None

    async def before(self, request: Request) -> None:
        """Before an operation has had any effect. Commands and Receives are asked about by their script instead."""
        if request.action in (soap.COMMAND, soap.RECEIVE):
            return
        await self._silence(request.operation)
        if self._faults.take(FaultKind.RESET_BEFORE, request.operation):
            raise Reset

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
        if self._faults.take(FaultKind.RESET_BEFORE, text):
            raise Reset
        if self._faults.take(FaultKind.REBOOT, text):
            self._host.reboot()
            raise Reset
        command.break_receive = self._faults.take(FaultKind.RESET_DURING, text) is not None
        silence = self._faults.take(FaultKind.SILENCE, text)
        command.silence_s = 0.0 if silence is None else silence.seconds or FOREVER_S

    def ended(self, command: ShellCommand) -> None:
        """A pipeline or command has had all its effect (any thread); its last output is not fetched yet."""
        text = f"script {command.text}"
        if self._faults.take(FaultKind.RESET_AFTER, text):
            command.break_receive = True
        command.lose_answer = self._faults.take(FaultKind.LOSE_ANSWER, text)

    async def receiving(self, command: ShellCommand | None) -> None:
        """Before a Receive takes anything."""
        if command is None:
            return
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

    async def _silence(self, text: str) -> None:
        silence = self._faults.take(FaultKind.SILENCE, text)
        if silence is not None:
            await asyncio.sleep(silence.seconds or FOREVER_S)
