"""WS-Management envelopes: reads a request, writes answers and faults.

Decides how the messages look on the wire; knows no shells, hosts or connections. Faults of one kind each are in
``faults.py``; what the operations do is in ``service.py``.
"""

from __future__ import annotations

import re
import uuid
import xml.etree.ElementTree as ET
from dataclasses import dataclass, field
from xml.sax.saxutils import escape, quoteattr

S = "http://www.w3.org/2003/05/soap-envelope"
A = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
W = "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"
P = "http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd"
X = "http://schemas.xmlsoap.org/ws/2004/09/transfer"
N = "http://schemas.xmlsoap.org/ws/2004/09/enumeration"
RSP = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"
CFG = "http://schemas.microsoft.com/wbem/wsman/1/config"
POWERSHELL = "http://schemas.microsoft.com/powershell"
IDENTITY = "http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd"
FAULT = "http://schemas.microsoft.com/wbem/wsman/1/wsmanfault"
WMI_FAULT = "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/MSFT_WmiError"

CREATE = f"{X}/Create"
DELETE = f"{X}/Delete"
GET = f"{X}/Get"
ENUMERATE = f"{N}/Enumerate"
COMMAND = f"{RSP}/Command"
SEND = f"{RSP}/Send"
RECEIVE = f"{RSP}/Receive"
SIGNAL = f"{RSP}/Signal"
DISCONNECT = f"{RSP}/Disconnect"
RECONNECT = f"{RSP}/Reconnect"
CONNECT = f"{RSP}/Connect"
FAULT_ACTION = "http://schemas.dmtf.org/wbem/wsman/1/wsman/fault"

_DURATION = re.compile(
    r"^P(?:(?P<d>\d+)D)?(?:T(?:(?P<h>\d+)H)?(?:(?P<m>\d+)M)?(?:(?P<s>\d+(?:\.\d+)?)S)?)?$",
)


class BadEnvelope(Exception):
    """The body is no WS-Management request (no XML, no header, no action)."""


@dataclass(frozen=True, slots=True)
class Request:
    """One WS-Management request, its header fields already read."""

    action: str
    message_id: str
    resource_uri: str
    body: ET.Element
    operation_timeout: float = 60.0
    max_envelope: int = 153600
    selectors: dict[str, str] = field(default_factory=dict)
    options: dict[str, str] = field(default_factory=dict)
    session_id: str = ""

    @property
    def operation(self) -> str:
        """The last part of the action ("Create", "Receive"): what faults and counters are matched against."""
        return self.action.rsplit("/", 1)[-1]

    @property
    def shell_id(self) -> str:
        return self.selectors.get("ShellId", "").upper()


def parse_duration(text: str) -> float | None:
    """Seconds of an xs:duration ("PT20S", "PT0.500S", "P0DT1H"), None when it is none."""
    match = _DURATION.match(text.strip())
    if match is None:
        return None
    days, hours, minutes, seconds = (float(match[part] or 0) for part in "dhms")
    return ((days * 24 + hours) * 60 + minutes) * 60 + seconds


def duration(seconds: float) -> str:
    return f"PT{seconds:.3f}S"


def parse(data: bytes) -> ET.Element:
    """The root element. Raises BadEnvelope. Entities never reach the parser: a DOCTYPE is refused unread."""
    if b"<!DOCTYPE" in data:
        raise BadEnvelope("a document type declaration")
    try:
        return ET.fromstring(data)  # noqa: S314 - loopback only, DOCTYPE refused above
    except ET.ParseError as error:
        raise BadEnvelope(str(error)) from error


def read_request(root: ET.Element) -> Request:
    header = root.find(f"{{{S}}}Header")
    body = root.find(f"{{{S}}}Body")
    if header is None or body is None:
        raise BadEnvelope("no header or no body")
    action = (header.findtext(f"{{{A}}}Action") or "").strip()
    if not action:
        raise BadEnvelope("no action")
    timeout = parse_duration(header.findtext(f"{{{W}}}OperationTimeout") or "")
    envelope = (header.findtext(f"{{{W}}}MaxEnvelopeSize") or "153600").strip()
    return Request(
        action=action,
        # not stripped: clients compare RelatesTo with what they sent, byte for byte
        message_id=header.findtext(f"{{{A}}}MessageID") or "",
        resource_uri=(header.findtext(f"{{{W}}}ResourceURI") or "").strip(),
        body=body,
        operation_timeout=60.0 if timeout is None else timeout,
        max_envelope=int(envelope) if envelope.isdigit() else 153600,
        selectors={
            node.get("Name", ""): (node.text or "").strip()
            for node in header.iterfind(f"{{{W}}}SelectorSet/{{{W}}}Selector")
        },
        options={
            node.get("Name", ""): (node.text or "").strip()
            for node in header.iterfind(f"{{{W}}}OptionSet/{{{W}}}Option")
        },
        session_id=(header.findtext(f"{{{P}}}SessionId") or "").strip(),
    )


def envelope(action: str, body: str, relates_to: str = "") -> bytes:
    """An answer with the header real hosts write."""
    relates = f"<a:RelatesTo>{escape(relates_to)}</a:RelatesTo>" if relates_to else ""
    return (
        f'<s:Envelope xml:lang="en-US" xmlns:s="{S}" xmlns:a="{A}" xmlns:x="{X}" xmlns:w="{W}" xmlns:rsp="{RSP}" '
        f'xmlns:p="{P}"><s:Header><a:Action>{escape(action)}</a:Action>'
        f"<a:MessageID>uuid:{str(uuid.uuid4()).upper()}</a:MessageID>"
        f"<a:To>{A}/role/anonymous</a:To>{relates}</s:Header><s:Body>{body}</s:Body></s:Envelope>"
    ).encode()


def answer(request: Request, body: str) -> bytes:
    return envelope(request.action + "Response", body, request.message_id)


def shell_xml(values: dict[str, str]) -> str:
    inner = "".join(f"<rsp:{name}>{escape(value)}</rsp:{name}>" for name, value in values.items())
    return f'<rsp:Shell xmlns:rsp="{RSP}">{inner}</rsp:Shell>'


def created(resource_uri: str, shell_id: str, address: str, shell: str) -> str:
    return (
        f"<x:ResourceCreated><a:Address>{escape(address)}</a:Address><a:ReferenceParameters>"
        f"<w:ResourceURI>{escape(resource_uri)}</w:ResourceURI><w:SelectorSet>"
        f'<w:Selector Name="ShellId">{shell_id}</w:Selector></w:SelectorSet></a:ReferenceParameters>'
        f"</x:ResourceCreated>{shell}"
    )


def stream_xml(name: str, command_id: str, data: str, *, end: bool = False) -> str:
    command = f" CommandId={quoteattr(command_id)}" if command_id else ""
    return f'<rsp:Stream Name="{name}"{command}{" End=" + quoteattr("true") if end else ""}>{data}</rsp:Stream>'


def command_state_xml(command_id: str, state: str, exit_code: int | None) -> str:
    code = "" if exit_code is None else f"<rsp:ExitCode>{exit_code & 0xFFFFFFFF}</rsp:ExitCode>"
    return f'<rsp:CommandState CommandId="{command_id}" State="{RSP}/CommandState/{state}">{code}</rsp:CommandState>'
