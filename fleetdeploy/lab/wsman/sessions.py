"""Shells that outlive their client: Disconnect, Reconnect, Connect.

A shell belongs to the client session that made it (wsmv:SessionId) until it is disconnected; then the same session may
reconnect, or any session of the same user may connect. What runs goes on, its output waits. A client that died without
a word still holds its shell until the idle timeout ends it. Sources: MS-WSMV 3.1.4.13 to 3.1.4.15, wsmerror.h, the
recorded exchange in pypsrp's tests (test_psrp_disconnected_commands). Knows no PSRP: that part is ``Shell.connected``.
"""

from __future__ import annotations

import base64
import binascii
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.wsman import soap
from fleetdeploy.lab.wsman.faults import WSManFault
from fleetdeploy.lab.wsman.limits import ServiceLimits
from fleetdeploy.lab.wsman.quotas import MAX_IDLE_TIMEOUT_S

if TYPE_CHECKING:
    from fleetdeploy.lab.wsman.shells import Shell
    from fleetdeploy.lab.wsman.soap import Request

SHELL_DISCONNECTED = 2150859204
DISCONNECT_NOT_SUPPORTED = 2150859205
SESSION_ID_MISMATCH = 2150859206
CONNECTED_TO_DIFFERENT_CLIENT = 2150859213
DISCONNECT_NOT_VALID = 2150859215
CONNECT_NOT_VALID = 2150859216

_CANNOT = "The WS-Management service cannot process the request. "


def _fault(code: int, text: str) -> WSManFault:
    return WSManFault(code, f"{_CANNOT}{text} ", "w:InvalidParameter", sender=True)


def shell_disconnected() -> WSManFault:
    """Of an operation on a shell that nobody holds, and of a Receive that waited when it was let go."""
    return _fault(SHELL_DISCONNECTED, "The shell is disconnected: connect to it before any other operation.")


def must_be_connected(shell: Shell) -> None:
    if shell.disconnected:
        raise shell_disconnected()


def disconnect(request: Request, shell: Shell, limits: ServiceLimits) -> str:
    if shell.kind != "psrp":
        raise _fault(DISCONNECT_NOT_SUPPORTED, "A shell of this kind does not support disconnection.")
    if request.session_id != shell.session_id:
        raise _mismatch()
    if shell.disconnected:
        raise _fault(DISCONNECT_NOT_VALID, "The shell is disconnected already.")
    node = request.body.find(f"{{{soap.RSP}}}Disconnect")
    idle = None if node is None else soap.parse_duration(node.findtext(f"{{{soap.RSP}}}IdleTimeOut") or "")
    if idle is not None:
        check_idle_timeout(idle, limits)
        shell.idle_timeout = idle
    mode = "" if node is None else (node.findtext(f"{{{soap.RSP}}}BufferMode") or "").strip()
    if mode.lower() not in ("", "block"):
        raise NotSimulated(f"WS-Management Disconnect with BufferMode {mode}")
    shell.disconnected = True
    shell.interrupt(shell_disconnected())
    return ""


def reconnect(request: Request, shell: Shell) -> str:
    """By the session that had it. On a shell that this session holds it is no error (recorded)."""
    if request.session_id != shell.session_id:
        if not shell.disconnected:
            raise held()
        raise _mismatch()
    shell.disconnected = False
    return ""


def _mismatch() -> WSManFault:
    return _fault(SESSION_ID_MISMATCH, "The client session of the request is not the one that the shell belongs to.")


def held() -> WSManFault:
    return _fault(CONNECTED_TO_DIFFERENT_CLIENT, "The shell is in use by another client and cannot be connected to.")


def connect(request: Request, shell: Shell) -> str:
    """By any session of the user, first to the shell, then to each command."""
    node = request.body.find(f"{{{soap.RSP}}}Connect")
    if node is None:
        raise WSManFault.schema("no rsp:Connect")
    if node.get("CommandId"):
        must_be_connected(shell)
        shell.find(node.get("CommandId") or "")
        return "<rsp:ConnectResponse/>"
    if shell.kind != "psrp":
        raise _fault(CONNECT_NOT_VALID, "A shell of this kind cannot be connected to.")
    if not shell.disconnected:
        raise held() if request.session_id != shell.session_id else _fault(CONNECT_NOT_VALID, "The shell is connected.")
    text = _opening(node)
    answer = base64.b64encode(shell.connected(text)).decode("ascii")
    shell.session_id, shell.disconnected = request.session_id, False
    return (
        "<rsp:ConnectResponse><rsp:InputStreams>stdin pr</rsp:InputStreams>"
        "<rsp:OutputStreams>stdout</rsp:OutputStreams>"
        f'<connectResponseXml xmlns="{soap.POWERSHELL}">{answer}</connectResponseXml></rsp:ConnectResponse>'
    )


def _opening(node: ET.Element) -> bytes:
    text = node.findtext(f"{{{soap.POWERSHELL}}}connectXml")
    if not text:
        raise WSManFault.schema("no connectXml")
    try:
        return base64.b64decode(text)
    except binascii.Error as error:
        raise WSManFault.schema("connectXml is not base64") from error


def check_idle_timeout(seconds: float, limits: ServiceLimits) -> None:
    if not limits.min_idle_timeout_s <= seconds <= MAX_IDLE_TIMEOUT_S:
        raise WSManFault.idle_timeout_out_of_bounds(seconds, limits.min_idle_timeout_s, MAX_IDLE_TIMEOUT_S)
